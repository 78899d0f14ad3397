// Evidence from observations.
#include "search/samplers/evidence.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/number.h"
#include "search/samplers/rank_warp.h"

namespace pegbox {
namespace {

constexpr double kAugmentation = 0.05;

/// Positions of the measured trials that the models see, ascending.
std::vector<std::size_t> select(std::span<const double> losses) {
  std::vector<std::size_t> order(losses.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (order.size() <= kMaxEvidence) return order;
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return losses[i]; });
  std::ranges::sort(order.begin() + kMaxEvidence / 2, order.end(), std::ranges::greater{});
  order.resize(kMaxEvidence);
  std::ranges::sort(order);
  return order;
}

}  // namespace

std::vector<double> encoded_configs(const History& history, std::span<const std::int64_t> trials) {
  const Space& space = history.spec.space;
  std::vector<double> points;
  for (const std::int64_t trial : trials) {
    const auto point = encode(space, space.to_unit(history.trials[static_cast<std::size_t>(trial)].config));
    points.insert(points.end(), point.begin(), point.end());
  }
  return points;
}

std::vector<double> draw_weights(std::size_t objectives, const RngKey& key) {
  if (objectives == 1) return {1.0};
  Rng rng({key.seed, stream_id("objective weights"), key.trial});
  std::vector<double> weights(objectives);
  for (double& weight : weights) weight = -std::log(1 - rng.uniform());
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  for (double& weight : weights) weight /= sum;
  return weights;
}

std::vector<double> scalarize(std::span<const Measured> measured, std::span<const double> weights) {
  std::vector<double> sums(measured.size(), 0.0), largest(measured.size(), -kInfinity);
  if (weights.size() == 1) {
    std::ranges::transform(measured, sums.begin(), [](const Measured& each) { return each.losses.front(); });
    return sums;
  }
  for (std::size_t k = 0; k < weights.size(); ++k) {
    double low = kInfinity, high = -kInfinity;
    for (const Measured& each : measured)
      if (std::isfinite(each.losses[k])) low = std::min(low, each.losses[k]), high = std::max(high, each.losses[k]);
    for (std::size_t i = 0; i < measured.size(); ++i) {
      const double loss = measured[i].losses[k];
      const double scaled = !std::isfinite(loss) ? kInfinity : high > low ? (loss - low) / (high - low) : 0.0;
      const double weighted = scaled == kInfinity ? kInfinity : weights[k] * scaled;
      sums[i] += weighted;
      largest[i] = std::max(largest[i], weighted);
    }
  }
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = largest[i] + kAugmentation * sums[i];
  return sums;
}

Evidence make_evidence(const History& history, const Observations& observations, std::span<const double> weights) {
  Evidence evidence;
  const std::size_t objectives = history.spec.objectives.size();
  const std::vector<double> equal(objectives, 1.0 / static_cast<double>(objectives));
  const std::vector<double> losses = scalarize(observations.measured, weights.empty() ? equal : weights);
  std::vector<std::vector<double>> chosen(weights.empty() ? objectives : 1);
  for (const std::size_t i : select(losses)) {
    const Measured& measured = observations.measured[i];
    evidence.trials.push_back(measured.trial);
    evidence.allowed.push_back(measured.allowed);
    for (std::size_t k = 0; k < chosen.size(); ++k)
      chosen[k].push_back(weights.empty() ? measured.losses[k] : losses[i]);
  }
  for (const std::vector<double>& each : chosen)
    if (!each.empty()) evidence.targets.push_back(rank_warp(each));
  evidence.points = encoded_configs(history, evidence.trials);
  const std::size_t failures = std::min(observations.failed.size(), kMaxEvidence / 2);
  evidence.failed = encoded_configs(history, std::span(observations.failed).last(failures));
  return evidence;
}

}  // namespace pegbox
