// adaptation: what an initialization is worth: the loss on each task after a few steps on its training rows.
#pragma once

#include <functional>
#include <vector>

#include "train/evaluate.h"
#include "train/lanes.h"
#include "train/learner.h"
#include "train/meta.h"

namespace pegbox::train {

/// How a learner is adapted.
struct Adaptation {
  const std::vector<Task>& tasks;
  const Tensors& initialization;  ///< [parameters], that each task's steps begin at
  /// A batch of these rows of the learner's data.
  std::function<StepBatch(std::vector<std::int64_t> rows)> batch_of;
};

/// The evaluation of `rows`, each set after `adapt_steps` of the learner's config with a fresh optimizer at the
/// constant learning_rate, on batches of the task of its name; a set that is no task: of the initialization. The same
/// batches every time. The learner's values are in the end as they were. Throws what libtorch throws.
Evaluation evaluate_adapted(Learner& learner, const Adaptation& adaptation, const EvaluationRows& rows, Lanes& lanes);

}  // namespace pegbox::train
