// GenerationFlags: how a model goes on with a prompt, as it is told on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/option.h"
#include "base/json.h"

namespace pegbox {

struct GenerationFlags {
  static constexpr double kUnsaid = -1e9;

  std::int64_t tokens = 0, top_k = 0, beams = 0;  ///< 0: not said
  double temperature = kUnsaid, top_p = kUnsaid, length_penalty = kUnsaid;
  std::vector<std::string> stop;

  std::vector<Option> options();

  /// The trainer's fields of the flags that were given.
  Json fields() const;
};

}  // namespace pegbox
