// Training health: see training_health.h.
#include "report/training_health.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <optional>

#include "math/statistics.h"

namespace pegbox {

namespace {

using Limits = HealthThresholds;
using Points = std::vector<TrainingCurves::Point>;
using Found = std::optional<HealthFinding>;

Points points_of(const Trial& trial, std::string_view metric, double sign = 1) {
  const std::string name(metric), error_name = name + "_error";
  Points points;
  for (const Report& report : trial.reports) {
    const auto found = report.metrics.find(name);
    if (found == report.metrics.end() || !std::isfinite(found->second)) continue;
    const auto error = report.metrics.find(error_name);
    const bool has_error = error != report.metrics.end() && std::isfinite(error->second);
    points.push_back({static_cast<double>(report.step), sign * found->second, has_error ? error->second : 0});
  }
  return points;
}

/// The deviation of a curve's points from a smooth one: second differences have a variance six times theirs. By the
/// median, so that a jump is not taken for noise.
double noise_of(const Points& points) {
  std::vector<double> bends;
  for (std::size_t i = 1; i + 1 < points.size(); ++i)
    bends.push_back(std::abs(points[i - 1].value - 2 * points[i].value + points[i + 1].value));
  constexpr double kMedianOfNormal = 0.6745;
  return bends.size() < 3 ? 0 : math::median(bends) / (kMedianOfNormal * std::sqrt(6.0));
}

const TrainingCurves::Point& lowest(const Points& points) {
  return *std::ranges::min_element(points, {}, &TrainingCurves::Point::value);
}

/// How far a curve fell from its beginning to its lowest point.
double fall_of(const Points& points) { return points.front().value - lowest(points).value; }

/// Whether `later` is above `earlier` by more than chance and a trifle.
bool is_above(const Points& points, const TrainingCurves::Point& later, const TrainingCurves::Point& earlier) {
  const double rise = later.value - earlier.value;
  return rise > 2 * std::hypot(later.error, earlier.error) && rise > 3 * noise_of(points) &&
         rise > Limits::kOfRange * fall_of(points);
}

/// The curve's value at a step, between points on a straight line.
double value_at(const Points& points, double step) {
  const auto after = std::ranges::lower_bound(points, step, {}, &TrainingCurves::Point::step);
  if (after == points.end()) return points.back().value;
  if (after == points.begin()) return points.front().value;
  const auto before = after - 1;
  return before->value + (after->value - before->value) * (step - before->step) / (after->step - before->step);
}

std::string at(double step) { return fmt::format("{:.6g}", step); }

/// The metric's value at a point of `validation`.
std::string show(const TrainingCurves& curves, const TrainingCurves::Point& point) {
  return fmt::format("{:.4g}", curves.sign * point.value);
}

HealthFinding divergence(std::string what) {
  return {"diverged",
          std::move(what),
          {"learning_rate", "warmup_fraction", "clip", "optimizer"},
          "Try a third of the learning_rate, more warmup, or a stricter clip."};
}

Found no_number(const TrainingCurves& curves) {
  if (!curves.has_diverged) return {};
  return divergence("The loss stopped being a number.");
}

Found ended_worse(const TrainingCurves& curves) {
  if (curves.has_diverged) return {};
  // A validation loss may end above its beginning by overfitting alone, so that of training decides where there is one.
  const Points& points = curves.training.size() < Limits::kFewestPoints ? curves.validation : curves.training;
  if (points.size() < Limits::kFewestPoints) return {};
  const auto &first = points.front(), &last = points.back();
  if (!is_above(points, last, first)) return {};
  return divergence(fmt::format("The loss ended worse than it began: {:.4g} at step {}, {:.4g} at step {}.",
                                first.value, at(first.step), last.value, at(last.step)));
}

Found bad_start(const TrainingCurves& curves) {
  if (curves.guess.loss == 0 || curves.largest.empty()) return {};
  const double worst = curves.largest.front().value;
  if (worst < curves.guess.loss + Limits::kWorseThanGuess) return {};
  return HealthFinding{
      "bad-start",
      fmt::format("It began worse than a guess: a loss of {:.4g} before step {}, where equal probabilities of all {} "
                  "give {:.4g} (told from {:g} above).",
                  worst, at(curves.largest.front().step), curves.guess.of, curves.guess.loss, Limits::kWorseThanGuess),
      {"initialization", "initial_deviation", "learning_rate", "warmup_fraction"},
      "Try a smaller initial_deviation (0.02), or, if only the first steps are bad, more warmup. Of a trained model: "
      "its "
      "tokenizer or config may not be its own."};
}

/// How far the worst step of each interval lies above the interval's mean.
Points excesses(const TrainingCurves& curves) {
  Points excesses;
  for (const auto& worst : curves.largest)
    for (const auto& mean : curves.training)
      if (mean.step == worst.step) excesses.push_back({worst.step, worst.value - mean.value});
  return excesses;
}

Found spikes(const TrainingCurves& curves) {
  const Points all = excesses(curves);
  constexpr std::size_t kFall = 2;  // reports in which the loss falls from where it began
  if (all.size() < Limits::kFewestPoints + kFall) return {};
  std::vector<double> sizes;
  for (std::size_t i = kFall; i < all.size(); ++i) sizes.push_back(all[i].value);
  const double usual = math::median(sizes);
  if (usual <= 0) return {};  // intervals of one step, whose worst is their mean: nothing says what is usual
  std::string places;
  for (std::size_t i = kFall; i < all.size(); ++i) {
    const double mean = value_at(curves.training, all[i].step);
    if (all[i].value <= std::max({Limits::kSpike * usual, Limits::kSpikeLoss * std::abs(mean), Limits::kSpikeNats}))
      continue;
    places += fmt::format("{}{:.4g} before step {}", places.empty() ? "" : ", ", all[i].value + mean, at(all[i].step));
  }
  if (places.empty()) return {};
  return HealthFinding{
      "spikes",
      fmt::format("The loss of single steps spiked: {} (more than {:g} times as far above the mean as usual, {:.3g}).",
                  places, Limits::kSpike, usual),
      {"learning_rate", "clip", "spike_deviations", "warmup_fraction"},
      "Try a lower learning_rate, clip 0.5, or spike_deviations 6, which skips such steps."};
}

Found growing_gradients(const TrainingCurves& curves) {
  const Points& points = curves.gradients;
  if (points.size() < Limits::kFewestPoints) return {};
  const auto& least = lowest(points);
  const auto& last = points.back();
  if (!(last.value > Limits::kGradients * least.value)) return {};
  return HealthFinding{
      "growing-gradients",
      fmt::format(
          "Gradients grew: their norm was {:.3g} before step {}, and {:.3g} before step {} (told from {:g} times "
          "on).",
          least.value, at(least.step), last.value, at(last.step), Limits::kGradients),
      {"learning_rate", "weight_decay", "clip"},
      "Try a lower learning_rate, more weight_decay, or a stricter clip."};
}

Found overfitting(const TrainingCurves& curves) {
  const Points& points = curves.validation;
  if (points.size() < Limits::kFewestPoints) return {};
  const auto &least = lowest(points), &last = points.back();
  const bool has_training = curves.training.size() >= Limits::kFewestPoints;
  if (!is_above(points, last, least) || (!has_training && last.value > points.front().value)) return {};
  std::string training;
  if (has_training) {
    const double then = value_at(curves.training, least.step), now = curves.training.back().value;
    if (now >= then) return {};  // both rise: that is no overfitting
    training = fmt::format(" while train_loss fell from {:.4g} to {:.4g}", then, now);
  }
  return HealthFinding{
      "overfitting",
      fmt::format("{} worsened from {} at step {} to {} at step {}{}.", curves.metric, show(curves, least),
                  at(least.step), show(curves, last), at(last.step), training),
      {"epochs", "early_stop", "restore_best", "dropout", "weight_decay", "rank"},
      fmt::format("Try an end near step {}, restore_best, dropout 0.1, more data, or fewer trained parameters.",
                  at(least.step))};
}

Found plateau(const TrainingCurves& curves) {
  const Points& points = curves.validation;
  if (points.size() < Limits::kFewestPoints + 1) return {};
  const double middle = (points.front().step + points.back().step) / 2;
  Points half;
  for (const auto& point : points)
    if (point.step <= middle) half.push_back(point);
  if (half.empty()) return {};
  const auto &then = lowest(half), &now = lowest(points);
  const double gain = then.value - now.value;
  if (gain > Limits::kPlateau * fall_of(points)) return {};
  return HealthFinding{
      "plateau",
      fmt::format(
          "{} has made no progress since step {}: {} then, {} at best since (told below {:g} % of all progress in "
          "the second half).",
          curves.metric, at(then.step), show(curves, then), show(curves, now), 100 * Limits::kPlateau),
      {"tokens", "epochs", "learning_rate", "schedule", "layers", "width", "rank"},
      "Try a shorter run, another learning_rate, or a larger model or rank."};
}

Found slow(const TrainingCurves& curves) {
  const Points& points = curves.validation;
  if (points.size() < Limits::kFewestPoints || !curves.is_done || fall_of(points) <= 0) return {};
  const double begin = points.front().step, end = points.back().step;
  const double late = value_at(points, end - (end - begin) / 4) - points.back().value, share = late / fall_of(points);
  if (share < Limits::kLateProgress) return {};
  constexpr double kMost = 0.5;
  return HealthFinding{
      "slow",
      fmt::format(
          "It was still falling when it ended: {:.0f} % of all progress in {} was made in the last quarter (told "
          "from {:g} % on; a straight line makes 25 %).",
          100 * std::min(1.0, share), curves.metric, 100 * Limits::kLateProgress),
      {"learning_rate", "tokens", "epochs", "warmup_fraction"},
      share < kMost ? "Try three times the learning_rate, or a longer run."
                    : "Try a longer run; or, if the loss stood still until the rate decayed, a lower learning_rate."};
}

Found ended_early(const TrainingCurves& curves) {
  if (!curves.is_done || curves.length == 0 || curves.validation.empty()) return {};
  const double end = curves.validation.back().step;
  constexpr double kWhole = 0.98;
  if (end >= kWhole * curves.length) return {};
  return HealthFinding{
      "unfinished-decay",
      fmt::format("It ended at step {} of {}: a schedule that decays to its end had not decayed.", at(end),
                  at(curves.length)),
      {"early_stop", "schedule", "tokens", "epochs"},
      fmt::format("Try a run that is {} steps long from the beginning, whose rate decays by then.", at(end))};
}

/// The trials' learning rates with their losses where they all were, the best first.
struct RatedTrial {
  std::int64_t trial = 0;
  double rate = 0, loss = 0;
};

/// Its loss at a step, as the search minimizes it.
std::optional<double> loss_at(const History& history, const Trial& trial, std::int64_t step) {
  const Objective& objective = history.spec.objectives.front();
  const auto value = trial.metric_at(objective.metric, step);
  if (!value || !std::isfinite(*value) || trial.step < step) return {};
  return objective.sign() * *value;
}

std::vector<RatedTrial> rated_trials(const History& history, std::int64_t step) {
  std::vector<RatedTrial> rated;
  for (const Trial& trial : history.trials) {
    const Value* const rate = trial.config.find("learning_rate");
    if (rate == nullptr || !is_number(*rate) || !(as_number(*rate) > 0)) continue;
    if (const auto loss = loss_at(history, trial, step)) rated.push_back({trial.number, as_number(*rate), *loss});
  }
  std::ranges::sort(rated, {}, &RatedTrial::loss);
  return rated;
}

/// A field of the built-in trainer as the study sets it for all trials; null: it does not, or something else trains.
Json field_of(const StudySpec& spec, const char* name) {
  const Json trainer = spec.trial.value("trainer", Json::object());
  return trainer.contains(name) ? trainer[name] : Json();
}

/// Whether a trial's training loss is mixed with the distance from a teacher, so that an even guess has another.
bool is_taught(const StudySpec& spec, const Trial& trial) {
  const Value* const own = trial.config.find("distill_weight");
  if (own != nullptr) return is_number(*own) && as_number(*own) > 0;
  double weight = 0;
  return read_json_number(field_of(spec, "distill_weight"), weight) && weight > 0;
}

EvenGuess guess_of(const History& history, const Trial& trial, const Json& described) {
  if (is_taught(history.spec, trial)) return {};
  const bool classifies = field_of(history.spec, "task") == "classify";
  const std::string number_name = classifies ? "classes" : "vocabulary";
  double number = 0;
  if (described.contains(number_name)) read_json_number(described[number_name], number);
  return {.loss = number > 1 ? std::log(number) : 0, .of = classifies ? "classes" : "tokens"};
}

std::string why_unjudged(const TrainingCurves& curves) {
  if (curves.has_stages)
    return "its data are a stream, and at each of its sets losses and gradients jump and begin anew";
  if (curves.validation.size() >= Limits::kFewestPoints || curves.has_diverged) return "";
  return fmt::format("it has {} report{} of {}, and a curve needs {}", curves.validation.size(),
                     curves.validation.size() == 1 ? "" : "s", curves.metric, Limits::kFewestPoints);
}

}  // namespace

TrainingCurves curves_of(const History& history, const Trial& trial, const Json& described) {
  const Objective& objective = history.spec.objectives.front();
  const bool has_loss = !points_of(trial, "validation_loss").empty();
  const std::string metric = has_loss ? "validation_loss" : objective.metric;
  TrainingCurves curves{.metric = metric,
                        .validation = points_of(trial, metric, has_loss ? 1 : objective.sign()),
                        .training = points_of(trial, "train_loss"),
                        .largest = points_of(trial, "largest_loss"),
                        .gradients = points_of(trial, "gradient_norm"),
                        .sign = has_loss ? 1 : objective.sign(),
                        .guess = guess_of(history, trial, described),
                        .length = static_cast<double>(history.steps),
                        .has_stages = field_of(history.spec, "data").contains("stream"),
                        .is_done = trial.state == TrialState::Done,
                        .has_diverged = trial.failure == FailureKind::Diverged};
  for (const Report& report : trial.reports)
    for (const std::string& name : {metric, std::string("train_loss")})
      if (const auto found = report.metrics.find(name); found != report.metrics.end())
        curves.has_diverged = curves.has_diverged || !std::isfinite(found->second);
  return curves;
}

std::vector<HealthFinding> health_of(const TrainingCurves& curves) {
  std::vector<HealthFinding> findings;
  const auto look = [&](std::initializer_list<Found (*)(const TrainingCurves&)> finders) {
    for (const auto find : finders)
      if (auto found = find(curves)) findings.push_back(*std::move(found));
  };
  if (curves.has_stages) {
    look({no_number, bad_start});
    return findings;
  }
  look({no_number, ended_worse, bad_start, spikes, growing_gradients, overfitting});
  if (findings.empty()) look({plateau, slow});  // of what is broken, the shape says nothing more
  look({ended_early});
  return findings;
}

std::vector<HealthFinding> rate_health(const History& history, const Trial& trial) {
  const Value* const own = trial.config.find("learning_rate");
  if (own == nullptr || !is_number(*own) || history.spec.objectives.empty()) return {};
  const auto rated = rated_trials(history, trial.step);
  const std::size_t quarter = rated.size() / 4;
  const auto place = std::ranges::find(rated, trial.number, &RatedTrial::trial);
  if (quarter < 3 || place == rated.end() || static_cast<std::size_t>(place - rated.begin()) < rated.size() / 2)
    return {};
  const auto best = std::ranges::minmax_element(rated.begin(), rated.begin() + static_cast<std::ptrdiff_t>(quarter), {},
                                                &RatedTrial::rate);
  const double rate = place->rate, low = best.min->rate, high = best.max->rate;
  const bool is_high = rate > Limits::kRateFactor * high, is_low = rate < low / Limits::kRateFactor;
  if (!is_high && !is_low) return {};
  return {
      {is_high ? "rate-too-high" : "rate-too-low",
       fmt::format("Its learning_rate of {:.3g} is {} those of the best quarter of {} trials at step {}, {:.3g} to "
                   "{:.3g}; it is number {} among them.",
                   rate, is_high ? "above" : "below", rated.size(), trial.step, low, high, place - rated.begin() + 1),
       {"learning_rate"},
       fmt::format("Try {:.3g} to {:.3g}.", low, high)}};
}

std::vector<TrialHealth> study_health(const History& history, const Json& described) {
  std::vector<TrialHealth> all;
  for (const Trial& trial : history.trials) {
    if (trial.reports.empty() && trial.failure != FailureKind::Diverged) continue;
    const TrainingCurves curves = curves_of(history, trial, described);
    TrialHealth health{trial.number, health_of(curves), why_unjudged(curves)};
    for (HealthFinding& finding : rate_health(history, trial)) health.findings.push_back(std::move(finding));
    all.push_back(std::move(health));
  }
  return all;
}

Json to_json(const std::vector<TrialHealth>& health) {
  Json all = Json::array();
  for (const TrialHealth& trial : health) {
    Json json = {{"trial", trial.trial}, {"findings", Json::array()}};
    for (const HealthFinding& finding : trial.findings)
      json["findings"].push_back(
          {{"name", finding.name}, {"what", finding.what}, {"bears_on", finding.bears_on}, {"try", finding.hint}});
    if (!trial.unjudged.empty()) json["unjudged"] = trial.unjudged;
    all.push_back(std::move(json));
  }
  return all;
}

}  // namespace pegbox
