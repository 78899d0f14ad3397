// Source points: values of an earlier study on the axes of a new one.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "search/space.h"

namespace pegbox {

/// How far beyond a range, in lengths of it, an earlier study's number still says something.
inline constexpr double kMaxBeyond = 1;

/// The parameter's values in `config`, times `factor`, with their names; nothing if it has none, or none that is
/// possible here: a choice must be one of the parameter's (with a factor: the nearest), a number may be beyond the
/// range. The factor is for numbers only.
std::optional<std::vector<std::pair<std::string, Value>>> shifted_values(const Parameter& parameter,
                                                                         const Config& config, double factor);

/// `config` as a point for models, [d]: as `encode`, but numbers beyond a range stand below 0 or above 1, and
/// conditions do not count: what has a value is active.
std::vector<double> encode_beyond(const Space& space, const Config& config);

}  // namespace pegbox
