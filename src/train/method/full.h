// full: all weights are trained, from a base model or from random values.
#pragma once

#include "train/method/method.h"

namespace pegbox::train {

Result<std::unique_ptr<Method>> make_full(const TrainConfig& config, const BaseModel& base);

}  // namespace pegbox::train
