// Schedule: the learning rate as a factor of its peak, by how much of the run is over.
#pragma once

#include <string_view>
#include <vector>

#include "train/train_config.h"

namespace pegbox::train {

/// What a schedule depends on; fractions of the run.
struct ScheduleShape {
  double warmup_fraction = 0, decay_fraction = 0;
};

using ScheduleFunction = double (*)(double progress, const ScheduleShape& shape);

std::vector<std::string_view> schedule_names();

/// A known name: factor in [0, 1] at `progress` in [0, 1]. The rate rises linearly from 0 until warmup_fraction; what
/// follows is the named curve. A step takes the factor in the middle of its tokens, so that neither the first nor the
/// last step is lost to a rate of 0, and a run's factors do not depend on where it is paused.
double schedule_factor(std::string_view name, double progress, const ScheduleShape& shape);

}  // namespace pegbox::train
