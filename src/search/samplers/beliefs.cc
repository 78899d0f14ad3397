// Beliefs: which trials the models see, and draws of the models.
#include "search/samplers/beliefs.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "base/number.h"
#include "math/normal_mixture.h"
#include "search/samplers/evidence.h"
#include "search/samplers/rank_warp.h"
#include "search/samplers/surrogate.h"

namespace pegbox {
namespace {

constexpr double kNoNoise = 1e-10;         ///< variance of standardized results that do not depend on the seed
constexpr math::NoisePrior kNoise{-3, 2};  ///< one standard deviation: 0.08 to 0.6 of the results' spread
constexpr int kStepsEach = 4;
constexpr std::size_t kMostLeft = 25;  ///< draws that the second chain begins with and that do not count
constexpr double kFitted = 4;  ///< degrees of freedom that the fit takes, beside the mean: signal, noise, length scales

/// Where all is noise: half of the results' variance is, and the rest hardly changes over the space.
math::Hyperparameters all_noise(std::size_t dimensions) {
  const double length = std::exp(std::numbers::sqrt2 + 0.5 * std::log(static_cast<double>(dimensions)));
  return {.length_scales = std::vector<double>(dimensions, length), .signal_variance = 0.5, .noise_variance = 0.5};
}

/// Measured trials as a model wants them.
struct Seen {
  std::vector<std::size_t> places;  ///< in observations.measured, ascending
  std::vector<double> points;       // [n, d]
  std::vector<double> targets;      // [n]
};

double loss_at(const Observations& observations, std::size_t place) {
  return observations.measured[place].losses.front();
}

/// Numbers of the trials at places in observations.measured.
std::vector<std::int64_t> trials_at(const Observations& observations, std::span<const std::size_t> places) {
  std::vector<std::int64_t> trials;
  for (const std::size_t place : places) trials.push_back(observations.measured[place].trial);
  return trials;
}

Seen see(const History& history, const Observations& observations, std::vector<std::size_t> places) {
  Seen seen{.places = std::move(places)};
  seen.points = encoded_configs(history, trials_at(observations, seen.places));
  std::vector<double> losses;
  for (const std::size_t place : seen.places) losses.push_back(loss_at(observations, place));
  seen.targets = rank_warp(losses);
  return seen;
}

std::vector<std::size_t> evenly(std::size_t count, std::size_t of) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < count; ++i) places.push_back(i * of / count);
  return places;
}

std::size_t lowest_of(const Observations& observations) {
  const auto lowest = std::ranges::min_element(observations.measured, {}, [](const Measured& each) {
    return std::isfinite(each.losses.front()) ? each.losses.front() : kInfinity;
  });
  return static_cast<std::size_t>(lowest - observations.measured.begin());
}

using Draws = std::vector<math::Hyperparameters>;

/// Half of the draws from the best hyperparameters on, half from where all is noise, without the first n / 2 of these:
/// the more there is to learn from, the longer the chain has to find it.
Result<Draws> draw(const std::vector<math::Dimension>& dimensions, const Seen& seen, int count) {
  PEGBOX_TRY(const auto best, math::GaussianProcess::fit(dimensions, seen.points, seen.targets, {.noise = kNoise}));
  const int noisy = count / 2, first = static_cast<int>(std::min(seen.targets.size() / 2, kMostLeft));
  const auto chain = [&](const math::Hyperparameters& start, int length) {
    return math::GaussianProcess::sample(dimensions, seen.points, seen.targets, start,
                                         {.count = length, .steps_each = kStepsEach, .noise = kNoise});
  };
  PEGBOX_TRY(Draws draws, chain(best.hyperparameters(), count - noisy));
  PEGBOX_TRY(const Draws more, chain(all_noise(dimensions.size()), first + noisy));
  draws.insert(draws.end(), more.end() - noisy, more.end());
  return draws;
}

/// Mean square of the errors with which the model predicts each of its results from the others, each in standard
/// deviations of that prediction. With v the latent variance at a result and s^2 the noise, r its residual: leaving it
/// out, the error is r / (1 - v / s^2) and its variance s^2 / (1 - v / s^2) (Rasmussen and Williams, "Gaussian
/// processes for machine learning", 2006, eq. 5.12).
double left_out_score(const math::GaussianProcess& model, const Seen& seen) {
  const double noise = model.noise_variance();
  const auto predictions = model.predict_all(seen.points);
  double sum = 0;
  for (std::size_t i = 0; i < predictions.size(); ++i) {
    const double residual = seen.targets[i] - predictions[i].mean;
    sum += residual * residual / (noise * std::max(1e-9, 1 - predictions[i].variance / noise));
  }
  return sum / static_cast<double>(predictions.size());
}

