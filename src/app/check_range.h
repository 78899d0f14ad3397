// check_range: whether the number that a flag was given is one that it takes.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string>

#include "base/result.h"

namespace pegbox {

/// InvalidInput where it is not.
inline Result<void> check_range(const char* flag, std::int64_t value, std::int64_t low,
                                std::int64_t high = std::numeric_limits<std::int64_t>::max()) {
  if (value >= low && value <= high) return {};
  const bool is_bounded = high < std::numeric_limits<std::int64_t>::max();
  return fail(ErrorKind::InvalidInput,
              {.where = flag,
               .what = "out of range",
               .got = std::to_string(value),
               .expected = is_bounded ? fmt::format("{} to {}", low, high) : fmt::format("{} or more", low)});
}

}  // namespace pegbox
