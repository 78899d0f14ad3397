// Multiple tests: p-values of several tests, adjusted so that few or none of what they find is chance.
#pragma once

#include <span>
#include <vector>

namespace pegbox::math {

/// Adjusted p-values in the order given: to reject what is at most `level` makes a false rejection with probability at
/// most `level`, whatever the tests' dependence (Holm, Scand. J. Statistics 6 (1979)).
std::vector<double> adjust_holm(std::span<const double> p_values);

/// To reject what is at most `level` makes at most that share of false ones among the rejections on average, for
/// independent or positively dependent tests (Benjamini and Hochberg, J. Royal Stat. Soc. B 57 (1995)).
std::vector<double> adjust_benjamini_hochberg(std::span<const double> p_values);

}  // namespace pegbox::math
