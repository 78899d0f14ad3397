// Snapshot: see snapshot.h.
#include "train/snapshot.h"

#include "train/model/weights.h"

namespace pegbox::train {

namespace {

constexpr const char* kStateKey = "pegbox_state";

}  // namespace

Result<void> save_snapshot(const Path& path, const Snapshot& snapshot) {
  return save_tensors(path, snapshot.tensors, {{kStateKey, to_line(snapshot.state)}});
}

Result<Snapshot> load_snapshot(const Path& path) {
  PEGBOX_TRY(TensorFile file, map_tensors(path));
  const auto state = file.metadata.find(kStateKey);
  if (state == file.metadata.end())
    return fail(ErrorKind::Corrupt, {.where = path.string(),
                                     .what = "this is not a snapshot of a run",
                                     .expected = "a file that pegbox-trainer wrote as a checkpoint"});
  Snapshot snapshot{.tensors = std::move(file.tensors)};
  PEGBOX_TRY(snapshot.state, parse_json(state->second, path.string()));
  return snapshot;
}

}  // namespace pegbox::train
