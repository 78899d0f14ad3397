// WorkerTrial: one trial of a worker: its run while it is in memory, its checkpoints while it is not.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/trainer/checkpoint_folder.h"
#include "app/trainer/curves.h"
#include "app/trainer/workplace.h"
#include "base/clock.h"
#include "base/protocol.h"

namespace pegbox::trainer {

/// How the last slice of a trial ended.
enum class Slice : std::uint8_t { Going, Measured, Reached, Finished };

class WorkerTrial {
 public:
  using Log = std::function<void(const std::string&)>;

  /// A new trial, or one that goes on from `resume`, the name of a checkpoint below the settings' folder. An own
  /// checkpoint that is lost or damaged is replaced by the newest older one, else by the beginning, and `log` told.
  /// OutOfMemory, with numbers, if it does not fit beside what is in memory now.
  static Result<std::unique_ptr<WorkerTrial>> start(Workplace& workplace, const Settings& settings,
                                                    const Json& defaults, const message::Start& start,
                                                    const Clock& clock, const Log& log);

  /// Whether the trial needs more memory than the machine has, or its control groups allow.
  static bool never_fits(Workplace& workplace, const Json& defaults, const message::Start& start);

  /// Whether it was refused since its shares, tokens and batch leave a stage of a stream without a batch; another
  /// trial's may not.
  static bool leaves_no_room(const Error& error, Workplace& workplace, const Json& defaults,
                             const message::Start& start);

  std::int64_t number() const { return number_; }
  std::int64_t tokens() const { return tokens_; }
  bool in_memory() const { return owned_ != nullptr; }
  std::uint64_t bytes() const;                                    ///< that its run holds in memory now
  double step_bytes() const { return need_.parameters_bytes(); }  ///< that it holds in a step, but for activations

  /// Whether the checkpoint is this trial's own and of exactly where it waits in memory.
  bool is_at(const message::Resume& resume) const;

  /// Trains on to `until` tokens (0: to the end). A run that was dropped is loaded again; without a checkpoint it
  /// begins again.
  Result<void> go(std::int64_t until);
  std::int64_t until() const { return until_; }

  /// The run, to take a step of. While it is in memory.
  train::TrainingRun& run() { return *owned_->run; }

  /// Counts a step of the run, which took `seconds`. `alone`: no other trial was in memory's way, so that a shortage
  /// says something of this one's need.
  void count(const train::StepReport& step, double seconds, bool alone);

  /// Whether it has trained to its next measurement, to a border of a stream's stages, or to the end of its leg.
  bool arrived() const;

  /// Measures, if it has arrived. `step` is where it stands in the protocol's count; `metrics` belong to it unless it
  /// is going on. `other_bytes`: what other trials held in memory at its peak, which is not this one's need.
  struct Outcome {
    Slice slice = Slice::Going;
    std::int64_t step = 0;
    Metrics metrics;
  };
  Result<Outcome> outcome(double other_bytes);

  /// Writes a checkpoint and returns its name, "trial-7/tokens-4096.safetensors". The last three are kept, that where
  /// its leg began, and that of its last rung: this one if the trial is now `at_rung`.
  Result<std::string> checkpoint(bool at_rung = false);
  bool checkpoint_is_due() const;

  /// After memory ran out: back to the newest checkpoint, or to the beginning, with half the micro-batch, which changes
  /// no result. OutOfMemory if it is as small as can be, or if there is not enough for that either.
  Result<void> repair();
  Result<void> go_back();  ///< to the newest checkpoint, or to the beginning

  Result<void> save_result();  ///< to trial-N/final
  void drop();

 private:
  WorkerTrial(Workplace& workplace, const Settings& settings, const Clock& clock, const Log& log, std::int64_t number)
      : workplace_(workplace),
        settings_(settings),
        clock_(clock),
        log_(log),
        number_(number),
        files_(settings.folder, number) {}
  Result<void> load(const std::string& checkpoint);
  Result<void> restore(const std::string& checkpoint, OwnedRun& into);
  Result<void> restore_or_older(const std::string& checkpoint, OwnedRun& into);
  Result<Metrics> measure(Slice slice, double other_bytes);
  void note_memory();
  void learn_shortage(const train::MemoryNeed& need);  ///< of a run whose micro-batch was halved
  TeacherModel* teacher() const { return config_.distill_weight > 0 ? workplace_.teacher.get() : nullptr; }
  std::string checkpoint_name() const { return files_.name_at(tokens_); }  // of where it stands
  std::int64_t end() const;
  std::int64_t next_measurement() const;

  Workplace& workplace_;
  const Settings& settings_;
  const Clock& clock_;
  Log log_;
  std::int64_t number_;
  CheckpointFolder files_;
  train::TrainConfig config_;
  std::unique_ptr<OwnedRun> owned_;
  std::optional<Curves> curves_;  // while the run is in memory
  std::int64_t until_ = 0, tokens_ = 0;
  std::int64_t measured_at_ = 0;      // tokens
  std::int64_t interval_tokens_ = 0;  // since the last measurement, for the speed
  std::int64_t interval_steps_ = 0;   // that were taken since then
  double interval_norms_ = 0;         // the sum of their gradients' norms
  double largest_loss_ = 0;           // of these steps
  double interval_s_ = 0, trained_s_ = 0, last_checkpoint_s_ = 0;
  train::MemoryNeed need_;        // of the run, with the micro-batch and the pool that it has
  double beside_rows_ = 0;        // the most of the pool so far
  std::int64_t micro_batch_ = 0;  // the same one
  std::string newest_;            // of its checkpoints; empty: none
};

}  // namespace pegbox::trainer
