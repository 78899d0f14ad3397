// Proportions: exact statements about how often something happens, from how often it did.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "math/statistics.h"

namespace pegbox::math {

/// The exact interval of a proportion (Clopper and Pearson, Biometrika 26 (1934)); its true coverage is never below
/// `confidence_fraction`. InvalidInput unless 0 <= successes <= trials, trials > 0 and the confidence is in (0, 1).
Result<Interval> proportion_interval(std::int64_t successes, std::int64_t trials, double confidence_fraction = 0.95);

/// Exact two-sided p-value of McNemar's test (Psychometrika 12 (1947)) that two classifiers are right equally often on
/// the same rows: `only_first` rows were right by the first alone, `only_second` by the second alone. 1 without any.
double mcnemar_p_value(std::int64_t only_first, std::int64_t only_second);

}  // namespace pegbox::math
