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

/// {"name", "state", "trials": {"done", "running", ...}, "best": null | {"trial", "config", "metrics"}}
Json study_summary(const StudyState& state, bool is_held);

/// The summary, with objective, budget and what was spent of it, and all trials:
/// "trials": [{"number", "state", "config", "metrics", "reports", "reason", ...}]
Json study_details(const StudyState& state, bool is_held);

/// {"trial", "config", "metrics", "interval": {"metric", "low", "high"}, "folder", "in_space"}, or {"front": [...]}
/// with several objectives. The interval is 1.96 standard errors around the metric where trials report `METRIC_error`,
/// else low and high are null. `folder`: where the trial's adapter or model lies, or null. `in_space`: whether the
/// present space holds the configuration. Nothing if no trial has a result.
std::optional<Json> best_details(const StudyState& state, const StorePlace& place);

Json trial_json(const Trial& trial);

}  // namespace pegbox
