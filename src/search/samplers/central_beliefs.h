// Central beliefs: what a range says by itself. Whoever writes one puts what they believe in near its middle.
#pragma once

#include "search/space.h"

namespace pegbox {

/// How far from the middle the best is looked for at first: one standard deviation, as a part of the axis. Wide: the
/// ends keep 0.36 of the middle's density.
inline constexpr double kCentralSpread = 0.35;

/// The space with a prior around the middle of the range for each number, and around the middle choice for each ordered
/// choice of three or more, that has no prior of its own. Same axes, same configurations. Without it a model of few
/// points in many dimensions first asks about the corners, where it knows least and where the best hardly ever is.
Space with_central_beliefs(const Space& space);

/// The space without the priors of numbers and ordered choices: what is left where they are doubted. Weights of choices
/// stay: one of little weight is tried now and then all the same. Same axes, same configurations.
Space without_priors(const Space& space);

}  // namespace pegbox
