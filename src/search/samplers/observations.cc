// Observations: what a history tells about the loss at configurations.
#include "search/samplers/observations.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/number.h"
#include "math/statistics.h"

namespace pegbox {
namespace {

constexpr std::int64_t kEnd = std::numeric_limits<std::int64_t>::max();  ///< the level of trials that ran to their end
constexpr std::size_t kMaxLevels = 24;     ///< more (trials ended by hand, anywhere) are thinned out
constexpr std::size_t kMostCompared = 40;  ///< courses whose slopes are compared, two by two
constexpr double kParallel = 1;            ///< courses that stay parallel, a priori
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// Where the trial has ended or waits, as a step at which losses are compared.
std::optional<std::int64_t> end_of(const Trial& trial) {
  if (trial.state == TrialState::Done) return kEnd;
  const bool waits = trial.state == TrialState::Stopped || trial.state == TrialState::Paused;
  if (!waits || trial.reports.empty()) return std::nullopt;
  return trial.step;
}

/// The highest level that the trial has come to; nothing if it has come to none.
std::optional<std::size_t> level_of(const Trial& trial, std::span<const std::int64_t> levels) {
  const std::int64_t come_to = trial.state == TrialState::Done ? kEnd : trial.reports.empty() ? -1 : trial.step;
  const auto above = std::ranges::upper_bound(levels, come_to);
  if (above == levels.begin()) return std::nullopt;
  return static_cast<std::size_t>(above - levels.begin()) - 1;
}

bool is_allowed(const History& history, const Trial& trial) {
  if (history.constraints.empty() || trial.state != TrialState::Done) return true;
  const auto violated = history.constraints.violated_by(trial.config, trial.metrics);
  return violated && !*violated;
}

/// The median of the slopes between any two courses (Theil and Sen), not negative, as if kParallel courses more had the
/// slope 1; through the medians.
LossLine fit_line(std::vector<std::pair<double, double>> courses) {
  std::ranges::sort(courses);
  const std::size_t n = courses.size(), used = std::min(n, kMostCompared);
  std::vector<double> befores, ends, slopes;
  for (const auto& [before, end] : courses) befores.push_back(before), ends.push_back(end);
  for (std::size_t a = 0; a < used; ++a)
    for (std::size_t b = a + 1; b < used; ++b) {
      const std::size_t i = a * (n - 1) / (used - 1), j = b * (n - 1) / (used - 1);
      if (befores[j] > befores[i]) slopes.push_back((ends[j] - ends[i]) / (befores[j] - befores[i]));
    }
  double slope = 1;
  if (!slopes.empty()) {
    const double weight = static_cast<double>(n - 1);
    slope = (weight * std::max(0.0, math::median(slopes)) + kParallel) / (weight + kParallel);
  }
  return {.slope = slope, .offset = math::median(ends) - slope * math::median(befores)};
}

void insert(std::vector<std::int64_t>& numbers, std::int64_t number) {
  numbers.insert(std::ranges::lower_bound(numbers, number), number);
}

void erase(std::vector<std::int64_t>& numbers, std::int64_t number) {
  const auto [first, last] = std::ranges::equal_range(numbers, number);
  numbers.erase(first, last);
}

}  // namespace

bool Observations::has_finite() const {
  return std::ranges::any_of(measured, [](const Measured& each) {
    return std::ranges::all_of(each.losses, [](double loss) { return std::isfinite(loss); });
  });
}

Observations observe(const History& history, std::span<const Trial> trials) {
  ObservationCache cache;
  return cache.update(history, trials);
}

bool ObservationCache::continues(const History& history, std::span<const Trial> trials) const {
  return restarts_ > 0 && history.event_count >= event_count_ && trials.size() >= seen_.size() &&
         history.constraints.descriptions() == descriptions_ &&
         (seen_.empty() || trials[seen_.size() - 1].config == last_config_) && history.spec.source == source_;
}

void ObservationCache::restart(const History& history) {
  *this = ObservationCache{};
  source_ = history.spec.source;
  descriptions_ = history.constraints.descriptions();
}

const Observations& ObservationCache::update(const History& history, std::span<const Trial> trials) {
  const std::uint64_t restarts = restarts_;
  if (!continues(history, trials)) {
    restart(history);
    restarts_ = restarts + 1;
  } else if (history.event_count == event_count_ && trials.size() == seen_.size()) {
    return found_;
  }
  event_count_ = history.event_count;
  const auto touched = look(history, trials);
  const auto levels = find_levels();
  const bool same_levels = levels == levels_;
  levels_ = levels;
  at_.resize(trials.size());
  if (same_levels)
    for (const std::size_t i : touched) read(history, trials[i]);
  else
    for (const Trial& trial : trials) read(history, trial);

  const auto to_end = carry(history.spec.objectives.size());
  if (same_levels && to_end == to_end_) {
    for (const std::size_t i : touched) {
      remove(trials[i].number);
      place(history, trials[i]);
    }
    return found_;
  }
  to_end_ = to_end;
  found_ = {};
  for (const Trial& trial : trials) place(history, trial);
  return found_;
}

/// Takes in what became of trials; returns those that may have changed, ascending.
std::vector<std::size_t> ObservationCache::look(const History& history, std::span<const Trial> trials) {
  std::vector<std::size_t> touched = std::move(open_);
  for (std::size_t i = seen_.size(); i < trials.size(); ++i) {
    touched.push_back(i);
    seen_.push_back({.fits = history.spec.space.contains(trials[i].config), .level = {}, .ended_at = {}});
    last_config_ = trials[i].config;
  }
  open_.clear();
  for (const std::size_t i : touched) {
    count_end(seen_[i].ended_at, -1);
    seen_[i].ended_at = end_of(trials[i]);
    count_end(seen_[i].ended_at, 1);
    if (!is_final(trials[i].state)) open_.push_back(i);
  }
  return touched;
}

void ObservationCache::count_end(std::optional<std::int64_t> step, int change) {
  if (!step) return;
  const auto found = ends_.emplace(*step, 0).first;
  found->second += change;
  if (found->second == 0) ends_.erase(found);
}

std::vector<std::int64_t> ObservationCache::find_levels() const {
  std::vector<std::int64_t> levels;
  for (const auto& [step, count] : ends_) levels.push_back(step);
  if (levels.size() <= kMaxLevels) return levels;
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < kMaxLevels; ++i) kept.push_back(levels[i * (levels.size() - 1) / (kMaxLevels - 1)]);
  return kept;
}

