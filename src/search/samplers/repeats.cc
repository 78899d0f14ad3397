// Repeats: another seed or another configuration, whichever teaches more about the final choice.
#include "search/samplers/repeats.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "search/samplers/standings.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

constexpr std::size_t kRivals = 20;     ///< best configurations among which the choice will be
constexpr std::size_t kRepeatable = 5;  ///< of these, the best so many may be repeated

/// Positions in the evidence of the best configurations that ran to their end, each once, best first.
std::vector<std::size_t> rivals_of(const History& history, const Surrogate& surrogate, const Evidence& evidence) {
  std::vector<std::size_t> rivals;
  std::set<std::string> seen;
  for (const std::size_t i : surrogate.ranking()) {
    const Trial& trial = history.trials[static_cast<std::size_t>(evidence.trials[i])];
    if (!evidence.allowed[i] || trial.state != TrialState::Done) continue;
    if (seen.insert(config_key(trial.config)).second) rivals.push_back(i);
    if (rivals.size() == kRivals) break;
  }
  return rivals;
}

}  // namespace

std::optional<Repeat> choose_repeat(const History& history, const Surrogate& surrogate, const Evidence& evidence,
                                    std::span<const double> new_point) {
  if (history.spec.objectives.size() > 1 || evidence.targets.size() < kFewestForRepeats) return std::nullopt;
  const auto rivals = rivals_of(history, surrogate, evidence);
  if (rivals.empty()) return std::nullopt;
  const std::size_t d = new_point.size();
  std::vector<double> points;
  for (const std::size_t i : rivals)
    points.insert(points.end(), evidence.points.begin() + static_cast<std::ptrdiff_t>(i * d),
                  evidence.points.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
  points.insert(points.end(), new_point.begin(), new_point.end());
  const std::vector<double> worths = surrogate.worths(points);
  const auto repeatable = static_cast<std::ptrdiff_t>(std::min(kRepeatable, rivals.size()));
  const auto best = std::max_element(worths.begin(), worths.begin() + repeatable);
  if (!(*best > worths.back()) || ignores_seeds(history)) return std::nullopt;
  return Repeat{evidence.trials[rivals[static_cast<std::size_t>(best - worths.begin())]], *best, worths.back()};
}

Json reason_of(const Repeat& repeat) {
  return {{"by", "gp"},
          {"repeat_of", repeat.trial},
          {"why", fmt::format("repeat of trial {}: another seed is worth {:.3g}, a new configuration {:.3g}",
                              repeat.trial, repeat.worth, repeat.worth_of_new)},
          {"worth", json_number(repeat.worth)},
          {"worth_of_new", json_number(repeat.worth_of_new)}};
}

}  // namespace pegbox
