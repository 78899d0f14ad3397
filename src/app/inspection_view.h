// inspection_view: what `pegbox-trainer inspect` found, as text for people.
#pragma once

#include <string>

#include "base/json.h"

namespace pegbox {

/// A table of the layers, notable heads, losses by kind of token and by position, and the findings. `width`: of the
/// terminal; 0: any.
std::string inspection_text(const Json& inspection, int width, bool has_unicode);

}  // namespace pegbox
