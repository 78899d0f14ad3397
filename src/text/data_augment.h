// DataAugment: data with further forms of their rows, as a new file.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "text/augmenter.h"
#include "text/data_check.h"

namespace pegbox::text {

/// The field of a row that was made: {"method", "strength", "row": "chats.jsonl:4", "copy": 1}.
inline constexpr char kAugmentedField[] = "augmented";

struct AugmentOptions {
  DatasetOptions dataset;
  Augmentation plan;
  std::vector<std::string> fields;  ///< of the file, that change; empty: by the rows' shape (augmented_row.h)
  bool only_copies = false;         ///< the rows themselves are left out
  int threads = 1;
  const std::atomic<bool>* interrupted = nullptr;  ///< if given, ends it when it becomes true (RowSource)
  std::size_t examples = 1;                        ///< of each method
};

struct AugmentExample {
  AugmentMethod method = AugmentMethod::Typos;
  std::string place, before, after;  ///< the first text that changed, around the place
};

struct AugmentReport {
  std::vector<CheckedPart::File> files;  ///< that were read
  std::int64_t rows = 0;
  std::int64_t marked = 0;               ///< of these, made before: they are not changed again
  std::array<std::int64_t, 8> copies{};  ///< by AugmentMethod
  std::int64_t unchanged = 0;            ///< copies that were as their row, and are left out
  std::int64_t equal = 0;                ///< that were as another copy of their row, and are left out
  std::vector<AugmentExample> examples;  ///< by method
  std::string output, sha256;

  std::int64_t copy_count() const;
};

/// Writes each row of `data` as it stands and, behind it, its copies, which have the mark kAugmentedField. Rows go
/// through one after another; for Mix they are read twice, and a sample of each class is kept (mix_partners.h).
/// InvalidInput if `output` exists or is below a folder of `data`; with its place for a row that cannot be read, is
/// plain text while no fields are named, or has no label though rows are mixed; if nothing was made at all. NotFound
/// without WordNet where it is needed; Io.
Result<AugmentReport> augment_data(const DataPart& data, const Path& output, const AugmentOptions& options);

/// {"files", "rows", "marked", "copies", "by_method": {name: count}, "unchanged", "equal", "methods", "strength",
/// "seed", "examples": [{"method", "place", "before", "after"}], "output", "sha256"}.
Json to_json(const AugmentReport& report, const Augmentation& plan);

}  // namespace pegbox::text
