// WorkerTrial: one trial of a worker: its run while it is in memory, its checkpoints while it is not.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "app/trainer/workplace.h"
#include "base/clock.h"
#include "base/protocol.h"

namespace pegbox::trainer {

/// How the last slice of a trial ended.
enum class Slice : std::uint8_t { Going, Measured, Reached, Finished };

class WorkerTrial {
 public:
  /// A new trial, or one that goes on from `resume`, the name of a checkpoint below the settings' folder.
  static Result<std::unique_ptr<WorkerTrial>> start(Workplace& workplace, const Settings& settings,
                                                    const Json& defaults, const message::Start& start,
                                                    const Clock& clock);

  std::int64_t number() const { return number_; }
  std::int64_t tokens() const { return tokens_; }
  bool in_memory() const { return owned_ != nullptr; }
  std::uint64_t bytes() const;  ///< that its run holds in memory, about

  /// Whether the checkpoint is this trial's own and of exactly where it waits in memory.
  bool is_at(const message::Resume& resume) const;

  /// Trains on to `until` tokens (0: to the end). A run that was dropped is loaded again.
  Result<void> go(std::int64_t until);

  /// Trains for at most `seconds`. `step` is where it stands in the protocol's count; `metrics` belong to it if the
  /// slice measured, reached or finished.
  struct Outcome {
    Slice slice = Slice::Going;
    std::int64_t step = 0;
    Metrics metrics;
  };
  Result<Outcome> train(double seconds);

  /// Writes a checkpoint and returns its name, "trial-7/tokens-4096.safetensors". The last three are kept.
  Result<std::string> checkpoint();
  bool checkpoint_is_due() const;

  Result<void> save_result();  ///< to trial-N/final
  void drop() { owned_.reset(); }
  Result<void> forget();  ///< removes its checkpoints; its result stays

 private:
  WorkerTrial(Workplace& workplace, const Settings& settings, const Clock& clock, std::int64_t number)
      : workplace_(workplace), settings_(settings), clock_(clock), number_(number) {}
  Result<void> load(const std::string& checkpoint);
  Result<Metrics> measure();
  Path folder() const;
  std::string checkpoint_name() const;  // of where it stands
  std::int64_t end() const;

  Workplace& workplace_;
  const Settings& settings_;
  const Clock& clock_;
  std::int64_t number_;
  train::TrainConfig config_;
  std::unique_ptr<OwnedRun> owned_;
  std::int64_t until_ = 0, tokens_ = 0;
  std::int64_t interval_tokens_ = 0;  // since the last measurement, for the speed
  double interval_s_ = 0, trained_s_ = 0, last_checkpoint_s_ = 0;
  std::deque<std::string> checkpoints_;
};

}  // namespace pegbox::trainer
