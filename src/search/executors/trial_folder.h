// TrialFolder: where a plain program's trial keeps its files: trial-N/{trial.json, config.json, output.log,
// checkpoints}.
#pragma once

#include <string>

#include "base/file.h"
#include "search/executor.h"

namespace pegbox {

/// A checkpoint's name that means whatever lies in the trial's checkpoint folder.
inline constexpr char kWholeFolder[] = ".";

class TrialFolder {
 public:
  TrialFolder(Path studies_folder, std::int64_t trial);

  /// Makes it ready for a leg. Files of another trial that had this number (another configuration or seed) are removed.
  /// The checkpoint of another trial that a clone begins at is copied: that trial may go on and write over it.
  Result<void> prepare(const Launch& launch) const;

  /// What the program is to go on from: the checkpoint of `launch` (of a clone the copy, once it is there), else what
  /// lies in its own folder; empty: nothing. A whole folder that has nothing is on another machine.
  std::string resume_path(const Launch& launch) const;

  Path config() const { return path_ / "config.json"; }
  Path log() const { return path_ / "output.log"; }
  Path checkpoints() const { return path_ / "checkpoints"; }
  bool has_checkpoints() const;

 private:
  Result<void> copy_clone(const CheckpointRef& from) const;
  Result<void> remove_copies() const;  // of a clone that has a checkpoint of its own by now
  Path copy_of(const CheckpointRef& from) const;

  const Path parent_, path_;
  const std::int64_t trial_;
};

}  // namespace pegbox
