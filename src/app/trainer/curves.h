// Curves: what a run measures on its way, in event files for TensorBoard.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/event_file.h"
#include "base/protocol.h"
#include "train/run.h"

namespace pegbox::trainer {

class Curves {
 public:
  using Log = std::function<void(const std::string&)>;

  /// Of a run that now goes on; an empty folder: nothing is written. Where writing fails, `log` is told, and the run
  /// goes on without.
  Curves(const Path& folder, const train::TrainingRun& run, Log log);

  /// Loss, gradient norm and learning rate of the step that ended at `tokens`.
  void add(std::int64_t tokens, const train::StepReport& step);
  void add(std::int64_t tokens, const Metrics& metrics);

 private:
  void check(const Result<void>& written);
  Log log_;
  std::optional<EventFile> file_;
};

}  // namespace pegbox::trainer
