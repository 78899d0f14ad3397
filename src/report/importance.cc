// Importance: fANOVA and PED-ANOVA of a study's trials.
#include "report/importance.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/rng.h"
#include "math/fanova.h"
#include "report/ped_anova.h"
#include "search/unit_scale.h"

namespace pegbox {
namespace {

constexpr std::int64_t kMostMarginalPoints = 24;
constexpr double kHardlyMatters = 0.02;    ///< of the variance
constexpr double kFlat = 0.1;              ///< of the way from the best of a marginal to its worst
constexpr std::size_t kManyTrials = 2000;  ///< from which interactions are taken from few trees
constexpr std::size_t kFewTrees = 16;
constexpr double kWorthWords = 0.05;

tl::unexpected<Error> refuse(const History& history, const MetricValues& metric, std::string what, std::string got,
                             std::string expected) {
  return fail(ErrorKind::InvalidInput, {.where = history.spec.name + " " + metric.metric,
                                        .what = std::move(what),
                                        .got = std::move(got),
                                        .expected = std::move(expected)});
}

/// The positions at which a marginal is shown, and the values that stand there.
struct Positions {
  std::vector<double> at;
  std::vector<std::string> values;
};

Positions positions_of(const Parameter& parameter, const Axis& axis, bool is_set) {
  Positions positions;
  const bool is_choice = !parameter.choices.empty();
  const bool by_level = axis.levels > 0 && (is_choice || axis.levels <= kMostMarginalPoints);
  const std::int64_t count = by_level ? axis.levels : kMostMarginalPoints;
  const UnitScale scale = is_choice ? UnitScale() : UnitScale(parameter);
  for (std::int64_t i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const double middle = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    const double unit = by_level && !is_choice ? scale.unit(scale.level(i)) : middle;
    positions.at.push_back(is_set ? static_cast<double>(i) : unit);
    positions.values.push_back(is_choice ? to_text(parameter.choices[index])
                                         : fmt::format("{:.3g}", scale.value(unit)));
  }
  return positions;
}

/// The neighbours of the best point whose means are within a tenth of the way to the worst. Choices have no neighbours.
void find_flat(ParameterImportance& found, bool minimize, bool has_order) {
  const auto& points = found.marginal;
  const auto loss = [&](const MarginalPoint& point) { return minimize ? point.mean : -point.mean; };
  const auto [least, most] = std::ranges::minmax_element(points, {}, loss);
  const double limit = loss(*least) + kFlat * (loss(*most) - loss(*least));
  found.best = least->value;
  if (!has_order) return;
  auto first = least, last = least;
  while (first != points.begin() && loss(*std::prev(first)) <= limit) --first;
  while (std::next(last) != points.end() && loss(*std::next(last)) <= limit) ++last;
  if (first == last) return;
  found.flat_from = first->value;
  found.flat_to = last->value;
}

void add_marginal(ParameterImportance& found, const History& history, const CubePoints& cube,
                  const math::Fanova& fanova, int axis, bool minimize) {
  const Space& space = history.spec.space;
  const Parameter& parameter = *space.find(found.parameter);
  const auto space_axis = std::ranges::find_if(space.axes(), [&](const Axis& each) {
    return &space.parameters()[static_cast<std::size_t>(each.parameter)] == &parameter;
  });
  const bool is_set = cube.axes[static_cast<std::size_t>(axis)].choices > 0;
  const Positions positions = positions_of(parameter, *space_axis, is_set);
  const auto means = fanova.marginal(axis, positions.at);
  for (std::size_t i = 0; i < means.size(); ++i)
    found.marginal.push_back({positions.values[i], means[i].mean, means[i].interval});
  find_flat(found, minimize, !is_set);
}

void add_interactions(MetricImportance& result, const CubePoints& cube, const math::Fanova& fanova) {
  const std::size_t trees = static_cast<std::size_t>(result.trials) > kManyTrials ? kFewTrees : 0;
  for (std::size_t a = 0; a < cube.parameters.size(); ++a)
    for (std::size_t b = a + 1; b < cube.parameters.size(); ++b) {
      const auto share = fanova.interaction(cube.axes_of[a], cube.axes_of[b], trees);
      result.interactions.push_back({cube.parameters[a], cube.parameters[b], share.mean, share.interval});
    }
  std::ranges::stable_sort(result.interactions, std::greater<>(), &Interaction::share);
}

Result<void> add_fanova(MetricImportance& result, const History& history, const MetricValues& metric,
                        const ImportanceOptions& options) {
  const Space& space = history.spec.space;
  const CubePoints cube = CubePoints::of(space, options.coordinates);
  if (cube.parameters.empty())
    return refuse(history, metric, "nothing can matter", "a space in which nothing varies", "a hyperparameter");
  std::vector<double> points, values;
  for (const auto& [trial, value] : metric.values) {
    const auto point = cube.point(space, history.trials[static_cast<std::size_t>(trial)].config);
    points.insert(points.end(), point.begin(), point.end());
    values.push_back(value);
  }
  PEGBOX_TRY(const auto fanova,
             math::Fanova::fit(cube.axes, points, values,
                               {.trees = options.trees, .seed = options.seed, .threads = options.threads}));
  for (std::size_t p = 0; p < cube.parameters.size(); ++p) {
    const auto share = fanova.share(cube.axes_of[p]);
    ParameterImportance found{.parameter = cube.parameters[p], .share = share.mean, .interval = share.interval};
    if (options.coordinates == Coordinates::Cube && cube.axes_of[p].size() == 1)
      add_marginal(found, history, cube, fanova, cube.axes_of[p].front(), metric.minimize);
    result.parameters.push_back(std::move(found));
  }
  add_interactions(result, cube, fanova);
  return {};
}

std::string percent(double share) {
  const double shown = share * 100;
  return shown > 0 && shown < 1 ? fmt::format("{:.1f} %", shown) : fmt::format("{:.0f} %", shown);
}

/// "61 % (50 to 70 %)"
std::string percents(double share, const math::Interval& interval) {
  const std::string low = percent(interval.low);
  return fmt::format("{} ({} to {})", percent(share), low.substr(0, low.size() - 2), percent(interval.high));
}

std::string sentence(const ParameterImportance& of, const MetricImportance& in) {
  const std::string share = percents(of.share, of.interval);
  if (in.method == ImportanceMethod::PedAnova)
    return fmt::format("{} is {} of what tells the best tenth of the trials from the others.", of.parameter, share);
  if (of.share < kHardlyMatters) return fmt::format("{} hardly matters: {} of {}.", of.parameter, share, in.metric);
  std::string text = fmt::format("{} explains {} of {}", of.parameter, share, in.metric);
  if (!of.best.empty()) text += fmt::format("; best at {}", of.best);
  if (!of.flat_from.empty()) text += fmt::format(", and hardly matters between {} and {}", of.flat_from, of.flat_to);
  return text + ".";
}

}  // namespace

std::string_view name_of(ImportanceMethod method) {
  return method == ImportanceMethod::Fanova ? "fanova" : "ped-anova";
}

Result<MetricImportance> importance_of(const History& history, const MetricValues& metric,
                                       const ImportanceOptions& options) {
  MetricValues fitting = metric;
  std::erase_if(fitting.values, [&](const auto& value) {
    return !history.spec.space.contains(history.trials[static_cast<std::size_t>(value.first)].config);
  });
  const auto count = std::ssize(fitting.values);
  if (count < kFewestForImportance)
    return refuse(history, metric, "too few trials to say what matters", std::to_string(count),
                  fmt::format("at least {} that have the metric", kFewestForImportance));
  const auto [least, most] = std::ranges::minmax(fitting.values, {}, [](const auto& value) { return value.second; });
  if (least.second == most.second)
    return refuse(history, metric, "all trials have the same value", fmt::format("{:.6g}", least.second),
                  "a difference");
  MetricImportance result{.metric = metric.metric,
                          .method = options.method,
                          .step = metric.step,
                          .trials = count,
                          .parameters = {},
                          .interactions = {}};
  if (options.method == ImportanceMethod::Fanova)
    PEGBOX_CHECK(add_fanova(result, history, fitting, options));
  else
    result.parameters = ped_anova(history, fitting, options.seed);
  std::ranges::stable_sort(result.parameters, std::greater<>(), &ParameterImportance::share);
  return result;
}

std::vector<std::string> in_words(const MetricImportance& importance) {
  std::vector<std::string> words;
  for (const ParameterImportance& each : importance.parameters) words.push_back(sentence(each, importance));
  for (const Interaction& each : importance.interactions)
    if (each.share >= kWorthWords)
      words.push_back(fmt::format("{} and {} together explain {} more than each alone.", each.first, each.second,
                                  percents(each.share, each.interval)));
  return words;
}

Json to_json(const MetricImportance& importance) {
  const bool is_fanova = importance.method == ImportanceMethod::Fanova;
  Json parameters = Json::array(), interactions = Json::array();
  for (const ParameterImportance& each : importance.parameters) {
    Json entry = {
        {"parameter", each.parameter}, {"share", each.share}, {"low", each.interval.low}, {"high", each.interval.high}};
    if (!is_fanova) entry["divergence"] = each.divergence;
    if (!each.best.empty()) entry["best"] = each.best;
    if (!each.flat_from.empty()) entry["flat"] = {each.flat_from, each.flat_to};
    if (!each.marginal.empty()) entry["marginal"] = Json::array();
    for (const MarginalPoint& point : each.marginal)
      entry["marginal"].push_back(
          {{"value", point.value}, {"mean", point.mean}, {"low", point.interval.low}, {"high", point.interval.high}});
    parameters.push_back(std::move(entry));
  }
  for (const Interaction& each : importance.interactions)
    interactions.push_back({{"parameters", {each.first, each.second}},
                            {"share", each.share},
                            {"low", each.interval.low},
                            {"high", each.interval.high}});
  Json json = {{"metric", importance.metric},
               {"method", name_of(importance.method)},
               {"step", importance.step},
               {"trials", importance.trials},
               {"parameters", std::move(parameters)}};
  if (is_fanova) json["interactions"] = std::move(interactions);
  json["words"] = in_words(importance);
  return json;
}

}  // namespace pegbox
