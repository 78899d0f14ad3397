// Observations: what a history tells about the loss at configurations.
#include "search/samplers/observations.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>

#include "base/number.h"
#include "math/statistics.h"

namespace pegbox {
namespace {

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();  ///< the level of trials that ran to their end
constexpr std::size_t kMaxLevels = 24;  ///< more (trials ended by hand, anywhere) are thinned out

/// Steps where trials ended early or wait, and kEnd if some trial is done; ascending.
std::vector<std::int64_t> find_levels(std::span<const Trial> trials) {
  std::set<std::int64_t> steps;
  for (const Trial& trial : trials) {
    if (trial.state == TrialState::Done) steps.insert(kEnd);
    const bool waits = trial.state == TrialState::Stopped || trial.state == TrialState::Paused;
    if (waits && !trial.reports.empty()) steps.insert(trial.step);
  }
  std::vector<std::int64_t> levels(steps.begin(), steps.end());
  if (levels.size() <= kMaxLevels) return levels;
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < kMaxLevels; ++i) kept.push_back(levels[i * (levels.size() - 1) / (kMaxLevels - 1)]);
  return kept;
}

/// The highest level that the trial has come to; nothing if it has come to none.
std::optional<std::size_t> level_of(const Trial& trial, std::span<const std::int64_t> levels) {
  const std::int64_t come_to = trial.state == TrialState::Done ? kEnd : trial.reports.empty() ? -1 : trial.step;
  const auto above = std::ranges::upper_bound(levels, come_to);
  if (above == levels.begin()) return std::nullopt;
  return static_cast<std::size_t>(above - levels.begin()) - 1;
}

/// One objective's losses of the trials at the levels.
class Carrier {
 public:
  Carrier(const History& history, std::span<const Trial> trials, std::span<const std::int64_t> levels,
          std::size_t objective)
      : goal_(history.spec.objectives[objective]), trials_(trials), levels_(levels) {
    to_end_.assign(levels.size(), 0.0);
    for (std::size_t level = levels.size(); level-- > 1;) to_end_[level - 1] = to_end_[level] + drop(level - 1, level);
  }

  /// At full length; infinity if it is not finite, nothing if there is none.
  std::optional<double> loss(const Trial& trial, std::size_t level) const {
    const auto own = at_level(trial, level);
    if (!own) return std::nullopt;
    return std::isfinite(*own) ? *own + to_end_[level] : kInfinity;
  }

 private:
  std::optional<double> at_level(const Trial& trial, std::size_t level) const {
    const auto value =
        levels_[level] == kEnd ? trial.metric(goal_.metric) : trial.metric_at(goal_.metric, levels_[level]);
    if (!value) return std::nullopt;
    return goal_.sign() * *value;
  }

  double drop(std::size_t from, std::size_t to) const {
    std::vector<double> drops, befores, afters;
    for (const Trial& trial : trials_) {
      const auto reached = level_of(trial, levels_);
      if (!reached || *reached < from) continue;
      const auto before = at_level(trial, from);
      const auto after = *reached >= to ? at_level(trial, to) : std::nullopt;
      if (before && std::isfinite(*before)) befores.push_back(*before);
      if (after && std::isfinite(*after)) afters.push_back(*after);
      if (before && after && std::isfinite(*after - *before)) drops.push_back(*after - *before);
    }
    if (!drops.empty()) return math::median(drops);
    if (befores.empty() || afters.empty()) return 0;
    return math::median(afters) - math::median(befores);
  }

  const Objective& goal_;
  std::span<const Trial> trials_;
  std::span<const std::int64_t> levels_;
  std::vector<double> to_end_;  // [levels]
};

bool is_unfinished(const Trial& trial) { return !is_final(trial.state); }

/// Losses of all objectives; empty if one is missing.
std::vector<double> losses_of(const Trial& trial, std::span<const Carrier> carriers,
                              std::span<const std::int64_t> levels) {
  std::vector<double> losses;
  const bool diverged = trial.state == TrialState::Failed && trial.failure == FailureKind::Diverged;
  if (diverged) return std::vector<double>(carriers.size(), kInfinity);
  if (trial.state == TrialState::Failed || trial.state == TrialState::Infeasible) return {};
  const auto level = level_of(trial, levels);
  if (!level) return {};
  for (const Carrier& carrier : carriers) {
    const auto loss = carrier.loss(trial, *level);
    if (!loss) return {};
    losses.push_back(*loss);
  }
  return losses;
}

bool is_allowed(const History& history, const Trial& trial) {
  if (history.constraints.empty() || trial.state != TrialState::Done) return true;
  const auto violated = history.constraints.violated_by(trial.config, trial.metrics);
  return violated && !*violated;
}

}  // namespace

bool Observations::has_finite() const {
  return std::ranges::any_of(measured, [](const Measured& each) {
    return std::ranges::all_of(each.losses, [](double loss) { return std::isfinite(loss); });
  });
}

Observations observe(const History& history, std::span<const Trial> trials) {
  const auto levels = find_levels(trials);
  std::vector<Carrier> carriers;
  for (std::size_t k = 0; k < history.spec.objectives.size(); ++k) carriers.emplace_back(history, trials, levels, k);
  Observations found;
  for (const Trial& trial : trials) {
    if (!history.spec.space.contains(trial.config)) continue;
    auto losses = losses_of(trial, carriers, levels);
    if (!losses.empty())
      found.measured.push_back({trial.number, std::move(losses), is_allowed(history, trial)});
    else if (is_unfinished(trial))
      found.pending.push_back(trial.number);
    else if (trial.state != TrialState::Stopped)
      found.failed.push_back(trial.number);
  }
  return found;
}

}  // namespace pegbox
