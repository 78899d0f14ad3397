// Summary statistics of a sample: location, spread, quantiles, and Student's interval of the mean.
#pragma once

#include <span>

#include "base/result.h"

namespace pegbox::math {

/// A confidence interval.
struct Interval {
  double low = 0;
  double high = 0;
};

// Of finite values; the sample must not be empty.
double mean(std::span<const double> values);
double median(std::span<const double> values);
/// Linear interpolation of order statistics (Hyndman and Fan's type 7, the default of NumPy and R).
double quantile(std::span<const double> values, double probability);
double variance(std::span<const double> values);            ///< divided by n - 1; 0 for a single value
double standard_deviation(std::span<const double> values);  ///< root of `variance`
double standard_error(std::span<const double> values);      ///< standard deviation / sqrt(n)

/// Weights are >= 0 with a sum > 0, one for each value.
double weighted_mean(std::span<const double> values, std::span<const double> weights);
/// Of the weighted mean of independent values with one common variance: sqrt(s^2 sum w^2) / sum w, where s^2 is the
/// weighted variance with the "reliability weights" correction. 0 if only one weight is positive.
double weighted_standard_error(std::span<const double> values, std::span<const double> weights);
/// The smallest value whose cumulated weight reaches `probability` of the total.
double weighted_quantile(std::span<const double> values, std::span<const double> weights, double probability);

/// Student's t interval of the mean; InvalidInput for fewer than 2 values or a confidence outside (0, 1).
Result<Interval> student_interval(std::span<const double> values, double confidence_fraction = 0.95);

/// Two-sided p-value of Student's one-sample t test that the mean is 0; of paired differences it is the paired test.
/// InvalidInput for fewer than 2 values. 1 if all values are 0, 0 if all are one other number.
Result<double> student_p_value(std::span<const double> values);

}  // namespace pegbox::math
