// Data splits: what trials are judged by is not what the result is tested on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/trial_section.h"
#include "base/result.h"

namespace pegbox {

/// InvalidInput if a file named as `test` is also one that trials are judged by: validation data, or data of an
/// evaluation. Files are the same by their place or, wherever they lie, by their bytes.
Result<void> check_splits(const TrialSection& trial);

/// Rows of the test data that trials are judged by, in other files or another order.
struct TestOverlap {
  std::int64_t test_rows = 0, shared = 0;
  std::string place;  ///< of the first such row, among those that trials are judged by: "valid.jsonl:7"
};

/// Rows are the same by the hash of their content (text::content_hash). Without validation data, training data, of
/// which they would be split off. Nothing without test data, and of data that cannot be read so: whoever trains on them
/// says why.
std::optional<TestOverlap> find_test_overlap(const TrialSection& trial);

}  // namespace pegbox
