// Number: small facts that several readers and writers of numbers share.
#pragma once

#include <limits>

namespace pegbox {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// An ASCII digit, whatever the locale.
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace pegbox
