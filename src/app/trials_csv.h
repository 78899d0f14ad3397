// TrialsCsv: a study's trials as a table for spreadsheets and data frames.
#pragma once

#include <string>

#include "search/history.h"

namespace pegbox {

/// Comma-separated values (RFC 4180, but with plain newlines), a line of names first, a trial a line: number, state,
/// "config.NAME" of each hyperparameter that a trial has, "metric.NAME" (its latest value) of each metric, step, seed,
/// created_s, started_s, ended_s, failure, detail. What a trial does not have is empty; numbers that are not finite are
/// nan, inf and -inf.
std::string trials_csv(const History& history);

}  // namespace pegbox
