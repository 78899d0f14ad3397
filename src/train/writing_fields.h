// Writing fields: those of a run that say what its model is asked, and how it writes.
#pragma once

#include <vector>

#include "base/field_table.h"
#include "train/train_config.h"

namespace pegbox::train {

std::vector<Field<TrainConfig>> writing_fields();

}  // namespace pegbox::train
