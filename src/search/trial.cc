// Trial: names of its states, and its metrics at a step.
#include "search/trial.h"

#include <algorithm>
#include <array>

namespace pegbox {
namespace {

constexpr std::array<std::string_view, 7> kStateNames{"waiting", "running", "paused",    "done",
                                                      "stopped", "failed",  "infeasible"};

}  // namespace

std::string_view name_of(TrialState state) { return kStateNames[static_cast<std::size_t>(state)]; }

std::optional<TrialState> trial_state_of(std::string_view name) {
  const auto* found = std::find(kStateNames.begin(), kStateNames.end(), name);
  if (found == kStateNames.end()) return std::nullopt;
  return static_cast<TrialState>(found - kStateNames.begin());
}

bool is_final(TrialState state) { return state >= TrialState::Done; }

std::optional<double> Trial::metric_at(std::string_view metric, std::int64_t step) const {
  const std::string key(metric);
  for (auto report = reports.rbegin(); report != reports.rend(); ++report) {
    if (report->step > step) continue;
    if (const auto found = report->metrics.find(key); found != report->metrics.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<double> Trial::metric(std::string_view name) const {
  const auto found = metrics.find(std::string(name));
  if (found == metrics.end()) return std::nullopt;
  return found->second;
}

std::string metric_names(const Metrics& metrics) {
  std::string names;
  for (const auto& [name, value] : metrics) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "nothing" : names;
}

}  // namespace pegbox
