// method_fields: the rows of the field table that single methods read, and merging.
#pragma once

#include <vector>

#include "train/train_config.h"

namespace pegbox::train {

std::vector<Field<TrainConfig>> method_rows();
std::vector<Field<TrainConfig>> merge_rows();

}  // namespace pegbox::train
