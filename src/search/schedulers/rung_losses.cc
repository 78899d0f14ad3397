// Losses at a rung: how trials compare that have come equally far.
#include "search/schedulers/rung_losses.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/number.h"
#include "math/pareto.h"

namespace pegbox {
namespace {

/// The report that stands for `step`; nullptr if none has the metric.
const Report* report_for(const Trial& trial, std::int64_t step, const std::string& metric) {
  const auto first = std::ranges::lower_bound(trial.reports, step, {}, &Report::step);
  for (auto report = first; report != trial.reports.end(); ++report)
    if (report->metrics.contains(metric)) return &*report;
  for (auto report = first; report != trial.reports.begin();)
    if ((--report)->metrics.contains(metric)) return &*report;
  return nullptr;
}

double finite_or_infinity(double loss) { return std::isfinite(loss) ? loss : kInfinity; }

/// Ranks and crowding distances of the rows; rows that are not finite have the last rank.
void rank_fronts(std::span<const double> losses, std::size_t objectives, std::vector<int>& ranks,
                 std::vector<double>& distances) {
  const std::size_t n = ranks.size();
  const auto computed = math::non_dominated_ranks(losses, static_cast<int>(objectives));
  for (std::size_t i = 0; i < n; ++i) {
    const auto row = losses.subspan(i * objectives, objectives);
    const bool measured = std::ranges::all_of(row, [](double loss) { return std::isfinite(loss); });
    ranks[i] = measured && computed ? (*computed)[i] : std::numeric_limits<int>::max();
  }
  std::vector<int> levels(ranks);
  std::ranges::sort(levels);
  levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
  for (const int level : levels) {
    if (level == std::numeric_limits<int>::max()) continue;
    std::vector<std::size_t> front;
    std::vector<double> rows;
    for (std::size_t i = 0; i < n; ++i) {
      if (ranks[i] != level) continue;
      front.push_back(i);
      const auto row = losses.subspan(i * objectives, objectives);
      rows.insert(rows.end(), row.begin(), row.end());
    }
    const auto crowding = math::crowding_distances(rows, static_cast<int>(objectives));
    for (std::size_t i = 0; crowding && i < front.size(); ++i) distances[front[i]] = (*crowding)[i];
  }
}

}  // namespace

bool has_reached(const Trial& trial, std::int64_t step) { return !trial.reports.empty() && trial.step >= step; }

double loss_at(const History& history, const Trial& trial, std::int64_t step, std::size_t objective) {
  const Objective& goal = history.spec.objectives[objective];
  const Report* report = report_for(trial, step, goal.metric);
  return report ? finite_or_infinity(goal.sign() * report->metrics.at(goal.metric)) : kInfinity;
}

double best_loss_until(const History& history, const Trial& trial, std::int64_t step) {
  const Objective& goal = history.spec.objective();
  const Report* last = report_for(trial, step, goal.metric);
  double best = kInfinity;
  for (const Report& report : trial.reports) {
    if (last == nullptr || report.step > last->step) break;
    const auto value = report.metrics.find(goal.metric);
    if (value != report.metrics.end()) best = std::min(best, finite_or_infinity(goal.sign() * value->second));
  }
  return best;
}

bool is_measured_at(const History& history, const Trial& trial, std::int64_t step) {
  for (std::size_t k = 0; k < history.spec.objectives.size(); ++k)
    if (!std::isfinite(loss_at(history, trial, step, k))) return false;
  return true;
}

std::optional<std::string> fault_at(const History& history, const Trial& trial, std::int64_t step) {
  for (std::size_t k = 0; k < history.spec.objectives.size(); ++k) {
    const std::string& metric = history.spec.objectives[k].metric;
    if (report_for(trial, step, metric) && !std::isfinite(loss_at(history, trial, step, k)))
      return "its '" + metric + "' is not finite";
  }
  return std::nullopt;
}

std::optional<Ruling> ruling_without_losses(const History& history, const Trial& trial, std::int64_t step) {
  if (is_measured_at(history, trial, step)) return std::nullopt;
  const auto fault = fault_at(history, trial, step);
  return fault ? Ruling{Verdict::Stop, *fault} : Ruling{Verdict::Continue};
}

std::vector<std::size_t> order_at(const History& history, std::span<const Trial* const> trials, std::int64_t step) {
  const std::size_t n = trials.size(), objectives = history.spec.objectives.size();
  std::vector<double> losses;  // [n, objectives]
  for (const Trial* trial : trials)
    for (std::size_t k = 0; k < objectives; ++k) losses.push_back(loss_at(history, *trial, step, k));
  std::vector<int> ranks(n, 0);
  std::vector<double> distances(n, 0.0);
  if (objectives > 1) rank_fronts(losses, objectives, ranks, distances);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    if (objectives == 1 && losses[a] != losses[b]) return losses[a] < losses[b];
    if (ranks[a] != ranks[b]) return ranks[a] < ranks[b];
    if (distances[a] != distances[b]) return distances[a] > distances[b];
    return trials[a]->number < trials[b]->number;
  });
  return order;
}

}  // namespace pegbox
