// Trial cost: what a full trial costs at a configuration, as the log tells.
#pragma once

#include <optional>
#include <string_view>

#include "search/history.h"

namespace pegbox {

/// Study time as a cost, instead of a metric.
inline constexpr std::string_view kElapsed = "elapsed";

/// `cost`: kElapsed, or a metric that counts from a trial's beginning, as "tokens" does. Of a trial that ended or waits
/// early, in proportion what it would have been at full length (history.steps, else the longest trial's). Of elapsed
/// time the log keeps the last leg only: its time for each step stands for the others. Nothing where that is not known,
/// as of failed trials, or is not a positive number.
std::optional<double> full_cost(const History& history, const Trial& trial, std::string_view cost);

/// What is left of the budget, as a part: of trials, tokens or time, the one of which least is left; 1 without a
/// budget. Time is that of the last event, so that the same log gives the same answer.
double budget_left_fraction(const History& history);

}  // namespace pegbox
