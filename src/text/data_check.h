// DataCheck: what is wrong with data, before a model learns from them: findings as values.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "text/check_kind.h"
#include "text/dataset.h"

namespace pegbox::text {

/// Data that belong together: "train", "validation", "test".
struct DataPart {
  std::string name;
  std::vector<Path> paths;
};

enum class Severity : std::uint8_t { Warning, Fault };

struct Example {
  std::string place;    ///< "chats.jsonl:4"
  std::string detail;   ///< "it is chats.jsonl:2"
  std::string excerpt;  ///< the beginning of its text; empty where the place says enough
};

struct Finding {
  CheckKind kind = CheckKind::Unreadable;
  std::string part;
  std::int64_t count = 0;  ///< rows
  double fraction = 0;     ///< of the part's rows
  Severity severity = Severity::Warning;
  std::vector<Example> examples;
};

/// What was looked at.
struct CheckedPart {
  struct File {
    std::string name, sha256;
  };
  std::string name;
  std::vector<File> files;
  std::int64_t rows = 0;   ///< those that cannot be read among them
  std::int64_t bytes = 0;  ///< of their own text
};

struct CheckReport {
  std::vector<CheckedPart> parts;
  std::vector<Finding> findings;  ///< by check, then by part

  bool has_fault() const;
};

struct CheckOptions {
  DatasetOptions dataset;
  ByCheck<bool> checks = [] {
    ByCheck<bool> all;
    all.fill(true);
    return all;
  }();
  ByCheck<bool> faults{};  ///< checks whose findings are faults
  std::string language;    ///< the code of the one expected (language.h); empty: that of most training rows
  int threads = 1;
  const std::atomic<bool>* interrupted = nullptr;  ///< if given, ends it when it becomes true (RowSource)
  std::size_t examples = 3;                        ///< of each finding
};

/// The files of a part with the hashes of their bytes.
Result<std::vector<CheckedPart::File>> hashed_files(const DataPart& part, const DatasetOptions& options);

/// Reads all parts, of which the first is what is trained on. Memory grows with the number of rows (RowIndex), not with
/// their size. NotFound, Io for files that cannot be read; what is wrong in them is a finding. A class is rare if it
/// has less than a tenth of the rows of the largest.
Result<CheckReport> check_data(std::span<const DataPart> parts, const CheckOptions& options);

/// {"parts": [...], "findings": [{"check", "part", "count", "fraction", "severity", "what", "hint", "examples"}]}.
Json to_json(const CheckReport& report);

}  // namespace pegbox::text
