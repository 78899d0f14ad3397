// The trial pool: training runs that take their steps together (design.md).
#pragma once

#include <span>
#include <vector>

#include "train/lanes.h"
#include "train/run.h"

namespace pegbox::train {

/// One optimizer step of each run, which all have the same lanes. The runs' micro-batches share passes (gradients.h),
/// and lanes share the optimizers' work. The report of each run is what its own step() would have returned, but for
/// rounding. A run that fails, fails alone: where common passes fail, each run takes its step by itself.
std::vector<Result<StepReport>> step_together(std::span<TrainingRun* const> runs, Lanes& lanes);

}  // namespace pegbox::train
