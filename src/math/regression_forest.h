// RegressionForest: bagged regression trees over the unit cube, as the pieces into which each tree cuts the cube.
//
// A tree is grown on a bootstrap of the points until every leaf holds one value, each split being the one that lowers
// the squared error most (CART: Breiman et al. 1984; bagging: Breiman, Machine Learning 24 (1996)). Numbers split
// half-way between two observed values; choices into two sets, which is optimal if sets are sought in the order of
// their means (Fisher 1958). An axis that may be inactive is split only where all points of a node are active on it, so
// that nothing depends on it elsewhere; a node where such a split would be best is first split by what makes it active.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace pegbox::math {

inline constexpr int kMostForestChoices = 64;

/// One axis of the cube. Coordinates: of a number in [0, 1]; of a choice its index, 0 to choices - 1; of an inactive
/// axis not a number.
struct ForestAxis {
  int choices = 0;  ///< 0: a number; else 2 to kMostForestChoices
};

/// What a leaf holds of one axis: an interval of a number, or a set of choices as bits.
struct LeafSide {
  double low = 0, high = 1;
  std::uint64_t choices = ~0ull;

  double width(const ForestAxis& axis) const;  ///< as a part of the axis, in (0, 1]
};

/// One tree: disjoint boxes that fill the cube, and what it predicts in each.
struct RegressionTree {
  std::vector<double> values;   ///< [leaves]
  std::vector<double> volumes;  ///< [leaves]; they sum to 1
  std::vector<LeafSide> sides;  ///< [leaves, d]

  std::size_t leaves() const { return values.size(); }
};

struct ForestOptions {
  int trees = 64;
  std::uint64_t seed = 0;
  int threads = 1;  ///< the trees do not depend on it
};

/// Trees on points [n, d] and finite values [n], n >= 1, d >= 1. InvalidInput for other shapes, coordinates that are
/// none, and axes with too many choices.
Result<std::vector<RegressionTree>> grow_forest(std::span<const ForestAxis> axes, std::span<const double> points,
                                                std::span<const double> values, const ForestOptions& options);

}  // namespace pegbox::math
