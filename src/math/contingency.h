// Contingency: tests of counts: whether two groups have the same shares. Each equals SciPy's.
#pragma once

#include <cstdint>

#include "math/histogram.h"
#include "math/two_sample.h"

namespace pegbox::math {

/// Pearson's chi-squared test that both sides are drawn from the same shares (chi2_contingency without Yates'
/// correction); categories that neither side has are left out. Of two categories it is the z test of two proportions.
/// P-value 1 where less than two categories occur. Each side has a positive sum.
TestResult chi_squared(const CountPair& counts);

/// Pearson's chi-squared test that the second side is drawn from the first one's shares, which are taken for exact
/// (chisquare): what Evidently calls chi-square. It holds its error rate only where the first sample is much larger.
/// P-value 0 where the second side has a category that the first has not.
TestResult chi_squared_fit(const CountPair& counts);

/// Fisher's exact test, two-sided: `first` of `first_trials` and `second` of `second_trials` have the same rate. The
/// p-value sums the tables with the same margins that are no more likely than this one (fisher_exact). 1 if there is
/// only one outcome, or no trial on one side.
double fisher_p_value(std::int64_t first, std::int64_t first_trials, std::int64_t second, std::int64_t second_trials);

}  // namespace pegbox::math
