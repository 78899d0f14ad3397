// Training reference: docs/training.md, made from the trainer's fields, the default spaces and the laws.
#pragma once

#include <string>

#include "base/json.h"

namespace pegbox {

/// Markdown. `fields`: what `pegbox-trainer fields` prints.
std::string training_reference(const Json& fields);

}  // namespace pegbox
