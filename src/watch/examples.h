// Examples: what people thought of outputs, as training examples: corrections, and outputs that were rated good.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "watch/watch_config.h"

namespace pegbox::watch {

struct ExampleSet {
  std::string file;  ///< rows of prompt, completion and weight; empty if there are none
  std::int64_t rows = 0;
  double weight = 0;  ///< the sum of its rows' weights
};

struct ExampleReport {
  std::int64_t records = 0, broken = 0;
  ExampleSet corrections;  ///< corrections.jsonl: the correction in the output's place; weight 1
  /// kept.jsonl: the outputs without a correction that are rated at least `good`; the weight is how far above `bad` the
  /// rating is, 1 at `good`.
  ExampleSet kept;
  std::int64_t bad = 0;  ///< rated at most `bad` and not corrected: no example
};

/// Reads the logs from their beginnings to their ends, whatever a state says, and writes the two files to a new folder,
/// with personal data replaced. Records without a prompt are no examples. InvalidInput if one of the files exists, and
/// for broken lines that are not skipped; NotFound for a log that is not there; Interrupted; Io.
Result<ExampleReport> write_examples(const WatchConfig& config, const Path& folder,
                                     const std::atomic<bool>& interrupted);

/// {"records", "broken", "corrections": {"file", "rows", "weight"}, "kept": {...}, "bad"}.
Json to_json(const ExampleReport& report);

}  // namespace pegbox::watch
