// gemma_families: Gemma 1, 2 and 3 (text): gains around 1, scaled embeddings, a gated GELU. The facts are those of
// transformers' configuration classes (5.23).
#pragma once

#include "train/model/family.h"

namespace pegbox::train {

extern const Family kGemma, kGemma2, kGemma3;

}  // namespace pegbox::train
