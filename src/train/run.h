// TrainingRun: one model in training: the one loop for every method, its evaluation, its snapshots.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "text/tokenized.h"
#include "train/consolidation.h"
#include "train/evaluate.h"
#include "train/lanes.h"
#include "train/learner.h"
#include "train/memory.h"
#include "train/meta.h"
#include "train/model/model_files.h"
#include "train/optim/optimizer.h"
#include "train/optim/spike_guard.h"
#include "train/optim/validation_watch.h"
#include "train/optim/weight_average.h"
#include "train/snapshot.h"
#include "train/stages.h"
#include "train/step_report.h"
#include "train/teacher.h"
#include "train/train_config.h"

namespace pegbox::train {

class TrainingRun;

/// What a run is told about memory.
struct RunMemory {
  MemoryCorrection correction;
  double evaluation_tokens = 0;  ///< of its validation data
  /// The runs that it will take its steps with, as they are when it is created.
  std::vector<TrainingRun*> pool{};
};

class TrainingRun {
 public:
  /// All but `config` must outlive the run. `config.seed` decides initial values, the order of rows and dropout.
  /// `teacher`: what one says of `train`, in the config's form (soft_label_form), where distill_weight is above 0.
  /// InvalidInput if config, model and data do not fit together; OutOfMemory, with numbers, if the run would not fit
  /// now or never.
  static Result<std::unique_ptr<TrainingRun>> create(const BaseModel& model, const TrainConfig& config,
                                                     const text::TokenizedRows& train, Lanes& lanes,
                                                     const RunMemory& memory = {},
                                                     std::shared_ptr<Teacher::Answers> teacher = nullptr);

  /// What such a run needs besides the model's weights. InvalidInput if the config does not fit the model.
  static Result<MemoryNeed> memory_need(const BaseModel& model, const TrainConfig& config, int lanes,
                                        const RowLengths& rows, const MemoryCorrection& correction = {},
                                        const TeacherNeed& teacher = {});
  /// What this one needs, with the micro-batch that it has, while `beside_rows` rows of others share its passes.
  MemoryNeed memory_need(double beside_rows = 0) const;
  /// Rows of the batches of those of a pool, but for this one, that may share passes with its own.
  double beside_rows(std::span<TrainingRun* const> pool) const;
  std::int64_t micro_batch() const { return learner_->micro_batch_tokens(); }  ///< tokens that a lane takes at once
  double room_bytes() const { return room_bytes_; }                            ///< that there were for it when it began

  /// Halves the micro-batch, after memory ran out; false if it is as small as the longest row already.
  bool halve_micro_batch();
  std::int64_t bytes();  ///< what it holds now between steps, besides the model's weights

  /// One optimizer step: an effective batch in micro-batches, spread over the lanes. Where memory runs out in a pass,
  /// micro-batches are halved and the pass begins again; the batch stays. Diverged if the loss or a gradient is not a
  /// number, OutOfMemory with one row at a time, or outside of the passes; the run is then of no further use.
  Result<StepReport> step();

  /// The same in three parts, so that runs can take their steps together (pool.h): what to learn from, then
  /// leave_gradients by the learner, then the rest, with the batch's loss.
  StepBatch begin_step();
  Learner& learner() { return *learner_; }
  Result<StepReport> end_step(const StepBatch& batch, double loss);

  /// Steps until at least `tokens` are consumed, or the end. `before_step` may stop it by returning false;
  /// `after_step` is told of each step.
  Result<void> train_until(std::int64_t tokens, const std::function<bool()>& before_step = {},
                           const std::function<void(const StepReport&)>& after_step = {});

  std::int64_t tokens() const { return tokens_; }  ///< consumed so far, prompts included
  std::int64_t steps() const { return steps_; }
  std::int64_t total_tokens() const { return total_tokens_; }       ///< of the whole run
  std::int64_t skipped_steps() const { return spikes_.skipped(); }  ///< of steps(), not taken
  bool finished() const { return tokens_ >= total_tokens_ || watch_.stopped(); }
  const TrainConfig& config() const { return config_; }
  std::int64_t trainable_parameters() const;

