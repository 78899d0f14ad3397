// Expected minimum: what one more measurement is worth to somebody who will then take the lowest of several means.
#pragma once

#include <span>

namespace pegbox::math {

/// min_j means_j - E[min_j (means_j + slopes_j Z)] >= 0 for a standard normal Z: the knowledge gradient of a
/// measurement that would move the means together by their slopes. Exact: Frazier, Powell, Dayanik, "The
/// knowledge-gradient policy for correlated normal beliefs", INFORMS J. Computing 21 (2009), algorithms 1 and 2.
/// Nothing cancels, so small values are right in relative terms. `means` [m] and `slopes` [m] are finite, m >= 1.
double expected_drop_of_minimum(std::span<const double> means, std::span<const double> slopes);

}  // namespace pegbox::math
