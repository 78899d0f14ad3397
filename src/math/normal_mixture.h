// NormalMixture: a mixture of normal distributions with equal weights: what several models together say of a number.
#pragma once

#include <span>

#include "math/gaussian_process.h"

namespace pegbox::math {

/// P(X <= x). A component without variance is a step, of which half counts at its place.
double mixture_cdf(std::span<const Prediction> components, double x);

/// How many times wider Student's 95 % interval with so many degrees of freedom (> 0) is than the normal one.
double student_width_ratio(double degrees_of_freedom);

/// The x with mixture_cdf(x) = probability, which is in (0, 1), by bisection to 1e-12 of the components' extent.
double mixture_quantile(std::span<const Prediction> components, double probability);

}  // namespace pegbox::math
