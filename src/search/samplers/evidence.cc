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

std::vector<double> point_of(const History& history, std::int64_t trial) {
  const Space& space = history.spec.space;
  return encode(space, space.to_unit(history.trials[static_cast<std::size_t>(trial)].config));
}

void append(std::vector<double>& to, const std::vector<double>& from) { to.insert(to.end(), from.begin(), from.end()); }

}  // namespace

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
    append(evidence.points, point_of(history, measured.trial));
    for (std::size_t k = 0; k < chosen.size(); ++k)
      chosen[k].push_back(weights.empty() ? measured.losses[k] : losses[i]);
  }
  for (const std::vector<double>& each : chosen)
    if (!each.empty()) evidence.targets.push_back(rank_warp(each));
  const std::size_t failures = std::min(observations.failed.size(), kMaxEvidence / 2);
  for (std::size_t i = observations.failed.size() - failures; i < observations.failed.size(); ++i)
    append(evidence.failed, point_of(history, observations.failed[i]));
  return evidence;
}

}  // namespace pegbox