double& ObservationCache::at(std::size_t trial, std::size_t objective, std::size_t level) {
  return at_[trial][objective * levels_.size() + level];
}

void ObservationCache::read(const History& history, const Trial& trial) {
  const auto i = static_cast<std::size_t>(trial.number);
  const auto& objectives = history.spec.objectives;
  seen_[i].level = level_of(trial, levels_);
  at_[i].assign(objectives.size() * levels_.size(), kNone);
  if (!seen_[i].level) return;
  for (std::size_t k = 0; k < objectives.size(); ++k)
    for (std::size_t level = 0; level <= *seen_[i].level; ++level) {
      const auto value = levels_[level] == kEnd ? trial.metric(objectives[k].metric)
                                                : trial.metric_at(objectives[k].metric, levels_[level]);
      if (value) at(i, k, level) = std::isfinite(*value) ? objectives[k].sign() * *value : kInfinity;
    }
}

/// From what those that went further made of their losses at this level. `above`: of the levels above it.
LossLine ObservationCache::carry_from(std::size_t objective, std::size_t level, std::span<const LossLine> above) {
  std::vector<std::pair<double, double>> courses;  // losses at the level and at full length
  std::vector<double> befores, ends;
  for (std::size_t i = 0; i < seen_.size(); ++i) {
    if (!seen_[i].level || *seen_[i].level < level) continue;
    const std::size_t own = *seen_[i].level;
    const double before = at(i, objective, level);
    const double end = own > level ? above[own](at(i, objective, own)) : kNone;
    if (std::isfinite(before)) befores.push_back(before);
    if (std::isfinite(end)) ends.push_back(end);
    if (std::isfinite(before) && std::isfinite(end)) courses.emplace_back(before, end);
  }
  if (!courses.empty()) return fit_line(std::move(courses));
  if (befores.empty() || ends.empty()) return {};
  return {.slope = 1, .offset = math::median(ends) - math::median(befores)};
}

std::vector<LossLine> ObservationCache::carry(std::size_t objectives) {
  std::vector<LossLine> to_end(objectives * levels_.size());
  for (std::size_t k = 0; k < objectives; ++k) {
    const auto of_objective = std::span(to_end).subspan(k * levels_.size(), levels_.size());
    for (std::size_t level = levels_.size(); level-- > 1;)
      of_objective[level - 1] = carry_from(k, level - 1, of_objective);
  }
  return to_end;
}

/// Losses of all objectives at full length; empty if one is missing.
std::vector<double> ObservationCache::losses_of(const History& history, const Trial& trial) {
  const std::size_t objectives = history.spec.objectives.size();
  const bool diverged = trial.state == TrialState::Failed && trial.failure == FailureKind::Diverged;
  if (diverged) return std::vector<double>(objectives, kInfinity);
  if (trial.state == TrialState::Failed || trial.state == TrialState::Infeasible) return {};
  const auto i = static_cast<std::size_t>(trial.number);
  if (!seen_[i].level) return {};
  std::vector<double> losses;
  for (std::size_t k = 0; k < objectives; ++k) {
    const double own = at(i, k, *seen_[i].level);
    if (std::isnan(own)) return {};
    losses.push_back(to_end_[k * levels_.size() + *seen_[i].level](own));
  }
  return losses;
}

void ObservationCache::remove(std::int64_t trial) {
  const auto [first, last] = std::ranges::equal_range(found_.measured, trial, {}, &Measured::trial);
  found_.measured.erase(first, last);
  erase(found_.failed, trial);
  erase(found_.pending, trial);
}

void ObservationCache::place(const History& history, const Trial& trial) {
  if (!seen_[static_cast<std::size_t>(trial.number)].fits) return;
  auto losses = losses_of(history, trial);
  if (!losses.empty()) {
    const auto before = std::ranges::lower_bound(found_.measured, trial.number, {}, &Measured::trial);
    found_.measured.insert(before, {trial.number, std::move(losses), is_allowed(history, trial)});
  } else if (!is_final(trial.state)) {
    insert(found_.pending, trial.number);
  } else if (trial.state != TrialState::Stopped) {
    insert(found_.failed, trial.number);
  }
}

}  // namespace pegbox
