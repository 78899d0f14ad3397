// gpt2_family: GPT-2, with learned positions, layer norms and biases. The facts are those of transformers' GPT2Config.
#pragma once

#include "train/model/family.h"

namespace pegbox::train {

extern const Family kGpt2;

}  // namespace pegbox::train
