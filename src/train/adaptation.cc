// adaptation: see adaptation.h.
#include "train/adaptation.h"

#include <algorithm>

#include "base/rng.h"
#include "text/data_order.h"
#include "train/gradients.h"
#include "train/optim/clipping.h"

namespace pegbox::train {

namespace {

/// A learner's values, which come back at the end.
class KeptValues {
 public:
  explicit KeptValues(Learner& learner) : learner_(learner) {
    for (const Parameter& parameter : learner.parameters()) values_.push_back(parameter.value.clone());
  }
  ~KeptValues() { set(values_); }
  KeptValues(const KeptValues&) = delete;
  KeptValues& operator=(const KeptValues&) = delete;

  void set(const Tensors& values) {
    for (std::size_t i = 0; i < values.size(); ++i) learner_.parameters()[i].value.copy_(values[i]);
  }

 private:
  Learner& learner_;
  Tensors values_;
};

void adapt(Learner& learner, const Adaptation& adaptation, const Task& task, Lanes& lanes) {
  const TrainConfig& config = learner.config();
  const auto optimizer = make_optimizer(config, learner.parameters());
  const auto seed = Rng({static_cast<std::uint64_t>(config.seed), stream_id("adaptation"), 0}).next_u64();
  text::DataOrder order(std::ssize(task.rows), seed);
  for (std::int64_t step = 0; step < config.adapt_steps; ++step) {
    std::vector<std::int64_t> rows = order.next(config.batch_size);
    for (std::int64_t& row : rows) row = task.rows[static_cast<std::size_t>(row)];
    const StepBatch batch = adaptation.batch_of(std::move(rows));
    const Lesson lesson{&learner, &batch};
    leave_gradients({&lesson, 1}, lanes);
    const Tensors gradients = learner.summed_gradients();
    clip_all(config, learner.parameters(), gradients);
    optimizer->step(gradients, config.learning_rate);
  }
  learner.forget_gradients();
}

}  // namespace

Evaluation evaluate_adapted(Learner& learner, const Adaptation& adaptation, const EvaluationRows& rows, Lanes& lanes) {
  KeptValues kept(learner);
  return evaluate_sets(learner.decoder(), rows, lanes, learner.micro_batch_tokens(),
                       [&](const RowSet& set) -> const Network& {
                         kept.set(adaptation.initialization);
                         const auto task = std::ranges::find(adaptation.tasks, set.name, &Task::name);
                         if (task != adaptation.tasks.end()) adapt(learner, adaptation, *task, lanes);
                         return learner.network();
                       });
}

}  // namespace pegbox::train
