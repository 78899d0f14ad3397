// NormalMixture: distribution function and quantiles.
#include "math/normal_mixture.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>

#include "math/normal.h"

namespace pegbox::math {

double mixture_cdf(std::span<const Prediction> components, double x) {
  double sum = 0;
  for (const Prediction& each : components) {
    if (each.variance > 0)
      sum += normal_cdf((x - each.mean) / each.standard_deviation());
    else
      sum += x > each.mean ? 1.0 : x < each.mean ? 0.0 : 0.5;
  }
  return sum / static_cast<double>(components.size());
}

double mixture_quantile(std::span<const Prediction> components, double probability) {
  assert(!components.empty() && probability > 0 && probability < 1);
  const double z = std::abs(normal_quantile(probability)) + 1;
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const Prediction& each : components) {
    low = std::min(low, each.mean - z * each.standard_deviation());
    high = std::max(high, each.mean + z * each.standard_deviation());
  }
  for (int i = 0; i < 60 && high > low; ++i) {
    const double middle = low + (high - low) / 2;
    (mixture_cdf(components, middle) < probability ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

double student_width_ratio(double degrees_of_freedom) {
  const boost::math::students_t student(degrees_of_freedom);
  return boost::math::quantile(student, 0.975) / normal_quantile(0.975);
}

}  // namespace pegbox::math
