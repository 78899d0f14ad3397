// CheckpointFolder: the checkpoint files of one trial: their names, which are there, and which of them must stay.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox::trainer {

class CheckpointFolder {
 public:
  /// Of trial `trial` below `root`. Nothing is made yet.
  CheckpointFolder(Path root, std::int64_t trial);

  Path path() const { return root_ / folder_; }                         ///< trial-N below the root
  Path path_of(const std::string& name) const { return root_ / name; }  ///< of any trial's checkpoint
  std::string name_at(std::int64_t tokens) const;                       ///< "trial-7/tokens-4096.safetensors"
  bool owns(const std::string& name) const { return name.starts_with(folder_ + "/"); }

  /// The tokens in a checkpoint's name; nothing if it is not a name that `name_at` gives.
  static std::optional<std::int64_t> tokens_of(const std::string& name);

  /// The own checkpoints that are there, of at most `tokens`, the newest first.
  std::vector<std::string> names_up_to(std::int64_t tokens) const;

  /// Makes another trial's checkpoint of `tokens` one of this trial too: it then stays though the other one goes on or
  /// is released. Returns its own name.
  Result<std::string> adopt(const std::string& name, std::int64_t tokens) const;

  /// The host's log names the checkpoint where a leg starts until a newer one is committed, and the host may fall
  /// behind by any time: that file stays until the next leg starts. That of a rung stays until the next rung.
  void start_leg(std::string name) { leg_start_ = std::move(name); }
  void reach_rung(std::string name) { rung_ = std::move(name); }

  /// After a checkpoint of `tokens` was written: removes older ones but the last few and those that stay.
  Result<void> prune(std::int64_t tokens) const;

  /// Removes all checkpoints, of this process or an earlier one; everything else stays.
  Result<void> clear() const;

 private:
  Path root_;
  std::string folder_, leg_start_, rung_;
};

}  // namespace pegbox::trainer
