// StudyView: what a page draws of a study, as JSON whose size is bounded however many trials and reports there are.
//
// Lists of equal length stand for the columns of a table. Numbers have seven digits; what is not finite is null.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "search/history.h"

namespace pegbox {

/// The best so far against trials, time and tokens:
/// {"metric", "minimize", "results": how many, "tokens": whether trials count tokens, else steps are counted,
///  "trial", "state", "count", "time_s", "work": tokens (or steps) of all trials that had ended by then, "value": lists
///  over ended trials with a finite first objective, of which at most `points` are given and those that improve always,
///  "best": {"trial", "count", "time_s", "work", "value"}: lists over improvements}
/// Improvements are among the trials that are done; among all of these where none is.
Json progress_view(const History& history, std::size_t points);

/// Trials as points: {"results": how many there are, "parameters": [{"name", "labels": [[place, text]]}],
///  "objectives": [names], "trial", "state", "rank": 0 is the best: lists over trials, "values": {objective: list},
///  "config": {name: list of values, null where inactive}, "places": {name: list of places in [0, 1], or null},
///  "front": numbers of the trials that no other beats, where there are several objectives}
/// At most `points` trials, as drawn_results chooses them.
Json points_view(const History& history, std::size_t points);

/// A hyperparameter's values, for forms: {"name", "kind": "real" | "integer" | "categorical" | "ordered" | "fixed" |
/// "simplex", "low", "high", "log", "choices", "names": those in a configuration, "when": {parameter: [values]}}
Json parameter_view(const Parameter& parameter);

/// For JSON that is drawn: seven digits; null for what is not finite.
Json drawn_number(double value);

}  // namespace pegbox
