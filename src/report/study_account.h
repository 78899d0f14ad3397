// StudyAccount: what a report and a card tell of a study, beside its fold: what the program knows of it.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/importance.h"
#include "search/history.h"

namespace pegbox {

struct StudyAccount {
  const StudyState& state;
  std::string standing;                                    ///< "finished", "running", ...
  std::string search, stop;                                ///< in words: "auto: gp, for a budget of 60 trials"
  std::vector<std::pair<std::string, std::string>> space;  ///< hyperparameter, and its values and prior in words
  std::optional<Json> best;                                ///< as `pegbox best --json`
  std::string why_no_best;                                 ///< where there is none
  std::vector<MetricImportance> importances;
  Json machine = nullptr;  ///< that the account was made on
  std::string version;     ///< of the program that makes the account
  std::string repeat;      ///< the command that runs the study again

  /// The trial that `best` names; nothing where there is none or there are several.
  std::optional<std::int64_t> best_trial() const;
};

/// "failed (out-of-memory)".
std::string state_words(const Trial& trial);

/// Why a trial has its configuration, in a line: "gp: {...}".
std::string reason_words(const Trial& trial);

/// Each failure's kind with the trials that it ended, the most frequent first.
std::vector<std::pair<std::string, std::vector<std::int64_t>>> failures_by_kind(const History& history);

}  // namespace pegbox
