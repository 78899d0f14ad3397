// Rank correlation: how far two sequences agree in order, whatever their scales.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"

namespace pegbox::math {

/// Ranks from 1; equal values share the mean of their ranks.
std::vector<double> ranks(std::span<const double> values);

/// Spearman's rho: the correlation of the ranks. In [-1, 1]. InvalidInput for lengths that differ, fewer than 2 pairs,
/// values that are not a number (infinities have a rank), or a sequence that is constant.
Result<double> spearman(std::span<const double> a, std::span<const double> b);

/// Kendall's tau-b (Kendall, "The treatment of ties in ranking problems", Biometrika 33 (1945)). In [-1, 1]; O(n log n)
/// by Knight, JASA 61 (1966). Refused as Spearman's.
Result<double> kendall(std::span<const double> a, std::span<const double> b);

}  // namespace pegbox::math
