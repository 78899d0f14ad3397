// Event lines: what happened in a study, one plain line for each event that a person wants to hear of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "search/event.h"
#include "search/history.h"

namespace pegbox {

/// The line of `event`, which `state` has just folded; nothing for events that are not news (reports, checkpoints).
std::optional<std::string> event_line(const StudyState& state, const Event& event);

/// Where the study stands: "12 of 60 trials, 3 m 20 s, lowest validation_loss 1.234 (trial 7), about 12 m left".
std::string status_line(const History& history, double now_s);

/// Share of the budget that is used, the largest over its totals; 0 without a budget.
double budget_used_fraction(const History& history, double now_s);

/// Trials that count towards the budget: done, stopped and failed.
std::int64_t ended_trials(const History& history);

/// The values of `metric` over the reports that have it.
std::vector<double> curve_of(const Trial& trial, const std::string& metric);

/// Why a trial failed, from its detail: the first line, and, after a program's output or a Python traceback, the last,
/// which says what was wrong: "exit code 1: ValueError: bad lr". At most 160 columns.
std::string in_one_line(std::string_view detail);

/// "learning_rate=0.0003 rank=8": numbers with four digits.
std::string show_config(const Config& config);

/// Where a trial stands: "step 400"; with the built-in trainer, whose steps are training tokens, "4.1k tokens". The
/// count alone: "400", "4.1k".
std::string show_step(const StudySpec& spec, std::int64_t step);
std::string show_step_count(const StudySpec& spec, std::int64_t step);

/// A metric's value as shown to people: five digits.
std::string show_metric(double value);

}  // namespace pegbox
