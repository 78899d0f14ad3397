// none: the method that trains nothing: a trial is the base model as it is, asked and measured.
#pragma once

#include "train/method/method.h"

namespace pegbox::train {

/// Of a base in any form. There is nothing to save.
Result<std::unique_ptr<Method>> make_none(const TrainConfig& config, const BaseModel& base);

}  // namespace pegbox::train
