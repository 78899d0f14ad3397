// SGD: gradient descent with momentum (Polyak 1964; Nesterov 1983), as torch.optim.SGD: the decay is part of the
// gradient.
#pragma once

#include "train/optim/optimizer.h"

namespace pegbox::train {

std::unique_ptr<Optimizer> make_sgd(const TrainConfig& config, const std::vector<Parameter>& parameters);

}  // namespace pegbox::train
