// Default spaces: what to search for each method of the trainer, when nothing else is said, and why.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace pegbox {

struct DefaultParameter {
  std::string_view name;
  std::string_view values;  ///< as in a study file: "{range: [1e-5, 1e-2], scale: log, prior: lora_rate}"
  std::string_view reason;  ///< one short line
  std::string_view first;   ///< its value in the configuration to try first; empty: it does not exist there
};

std::vector<std::string> methods_with_default_space();  ///< "lora", "full", ...

/// InvalidInput, with the nearest name, for a method that has none.
Result<std::span<const DefaultParameter>> default_space(const std::string& method);

Json space_json(std::span<const DefaultParameter> parameters);         ///< `space:`
Json first_config_json(std::span<const DefaultParameter> parameters);  ///< one entry of `try_first:`

}  // namespace pegbox
