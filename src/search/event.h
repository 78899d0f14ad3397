// Event: something that happened in a study. The log of events is the study; everything else is a fold over it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/json.h"
#include "base/protocol.h"
#include "base/result.h"
#include "search/config.h"
#include "search/trial.h"

namespace pegbox {

namespace event {

struct StudyCreated {
  Json spec;
  std::string version;
};  ///< the study file as JSON; pegbox's version
struct StudyChanged {
  Json spec;
};  ///< the whole new study file

/// A trial of an earlier study, as one of this study's space.
struct SourceTrial {
  std::int64_t trial = 0;  ///< its number there
  Config config;           ///< of the hyperparameters that both have; numbers may lie beyond their range
  Metrics metrics;         ///< this study's objectives, carried to full length; infinite where it diverged
};
/// What an earlier study observed, for this one to start from.
struct SourceAdded {
  std::string study;
  Json mapping;  ///< {"matched": [names], "lacks": [names], "unused": [names], "shift": {name: factor}, "left_out": 2}
  std::vector<SourceTrial> trials;
};
struct TrialCreated {
  std::int64_t trial = 0;
  Config config;
  Json reason;
  std::uint64_t seed = 0;
  std::optional<CheckpointRef> clone_of;  ///< starts from another trial's snapshot
};
struct TrialStarted {
  std::int64_t trial = 0;
  std::string worker;
  std::int64_t from = 0, until = 0;  ///< the leg, in steps; until 0: to the end
  double lease_s = 0;                ///< how long silence means death; 0: no lease
};
struct TrialReported {
  std::int64_t trial = 0;
  std::int64_t step = 0;
  Metrics metrics;
};
struct TrialMoved {
  std::int64_t trial = 0;
  TrialState to = TrialState::Done;
  std::int64_t step = 0;
  std::optional<CheckpointRef> checkpoint;
  std::optional<FailureKind> failure;
  std::string detail;
};
/// A checkpoint between rungs, user attributes, probe results, described values, findings of data checks.
/// The fold knows three keys, and keeps the others: "checkpoint" of a running trial, {"step": 300, "name": "..."};
/// "config" of a trial that has not ended, {"x": 0.5}: values that its program chose on the way (define-by-run); and
/// "described" of the study, {"values": {...}, "limits": {...}}.
struct Note {
  std::optional<std::int64_t> trial;
  std::string key;
  Json value;
};

}  // namespace event

inline constexpr char kTunerAuthor[] = "tuner";
inline constexpr char kUserAuthor[] = "user";  ///< of configurations that a person added

struct Event {
  using What = std::variant<event::StudyCreated, event::StudyChanged, event::TrialCreated, event::TrialStarted,
                            event::TrialReported, event::TrialMoved, event::Note, event::SourceAdded>;
  std::uint64_t index = 0;  ///< position in the log, from 0
  double study_time_s = 0;  ///< seconds of running time, over all sessions
  std::string author;       ///< whose news or decision it is: kTunerAuthor, "worker 3", "user"
  What what;
};

/// Stable names of the kinds as stored: "study-created", "trial-moved", ...
std::string_view kind_of(const Event::What& what);

/// The payload as one line of JSON, and back. Corrupt for a payload that does not fit; Unsupported for an unknown kind.
std::string encode_payload(const Event::What& what);
Result<Event::What> decode_payload(std::string_view kind, std::string_view payload);

}  // namespace pegbox
