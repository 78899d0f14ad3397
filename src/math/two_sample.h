// Two samples of numbers: whether they come from one distribution, and how far apart they are. Both equal SciPy's.
#pragma once

#include <span>

namespace pegbox::math {

struct TestResult {
  double statistic = 0;
  double p_value = 1;
};

/// The two-sided test of Kolmogorov and Smirnov: the statistic is the largest distance of the two empirical
/// distribution functions. The p-value is exact where neither sample has more than 10,000 values (as ks_2samp; ties
/// make it too large, never too small): the share of lattice paths that go as far from the diagonal (Hodges, "The
/// significance probability of the Smirnov two-sample test", Arkiv för Matematik 3 (1958)). Beyond that it is the limit
/// distribution with Stephens' correction (J. Royal Stat. Soc. B 32 (1970)), off by about 1e-3 at most. Samples are not
/// empty, and finite.
TestResult kolmogorov_smirnov(std::span<const double> first, std::span<const double> second);

/// The first Wasserstein distance: the area between the two empirical distribution functions, in the unit of the
/// values. Samples are not empty, and finite.
double wasserstein(std::span<const double> first, std::span<const double> second);

}  // namespace pegbox::math
