// Schedule-free AdamW: steps from an average instead of a decaying rate (Defazio et al. 2024, arXiv 2405.15682).
//
// As AdamWScheduleFree of the authors' package, r = 0 and weights by the square of the largest rate. Gradients are
// taken at y = (1 - beta1) z + beta1 x; the average x is what is evaluated and saved. Warmup comes with the rate.
#pragma once

#include "train/optim/optimizer.h"

namespace pegbox::train {

std::unique_ptr<Optimizer> make_schedule_free(const TrainConfig& config, const std::vector<Parameter>& parameters);

}  // namespace pegbox::train
