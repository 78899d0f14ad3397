// Snapshot: everything that determines the rest of a run, as tensors and numbers; in memory, or in one file.
#pragma once

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"
#include "train/tensor.h"

namespace pegbox::train {

struct Snapshot {
  NamedTensors tensors;  ///< parameters and the optimizer's state; copies
  Json state;            ///< position in data and schedule, counters, and what run they belong to
};

/// One safetensors file, whose metadata hold `state`: written atomically and durably.
Result<void> save_snapshot(const Path& path, const Snapshot& snapshot);

/// Its tensors are the file's bytes, and are not to be changed. NotFound; Corrupt if it is damaged or not a snapshot.
Result<Snapshot> load_snapshot(const Path& path);

}  // namespace pegbox::train
