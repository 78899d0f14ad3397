// MetaLearning: an initialization that is learned over tasks, so that a few steps on a task go far: Reptile (Nichol et
// al. 2018, arXiv 1803.02999) and first-order MAML (Finn et al. 2017, arXiv 1703.03400; section 5 there).
//
// The sets of the data are the tasks. In each, the run takes `inner_steps` steps from the initialization a, as a run of
// its own would: with a fresh optimizer, at the constant `learning_rate`. After `meta_batch` tasks, which come in turn
// in an order that is new in each round, the initialization moves once, with e = outer_rate · schedule:
//   reptile   a <- a + e · mean of (w - a), w being what a task's steps led to
//   fomaml    a step of an optimizer of its own at the rate e · learning_rate, with the mean of the gradients that one
//             more batch of each task has at w
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/data_order.h"
#include "text/tokenized.h"
#include "train/optim/optimizer.h"
#include "train/train_config.h"

namespace pegbox::train {

/// A set of the training data.
struct Task {
  std::string name;
  std::vector<std::int64_t> rows;
  bool is_held_out = false;  ///< of weight 0: nothing is learned for it, but it may be adapted to (adaptation.h)
};

/// The sets that have a row. InvalidInput: data without sets, a stream, weights that are neither 0 nor alike, fewer
/// than two sets to learn.
Result<std::vector<Task>> tasks_of(const TrainConfig& config, const text::TokenizedRows& rows);

class MetaLearning {
 public:
  /// Of a config whose `meta` is not none. `parameters` are shared: they are the initialization between tasks.
  static Result<std::unique_ptr<MetaLearning>> create(const TrainConfig& config, const text::TokenizedRows& rows,
                                                      const std::vector<Parameter>& parameters);

  std::vector<std::int64_t> next(std::int64_t count);  ///< rows of the task for the next step

  /// Whether the next step's gradients are what a task has to say at its end, and no step is taken by them.
  bool is_query() const { return query_ && step_ == inner_steps_; }

  /// After a step, with its gradients [parameters]; none where it was skipped. True if the task is over: the parameters
  /// are the initialization, which moved if this was the last task of a batch. `factor`: the schedule's.
  bool end_step(const Tensors& gradients, double factor);
  bool has_moved() const { return turn_ == 0 && step_ == 0; }  ///< between batches of tasks

  const Tensors& initialization() const { return initialization_; }  ///< [parameters]
  const std::vector<Task>& tasks() const { return tasks_; }

  NamedTensors state();  ///< live; writing into these tensors restores it
  Json position() const;
  void restore(const Json& position);

 private:
  MetaLearning(const TrainConfig& config, std::vector<Task> tasks, const std::vector<Parameter>& parameters);
  void begin_task();
  void move(double factor);

  double learning_rate_, outer_rate_;
  std::int64_t inner_steps_, meta_batch_;
  bool query_;  // fomaml
  std::vector<Task> tasks_;
  std::vector<Parameter> parameters_;
  Tensors initialization_, sum_;      // [parameters]; of the batch's tasks so far
  std::unique_ptr<Optimizer> outer_;  // fomaml

  std::vector<std::size_t> learned_;     // places of the tasks that are not held out
  text::DataOrder order_;                // of these
  std::vector<text::DataOrder> orders_;  // [learned], of a task's rows
  std::size_t task_ = 0;                 // among the learned
  std::int64_t step_ = 0, turn_ = 0;     // of the task; of the batch of tasks
};

/// Bytes that it keeps besides values and the optimizer of a task, for values and a state of so many; 0 without.
double meta_bytes(const TrainConfig& config, double values_bytes, double state_bytes);

}  // namespace pegbox::train
