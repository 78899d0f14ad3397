// Pareto: dominance, fronts, crowding and hypervolume of points with several objectives, all to be minimized.
//
// Points are rows of m objectives. A point dominates another if it is nowhere larger and somewhere smaller.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"

namespace pegbox::math {

/// 0 for points that no other dominates, 1 for those that only points of rank 0 dominate, and so on. Equal points share
/// a rank. InvalidInput if `points` is not [n, m], m >= 1, or holds a value that is not a number; infinities are
/// allowed.
Result<std::vector<int>> non_dominated_ranks(std::span<const double> points, int objectives);

/// Indices of rank 0, in ascending order.
Result<std::vector<int>> pareto_front(std::span<const double> points, int objectives);

/// How lonely each point of one front is: the sum over objectives of the distance between its neighbours there, as a
/// part of the front's range; infinity at the ends of an objective. Deb et al., "A fast and elitist multiobjective
/// genetic algorithm: NSGA-II", IEEE TEC 6 (2002). The points must be finite. InvalidInput as above.
Result<std::vector<double>> crowding_distances(std::span<const double> points, int objectives);

/// The volume that the points dominate within the box below `reference` (Zitzler 1999); points not below it in every
/// objective add nothing. Exact: by a sweep for 2 objectives, by WFG (While, Bradstreet, Barone, IEEE TEC 16 (2012))
/// for more; meant for some hundreds of points with 3 objectives, some tens with 6. InvalidInput as above, or if
/// `reference` is not m finite numbers.
Result<double> hypervolume(std::span<const double> points, std::span<const double> reference);

}  // namespace pegbox::math
