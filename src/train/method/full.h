// full: all weights are trained, from a base model or from random values.
#pragma once

#include "train/method/method.h"

namespace pegbox::train {

Result<std::unique_ptr<Method>> make_full(const TrainConfig& config, const Decoder& decoder, const Weights& base,
                                          const std::string& base_name);

}  // namespace pegbox::train
