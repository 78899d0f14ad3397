// Lion: the sign of a mean of gradients (Chen et al. 2023, arXiv 2302.06675, program 1).
#pragma once

#include "train/optim/optimizer.h"

namespace pegbox::train {

std::unique_ptr<Optimizer> make_lion(const TrainConfig& config, const std::vector<Parameter>& parameters);

}  // namespace pegbox::train
