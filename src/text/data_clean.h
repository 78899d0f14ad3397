// DataClean: data without the rows that checks find, as a new file.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <vector>

#include "text/data_check.h"

namespace pegbox::text {

struct CleanOptions {
  DatasetOptions dataset;
  ByCheck<bool> remove = removed_by_default();
  std::vector<std::string> kept_rules;  ///< quality rules that remove nothing
  std::string language;                 ///< as CheckOptions::language
  int threads = 1;
  const std::atomic<bool>* interrupted = nullptr;  ///< if given, ends it when it becomes true (RowSource)
  std::size_t examples = 3;                        ///< of each kind that was removed

  /// Unreadable, empty and garbled rows, wrong encodings, duplicates, near duplicates and leaks.
  static ByCheck<bool> removed_by_default();
};

struct CleanReport {
  CheckedPart data;              ///< what was read
  std::vector<Finding> removed;  ///< each row for the first reason in the order of CheckKind
  std::int64_t kept = 0;
  std::string output, sha256;  ///< the new file, and the hash of it
};

/// Writes the rows of `data` that stay to `output`, as JSON lines, in their order and as they stood. A row goes that
/// has a fault of a kind in `remove`; that is in another language than the one expected, or likely has a wrong label;
/// that is, or nearly is, a row of `against` (leakage); or one of an earlier row that stays. Rows of another label are
/// no duplicates. InvalidInput if `output` exists or is below a folder that is read, if a rule has no such name, for
/// checks that reject no single row (labels, contradictions), or if no row would stay; Io.
Result<CleanReport> clean_data(const DataPart& data, std::span<const DataPart> against, const Path& output,
                               const CleanOptions& options);

/// {"data": {...}, "removed": [...], "kept", "output", "sha256"}.
Json to_json(const CleanReport& report);

}  // namespace pegbox::text
