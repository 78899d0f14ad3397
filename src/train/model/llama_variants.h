// llama_variants: models built as Llama is, but for the norm or the gate: Arcee (no gate), StableLM (layer norms) and
// StarCoder 2 (both). The facts are those of transformers' configuration classes (5.23).
#pragma once

#include "train/model/family.h"

namespace pegbox::train {

extern const Family kArcee, kStableLm, kStarCoder2;

}  // namespace pegbox::train
