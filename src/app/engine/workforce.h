// Workforce: the workers that an engine (Slurm, Ray) runs for a study on other machines.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace pegbox {

/// A worker that was hired, until it has left.
struct Hand {
  std::string name;   ///< as the workers' names in the log begin: "slurm-17_3"
  bool runs = false;  ///< else it waits for a machine
  std::string why{};  ///< it waits: in the engine's word, such as "Resources"
};

/// To be used by one thread.
class Workforce {
 public:
  virtual ~Workforce() = default;

  /// Those that run or wait, also such as an earlier process hired for the study. Io if the engine does not answer now.
  virtual Result<std::vector<Hand>> look() = 0;

  /// Asks for `count` more; their names. An error, with what to do about it, if the engine refuses.
  virtual Result<std::vector<std::string>> hire(int count) = 0;

  /// Tells them to leave: who runs hands its trials back with a snapshot, who waits is hired no more.
  virtual Result<void> dismiss(const std::vector<std::string>& names) = 0;

  /// The end of what a worker wrote, for messages; empty if there is nothing.
  virtual std::string last_words(const std::string& name) = 0;
};

}  // namespace pegbox
