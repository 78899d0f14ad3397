// Trial: one configuration and what became of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/protocol.h"
#include "search/config.h"

namespace pegbox {

enum class TrialState : std::uint8_t {
  Waiting,  ///< created, or lost its worker; to be started
  Running,
  Paused,   ///< reached a rung and may be resumed
  Done,     ///< ran to its end
  Stopped,  ///< given up by the scheduler, a person, or the end of the budget
  Failed,
  Infeasible,  ///< refused before it ran: it would not fit
};

inline constexpr std::size_t kTrialStates = 7;

std::string_view name_of(TrialState state);  ///< "waiting", ...
std::optional<TrialState> trial_state_of(std::string_view name);
bool is_final(TrialState state);  ///< Done, Stopped, Failed, Infeasible

/// A measurement at a step.
struct Report {
  std::int64_t step = 0;
  Metrics metrics;
};

/// Where a trial can be continued from.
struct CheckpointRef {
  std::int64_t trial = 0;  ///< whose snapshot it is
  std::int64_t step = 0;
  std::string name;  ///< the worker's name for it
};

struct Trial {
  std::int64_t number = 0;
  Config config;
  Json reason;  ///< why the sampler chose it: {"by": "gp", ...}
  std::uint64_t seed = 0;
  TrialState state = TrialState::Waiting;
  std::vector<Report> reports;              ///< strictly increasing steps
  Metrics metrics;                          ///< the latest value of each metric
  std::int64_t step = 0;                    ///< last step reported; of a clone at first the step where it begins
  std::int64_t from = 0;                    ///< where the present or last leg began
  std::int64_t until = 0;                   ///< where the present or last leg ends; 0: at the trial's own end
  std::optional<CheckpointRef> checkpoint;  ///< the latest
  std::optional<CheckpointRef> clone_of;    ///< another trial's snapshot, from which it began
  std::optional<FailureKind> failure;
  std::string detail;                                ///< of a failure, a stop, an infeasibility: in words
  std::int64_t lost_workers = 0;                     ///< how often a worker died under it
  double created_s = 0, started_s = 0, ended_s = 0;  ///< study time; `started_s`: of the present or last leg
  std::string worker;                                ///< who ran it last
  std::map<std::string, Json> notes;                 ///< user attributes and the like, latest by key

  /// The metric's value at the last report at or before `step` that has it; nothing if there is none.
  std::optional<double> metric_at(std::string_view metric, std::int64_t step) const;
  std::optional<double> metric(std::string_view name) const;  ///< latest value
};

/// "loss, tokens", for messages; "nothing" if there are none.
std::string metric_names(const Metrics& metrics);

}  // namespace pegbox
