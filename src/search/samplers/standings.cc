// Standings: the configurations of a study by what is to be expected of them.
#include "search/samplers/standings.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "math/normal.h"
#include "math/normal_mixture.h"
#include "search/samplers/design.h"
#include "search/samplers/evidence.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

constexpr std::size_t kMostRanked = 20;
constexpr std::size_t kMostSampled = 128;  ///< observations; with more, the best hyperparameters alone serve as well
constexpr math::SampleOptions kDraws{.count = 32, .steps_each = 4};
constexpr double kNoNoise = 1e-10;  ///< variance of standardized results that do not depend on the seed

tl::unexpected<Error> fail_standings(const History& history, std::string what, std::string got, std::string expected) {
  return fail(
      ErrorKind::InvalidInput,
      {.where = history.spec.name, .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

/// Trials by configuration, in the order of their first trial; in each the best result first.
std::vector<std::vector<std::int64_t>> by_configuration(const History& history) {
  std::map<std::string, std::size_t> places;
  std::vector<std::vector<std::int64_t>> groups;
  for (const std::int64_t number : comparable_trials(history)) {
    const Trial& trial = history.trials[static_cast<std::size_t>(number)];
    if (!history.spec.space.contains(trial.config)) continue;
    const auto [place, is_new] = places.emplace(config_key(trial.config), groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(number);
  }
  for (auto& group : groups)
    std::ranges::stable_sort(group, {}, [&](std::int64_t number) {
      return *loss_of(history, history.trials[static_cast<std::size_t>(number)]);
    });
  return groups;
}

const Config& config_of(const History& history, const std::vector<std::int64_t>& group) {
  return history.trials[static_cast<std::size_t>(group.front())].config;
}

/// The group of the default configuration; nothing if it was not tried.
std::optional<std::size_t> default_group(const History& history, std::span<const std::vector<std::int64_t>> groups) {
  const auto ran = [&](std::int64_t number) {
    return std::ranges::find_if(groups,
                                [&](const auto& group) { return std::ranges::find(group, number) != group.end(); });
  };
  for (const Trial& trial : history.trials)
    if (trial.reason.is_object() && trial.reason.value("by", Json()) == "try_first")
      if (const auto found = ran(trial.number); found != groups.end())
        return static_cast<std::size_t>(found - groups.begin());
  if (!history.spec.space.has_prior()) return std::nullopt;
  const std::string key = config_key(prior_mode(history.spec.space));
  const auto found =
      std::ranges::find(groups, key, [&](const auto& group) { return config_key(config_of(history, group)); });
  if (found == groups.end()) return std::nullopt;
  return static_cast<std::size_t>(found - groups.begin());
}

/// The loss at some configurations, by several models with equal weights.
struct Beliefs {
  std::vector<math::JointPrediction> models;
  double noise_variance = 0;  ///< their mean

  std::vector<math::Prediction> at(std::size_t i) const {
    std::vector<math::Prediction> predictions;
    for (const auto& [means, covariances] : models)
      predictions.push_back({means[i], covariances[i * means.size() + i]});
    return predictions;
  }
  double mean(std::size_t i) const {
    double sum = 0;
    for (const auto& model : models) sum += model.means[i];
    return sum / static_cast<double>(models.size());
  }
  /// P(loss at i < loss at k)
  double less(std::size_t i, std::size_t k) const {
    std::vector<math::Prediction> differences;
    for (const auto& [means, covariances] : models) {
      const std::size_t m = means.size();
      const double variance = covariances[i * m + i] + covariances[k * m + k] - 2 * covariances[i * m + k];
      differences.push_back({means[i] - means[k], std::max(0.0, variance)});
    }
    return math::mixture_cdf(differences, 0);
  }
};

Result<Beliefs> believe(const History& history, const Observations& observations,
                        std::span<const std::vector<std::int64_t>> groups) {
  const Space& space = history.spec.space;
  const auto dimensions = dimensions_of(space);
  const double weight = 1;
  const Evidence evidence = make_evidence(history, observations, {&weight, 1});
  PEGBOX_TRY(const auto best, math::GaussianProcess::fit(dimensions, evidence.points, evidence.targets));
  std::vector<math::Hyperparameters> draws{best.hyperparameters()};
  if (evidence.targets.size() <= kMostSampled) {
    PEGBOX_TRY(draws,
               math::GaussianProcess::sample(dimensions, evidence.points, evidence.targets, draws.front(), kDraws));
  }
  std::vector<double> points;
  for (const auto& group : groups) {
    const auto point = encode(space, space.to_unit(config_of(history, group)));
    points.insert(points.end(), point.begin(), point.end());
  }
  const bool no_luck = ignores_seeds(history);
  Beliefs beliefs;
  for (math::Hyperparameters& each : draws) {
    if (no_luck) each.noise_variance = kNoNoise;
    PEGBOX_TRY(const auto process, math::GaussianProcess::with(dimensions, evidence.points, evidence.targets, each));
    beliefs.models.push_back(process.predict_jointly(points));
    beliefs.noise_variance += process.noise_variance() / static_cast<double>(draws.size());
  }
  return beliefs;
}

RankedConfig standing_of(const std::vector<std::int64_t>& trials, const std::vector<math::Prediction>& losses,
                         double mean, double sign) {
  constexpr double kTail = (1 - kStandingsConfidence) / 2;
  double low = sign * math::mixture_quantile(losses, kTail), high = sign * math::mixture_quantile(losses, 1 - kTail);
  if (low > high) std::swap(low, high);
  return {trials, sign * mean, {low, high}};
}

}  // namespace

bool ignores_seeds(const History& history) {
  std::map<std::string, double> losses;
  bool repeated = false;
  for (const std::int64_t number : history.in_state(TrialState::Done)) {
    const Trial& trial = history.trials[static_cast<std::size_t>(number)];
    const auto loss = loss_of(history, trial);
    if (!loss) continue;
    const auto [known, is_new] = losses.emplace(config_key(trial.config), *loss);
    if (!is_new && known->second != *loss) return false;
    repeated = repeated || !is_new;
  }
  return repeated;
}

Result<Standings> standings(const History& history) {
  if (history.spec.objectives.size() > 1)
    return fail_standings(history, "there is no single best trial", "several objectives", "one");
  if (history.spec.space.dimensions() == 0)
    return fail_standings(history, "nothing varies in this space", "no axis", "at least one");
  const auto best_result = best_trial(history);
  if (!best_result) return fail_standings(history, "no trial can be compared", "0", "at least 1");
  if (!history.spec.space.contains(history.trials[static_cast<std::size_t>(*best_result)].config))
    return fail_standings(history, "the best result lies outside the present space",
                          "trial " + std::to_string(*best_result), "a trial of this space");
  const Observations observations = observe(history, history.trials);
  const auto finite = std::ranges::count_if(observations.measured,
                                            [](const Measured& each) { return std::isfinite(each.losses.front()); });
  if (finite < static_cast<std::ptrdiff_t>(kFewestForStandings))
    return fail_standings(history, "too few trials have ended with a result", std::to_string(finite),
                          "at least " + std::to_string(kFewestForStandings));
  const auto groups = by_configuration(history);
  PEGBOX_TRY(const Beliefs beliefs, believe(history, observations, groups));

  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return beliefs.mean(i); });
  const double sign = history.spec.objective().sign();
  Standings found;
  found.results = static_cast<std::size_t>(finite);
  found.noise = std::sqrt(beliefs.noise_variance);
  for (std::size_t i = 0; i < std::min(order.size(), kMostRanked); ++i)
    found.ranked.push_back(standing_of(groups[order[i]], beliefs.at(order[i]), beliefs.mean(order[i]), sign));
  const std::size_t best = order.front();
  if (order.size() > 1) found.runner_up = Rival{groups[order[1]].front(), beliefs.less(best, order[1])};
  const auto choice = default_group(history, groups);
  found.best_is_default = choice == best;
  if (choice && *choice != best) found.default_choice = Rival{groups[*choice].front(), beliefs.less(best, *choice)};
  return found;
}

}  // namespace pegbox
