// DataSplit: data divided into training, validation and test files such that nothing leaks from one to another.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "text/data_check.h"

namespace pegbox::text {

struct SplitOptions {
  DatasetOptions dataset;
  std::vector<double> fractions;  ///< of training, validation and perhaps test; they sum to 1
  std::string by;                 ///< rows with the same value of this field stay together; empty: no field
  std::string stratify;           ///< each part gets each value of this field in its fraction; empty: no field
  std::uint64_t seed = 0;
  int threads = 1;
  const std::atomic<bool>* interrupted = nullptr;  ///< if given, ends it when it becomes true (RowSource)
};

struct SplitReport {
  struct Part {
    std::string name, file, sha256;
    std::int64_t rows = 0;
  };
  std::vector<Part> parts;
  std::int64_t rows = 0, groups = 0, largest_group = 0;
};

/// Writes train.jsonl, validation.jsonl and, of three fractions, test.jsonl to `folder`, which is made. Rows that are
/// equal or near duplicates (minhash.h), or that chains of such pairs connect, go to one part. Groups are dealt out,
/// large ones first, each to the part that lacks most rows for its fraction, of the group's stratum: the value of its
/// first row. The order among equals is drawn by seed and content. InvalidInput for fractions that are no whole, rows
/// that cannot be read or lack a field, a part that gets no row, and files that exist or are below a
/// folder of `data`; Io.
Result<SplitReport> split_data(const DataPart& data, const Path& folder, const SplitOptions& options);

/// {"parts": [{"name", "file", "rows", "sha256"}], "rows", "groups", "largest_group"}.
Json to_json(const SplitReport& report);

}  // namespace pegbox::text
