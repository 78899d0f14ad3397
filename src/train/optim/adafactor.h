// Adafactor: squares of gradients kept as one row and one column (Shazeer & Stern 2018, arXiv 1804.04235).
//
// As transformers' Adafactor with the rate from outside: relative_step and scale_parameter false, decay_rate -0.8,
// clip_threshold 1. `epsilon` is its eps[0]. beta1 above 0 keeps a mean of the updates, which costs the memory that
// Adafactor saves.
#pragma once

#include "train/optim/optimizer.h"

namespace pegbox::train {

std::unique_ptr<Optimizer> make_adafactor(const TrainConfig& config, const std::vector<Parameter>& parameters);

}  // namespace pegbox::train
