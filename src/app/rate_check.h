// Rate check: whether a learning rate is one that its method and model size were ever trained well with.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"

namespace pegbox {

/// What is odd about the rate of a run, of which the trainer's preflight or `facts` say "model" and "run", in words: it
/// lies more than two standard deviations from what the prior of the method's default space says. Nothing if it does
/// not, or nothing is known.
std::optional<std::string> odd_rate(const Json& preflight);

}  // namespace pegbox