/// What makes Student's intervals of normal ones: of their variance.
double student_widening(std::size_t results) {
  const double ratio = math::student_width_ratio(std::max(2.0, static_cast<double>(results) - 1 - kFitted));
  return ratio * ratio;
}

/// As kMostModelled says.
Result<std::vector<std::size_t>> choose(const History& history, const Observations& observations) {
  const std::size_t n = observations.measured.size();
  if (n <= kMostModelled) return evenly(n, n);
  const std::size_t lowest = lowest_of(observations);
  std::vector<std::size_t> chosen = evenly(kMostModelled / 2, n);
  if (std::ranges::none_of(chosen, [&](std::size_t i) { return std::isfinite(loss_at(observations, i)); }))
    chosen.push_back(lowest), std::ranges::sort(chosen);
  const Seen first = see(history, observations, chosen);
  PEGBOX_TRY(const auto model, math::GaussianProcess::fit(dimensions_of(history.spec.space), first.points,
                                                          first.targets, {.noise = kNoise}));
  const std::vector<std::size_t> asked = evenly(std::min(n, kMostPredicted), n);
  const std::vector<double> means = model.mean_all(encoded_configs(history, trials_at(observations, asked)));
  std::vector<std::size_t> order(asked.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return means[i]; });
  std::vector<bool> taken(n, false);
  for (const std::size_t i : chosen) taken[i] = true;
  taken[lowest] = true;
  std::size_t count = static_cast<std::size_t>(std::ranges::count(taken, true));
  for (const std::size_t i : order) {
    if (count >= kMostModelled) break;
    if (!taken[asked[i]]) taken[asked[i]] = true, ++count;
  }
  chosen.clear();
  for (std::size_t i = 0; i < n; ++i)
    if (taken[i]) chosen.push_back(i);
  return chosen;
}

}  // namespace

Result<Beliefs> Beliefs::form(const History& history, const Observations& observations, const BeliefOptions& options) {
  if (observations.measured.empty() || !std::isfinite(loss_at(observations, lowest_of(observations))))
    return fail(ErrorKind::InvalidInput, {.where = history.spec.name, .what = "no trial has a finite result"});
  PEGBOX_TRY(auto places, choose(history, observations));
  const Seen seen = see(history, observations, std::move(places));
  const auto dimensions = dimensions_of(history.spec.space);
  PEGBOX_TRY(auto draws, draw(dimensions, seen, options.draws));
  Beliefs beliefs;
  beliefs.trials_ = trials_at(observations, seen.places);
  const double student = student_widening(seen.targets.size());
  for (math::Hyperparameters& each : draws) {
    if (options.no_luck) each.noise_variance = kNoNoise;
    PEGBOX_TRY(auto model, math::GaussianProcess::with(dimensions, seen.points, seen.targets, std::move(each)));
    const double score = options.no_luck ? 1.0 : std::max(1.0, left_out_score(model, seen));
    beliefs.widening_.push_back(score * student);
    beliefs.models_.push_back(std::move(model));
  }
  return beliefs;
}

double Beliefs::noise_variance() const {
  double sum = 0;
  for (const math::GaussianProcess& model : models_) sum += model.noise_variance();
  return sum / static_cast<double>(models_.size());
}

std::vector<double> Beliefs::means(std::span<const double> points) const {
  std::vector<double> sums;
  for (const math::GaussianProcess& model : models_) {
    const auto means = model.mean_all(points);
    sums.resize(means.size());
    for (std::size_t i = 0; i < means.size(); ++i) sums[i] += means[i] / static_cast<double>(models_.size());
  }
  return sums;
}

std::vector<math::JointPrediction> Beliefs::predict_jointly(std::span<const double> points) const {
  std::vector<math::JointPrediction> predictions;
  for (std::size_t i = 0; i < models_.size(); ++i) {
    predictions.push_back(models_[i].predict_jointly(points));
    for (double& covariance : predictions.back().covariances) covariance *= widening_[i];
  }
  return predictions;
}

}  // namespace pegbox