  /// Mean loss over the labels trained on since the last call; NaN if there were none.
  double take_train_loss();

  /// Of the averages where some are kept, else of the parameters; after `take_best` of the best ones. Of an
  /// initialization that is learned: after `adapt_steps` steps on each set (adaptation.h).
  Result<Evaluation> evaluate(const EvaluationRows& rows);

  /// Calls `use` with the network that is evaluated and saved.
  Result<void> with_shown(const std::function<Result<void>(const Network&)>& use) const;
  std::int64_t shown_bytes() const;  ///< of what is saved

  Stages& stages() { return *stages_; }
  bool wants_losses() const { return stages_->wants_losses(tokens_); }  ///< of the sets of a stream, and of all rows

  /// Tells the run its validation loss of now, a number: a plateau lowers the rate, early_stop ends the run, and
  /// restore_best keeps the lowest one's weights. True if it is the lowest so far.
  bool observe(double validation_loss);

  /// Makes the weights of the lowest validation loss those that are evaluated and saved; the run's state stays. For a
  /// run that is finished. False, with nothing changed, without restore_best or before any loss was observed.
  bool take_best();

  Snapshot snapshot();
  Result<void> save_checkpoint(const Path& path);  ///< a snapshot in a file, without a copy in memory
  /// InvalidInput, with the run unchanged, if the snapshot is of other data or of parameters of another shape.
  Result<void> restore(const Snapshot& snapshot);

  /// The trained model or adapter, of what is evaluated, in the format of others.
  Result<void> save(const Path& folder) const;

  /// Gradients of the mean loss over `rows`' labels, by parameter, without a step. For probes and tests.
  Result<NamedTensors> gradients(const std::vector<std::int64_t>& rows);
  const Network& network() const { return learner_->network(); }
  const std::vector<Parameter>& parameters() const { return learner_->parameters(); }

 private:
  TrainingRun(const BaseModel& model, const TrainConfig& config, const text::TokenizedRows& train, Lanes& lanes,
              const RunMemory& memory, std::shared_ptr<Teacher::Answers> teacher);
  Result<void> start(std::span<TrainingRun* const> pool);
  Result<void> check_memory(std::span<TrainingRun* const> pool);
  RowLengths pass_rows(double beside_rows) const;
  MemoryModel memory_model(double beside_rows) const;
  StepBatch batch_of(std::vector<std::int64_t> rows) const;
  double progress() const { return static_cast<double>(tokens_) / static_cast<double>(total_tokens_); }
  void begin_next_stage();
  void make_steps();
  void take_step(const Tensors& gradients, StepReport& report);
  void end_task_step(const Tensors& gradients, double factor);
  Evaluation evaluate_tasks(const EvaluationRows& rows);
  Tensors averages() const;
  NamedTensors live();
  Snapshot state();
  Tensors shown() const;
  void keep_copy();
  void go_back();

  const BaseModel& model_;
  TrainConfig config_;
  const text::TokenizedRows& train_;
  Lanes& lanes_;
  std::shared_ptr<Teacher::Answers> teacher_;  // none without distill_weight
  MemoryCorrection correction_;
  RowLengths lengths_;
  std::int64_t total_tokens_ = 0;
  double room_bytes_ = 0;

  std::unique_ptr<Learner> learner_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<WeightAverage> average_;
  ValidationWatch watch_;
  SpikeGuard spikes_;
  NamedTensors copy_;  // of what is live, to go back to; empty: none is kept
  Tensors best_;       // [parameters], of the lowest validation loss; empty: none is kept
  bool best_taken_ = false;
  std::unique_ptr<Stages> stages_;
  Consolidation consolidation_;
  std::unique_ptr<MetaLearning> meta_;  // none without tasks

  std::int64_t tokens_ = 0, steps_ = 0;
  double interval_loss_ = 0;  // sum over interval_labels_, since take_train_loss
  std::int64_t interval_labels_ = 0;
};

}  // namespace pegbox::train
