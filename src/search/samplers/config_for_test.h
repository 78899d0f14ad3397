// Numbers out of configurations. For tests of this room.
#pragma once

#include <string_view>

#include "search/config.h"

namespace pegbox {

/// Of a configuration that has it.
inline double number(const Config& config, std::string_view name) { return as_number(*config.find(name)); }

}  // namespace pegbox
