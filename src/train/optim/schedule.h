// Schedule: the learning rate as a factor of its peak, by how much of the run is over.
#pragma once

#include <string_view>
#include <vector>

#include "train/train_config.h"

namespace pegbox::train {

/// What a schedule depends on; fractions of the run.
struct ScheduleShape {
  double warmup_fraction = 0, decay_fraction = 0;
  double cycles = 3;      ///< of cosine_restarts
  double power = 2;       ///< of polynomial
  double final_rate = 0;  ///< where curves that fall to an end arrive

  static ScheduleShape of(const TrainConfig& config);
};

std::vector<std::string_view> schedule_names();

/// A known name: factor in [0, 1] at `progress` in [0, 1]. The rate rises linearly from 0 until warmup_fraction; what
/// follows is the named curve. one_cycle has a rise of its own. plateau is constant here: what it does depends on the
/// validation loss (validation_watch.h). A step takes the factor in the middle of its tokens, so that neither the first
/// nor the last step is lost to a rate of 0, and a run's factors do not depend on where it is paused; schedules of
/// PyTorch and transformers take it before or after the step: the curves are the same, half a step apart.
double schedule_factor(std::string_view name, double progress, const ScheduleShape& shape);

}  // namespace pegbox::train
