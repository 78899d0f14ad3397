// optim_fields: the rows of the field table that say how a run takes its steps.
#pragma once

#include <vector>

#include "train/train_config.h"

namespace pegbox::train {

std::vector<Field<TrainConfig>> optimizer_rows();
std::vector<Field<TrainConfig>> schedule_rows();
std::vector<Field<TrainConfig>> stability_rows();

}  // namespace pegbox::train
