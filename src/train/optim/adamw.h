// AdamW: Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019), as in PyTorch.
#pragma once

#include "train/optim/optimizer.h"

namespace pegbox::train {

std::unique_ptr<Optimizer> make_adamw(const TrainConfig& config, const std::vector<Parameter>& parameters);

}  // namespace pegbox::train
