// Scalars of YAML 1.2's core schema: what a plain word is.
#pragma once

#include <string>

#include "base/json.h"

namespace pegbox {

/// The value of a plain (unquoted) scalar: null, a boolean, an integer, a real number, or else the text itself.
/// Infinities and NaN become the strings "inf", "-inf" and "nan". Whole numbers beyond 64 bits become reals.
Json plain_yaml_scalar(const std::string& text);

}  // namespace pegbox
