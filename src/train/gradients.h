// gradients: one step's forward and backward passes of one learner, or of several that share their passes.
//
// The rows of learners that train LoRA on one base are packed into the same micro-batches: the frozen weights act once
// on all rows, each learner's own values on its own. Learners of other kinds share the lanes alone. Nothing that a
// learner gets depends on the others, but for rounding.
#pragma once

#include <span>
#include <vector>

#include "train/lanes.h"
#include "train/learner.h"

namespace pegbox::train {

/// A learner and what it learns from in this step.
struct Lesson {
  Learner* learner = nullptr;
  const StepBatch* batch = nullptr;
};

/// Leaves the gradients of each learner's mean loss over the labels of its batch, and returns the losses. What is
/// thrown leaves no gradient of use.
std::vector<double> leave_gradients(std::span<const Lesson> lessons, Lanes& lanes);

}  // namespace pegbox::train
