// Source trials: the configurations of earlier studies that are tried first.
#include "search/source_trials.h"

#include <algorithm>
#include <numeric>

#include "base/number.h"

namespace pegbox {
namespace {

/// Sum of the ranks over the objectives that the source measures; a trial without one of them is last in it.
std::vector<double> rank_sums(const event::SourceAdded& source, std::span<const Objective> objectives) {
  std::vector<double> sums(source.trials.size(), 0.0);
  for (const Objective& objective : objectives) {
    std::vector<double> losses;
    for (const event::SourceTrial& trial : source.trials) {
      const auto value = trial.metrics.find(objective.metric);
      losses.push_back(value == trial.metrics.end() ? kInfinity : objective.sign() * value->second);
    }
    std::vector<double> sorted(losses);
    std::ranges::sort(sorted);
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] += static_cast<double>(std::ranges::lower_bound(sorted, losses[i]) - sorted.begin());
  }
  return sums;
}

/// The source's values, each the nearest that the space has; those of hyperparameters that the space does not have
/// active with the others are left out.
Config within(const Space& space, const Config& config) {
  const Config snapped = space.from_unit(space.to_unit(config).at);
  Config within;
  for (const auto& [name, value] : config)
    if (const Value* nearest = snapped.find(name)) within.set(name, *nearest);
  return within;
}

}  // namespace

std::vector<std::vector<SourceConfig>> best_of_sources(const History& history) {
  std::vector<std::vector<SourceConfig>> all;
  for (const event::SourceAdded& source : history.sources.first(std::min(kMostTriedSources, history.sources.size()))) {
    const auto sums = rank_sums(source, history.spec.objectives);
    std::vector<std::size_t> order(sums.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return sums[i]; });
    std::vector<SourceConfig>& configs = all.emplace_back();
    for (const std::size_t i : order)
      configs.push_back({source.study, source.trials[i].trial, within(history.spec.space, source.trials[i].config)});
  }
  return all;
}

}  // namespace pegbox
