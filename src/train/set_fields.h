// set_fields: the rows of the field table that say what is learned from several sets: in a stream, or as tasks.
#pragma once

#include <vector>

#include "train/train_config.h"

namespace pegbox::train {

std::vector<Field<TrainConfig>> stream_rows();
std::vector<Field<TrainConfig>> meta_rows();

}  // namespace pegbox::train
