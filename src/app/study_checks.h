// StudyChecks: `checks:` of a study file: what is looked for in the data before the first trial, and what stops it.
//
//   checks: {leakage: stop, duplicates: warn}                      the data of the built-in trainer
//   checks: {language: stop, expected_language: en}
//   checks: {data: {train: a.jsonl, test: b.jsonl}, leakage: stop}  those of a program of one's own
#pragma once

#include <atomic>
#include <optional>
#include <string>

#include "app/console.h"
#include "app/data_parts.h"
#include "app/trial_section.h"
#include "base/document.h"
#include "search/study.h"

namespace pegbox {

struct StudyChecks {
  DataParts data;
  text::ByCheck<bool> wanted{}, stops{};
  std::string language;  ///< text::CheckOptions::language

  /// Of a study file's `root`; nothing where it names no checks. InvalidInput, with the line, for unknown checks, for
  /// words other than stop and warn, and where no data are known; NotFound for data that are not there.
  static Result<std::optional<StudyChecks>> read(const Node& root, const TrialSection& trial, const Path& folder);
};

inline constexpr char kChecksNote[] = "checks";

/// Runs the checks, unless the study's log has their findings on the same data (parts, files, hashes, columns); keeps
/// findings and hashes there (the note "checks": {"asked": {check: "stop" | "warn"}, "columns", "parts", "findings"},
/// as text::to_json), durably; warns of what was found. False, having said why, if something was found that stops the
/// study. Interrupted, with nothing in the log, when `interrupted` becomes true.
Result<bool> check_study_data(Study& study, const StudyChecks& checks, Console& console,
                              const std::atomic<bool>& interrupted);

}  // namespace pegbox
