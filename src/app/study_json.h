// StudyJson: studies and trials as the JSON that `list`, `show` and `best` print.
#pragma once

#include <optional>
#include <string>

#include "app/store_place.h"
#include "base/json.h"
#include "search/history.h"

namespace pegbox {

/// "running" (a process has it), "finished", "paused", "stopped", or "interrupted": its process died.
std::string study_state_name(const StudyState& state, bool is_held);

/// {"name", "state", "objectives": [{"minimize": "loss"}], "trials": {"done", "running", ...}, "refused",
///  "best": null | {"trial", "config", "metrics"}}.
/// `refused`: how many of those that are done constraints on metrics or gates keep from being the best.
Json study_summary(const StudyState& state, bool is_held);

/// The same of a study that cannot be read: its state is "damaged", and "detail" says why.
Json damaged_study(const std::string& name, const Error& error);

/// The summary, with budget and what was spent of it, the study file and where it comes from.
Json study_head(const StudyState& state, bool is_held);

/// The head, and all trials:
/// "trials": [{"number", "state", "config", "metrics", "reports", "reason", ...}]
Json study_details(const StudyState& state, bool is_held);

/// {"trial", "config", "metrics", "interval": {"metric", "low", "high"}, "folder", "in_space"}, or {"front": [...]}
/// with several objectives. `folder`: where the trial's adapter or model lies, or null. `in_space`: whether the present
/// space holds the configuration. `lowest`: the trial with the best single result, which may be luck. Nothing if no
/// trial has a result. With constraints or gates also `refused`: [{"trial", "metrics", "reasons"}] of the trials that
/// did better, of several objectives all, that may not be the best, and why.
///
/// Where there are standings (search/samplers/standings.h) the trial is of the configuration of which most is expected,
/// and `interval` is that expectation's, 95 %. Beside it: "expected", "noise": standard deviation of a trial around
/// what is expected of it, "trials": all that ran this configuration, "beats_runner_up" and "beats_default": null or
/// {"trial", "probability"}, "is_default". Where there are none the trial is the one with the best result, `interval`
/// is 1.96 standard errors around it if trials report `METRIC_error`, else low and high are null, and "no_expectation"
/// says why.
std::optional<Json> best_details(const StudyState& state, const StorePlace& place);

/// Why best_details has nothing, in words: "no trial has a result", or which constraints and gates the first trial that
/// is done does not meet.
std::string why_no_best(const StudyState& state);

Json trial_json(const Trial& trial);
Json metrics_json(const Metrics& metrics);

}  // namespace pegbox
