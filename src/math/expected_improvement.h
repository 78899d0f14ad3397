// Expected improvement and probability of feasibility, in logarithms, of a Gaussian process's posterior at a point.
//
// Smaller is better everywhere: an improvement is a value below `best`. Logarithms keep a usable gradient where the
// plain values underflow (Ament et al., NeurIPS 2023, arXiv 2310.20708). A product of probabilities is the sum of
// these.
#pragma once

#include <span>
#include <vector>

#include "math/gaussian_process.h"

namespace pegbox::math {

struct Acquisition {
  double value = 0;
  std::vector<double> gradient;  // [d]
};

/// A function of one prediction, with its derivatives by mean and variance.
struct Partial {
  double value = 0, by_mean = 0, by_variance = 0;
};

/// log E[max(best - f(x), 0)]. Where the variance is zero: log of the certain improvement, -inf if there is none.
double log_expected_improvement(const Prediction& prediction, double best);
Partial partial_log_expected_improvement(const Prediction& prediction, double best);
Acquisition log_expected_improvement(const PredictionGradient& prediction, double best);

/// log P(f(x) <= limit), for a constraint that is modelled by a process of its own.
double log_probability_below(const Prediction& prediction, double limit);
Acquisition log_probability_below(const PredictionGradient& prediction, double limit);

/// log(EI of the objective * product of P(constraint i <= limit i)): Gardner et al., "Bayesian optimization with
/// inequality constraints", ICML 2014. `constraints` and `limits` have one entry for each constraint.
Acquisition log_constrained_improvement(const PredictionGradient& objective, double best,
                                        std::span<const PredictionGradient> constraints,
                                        std::span<const double> limits);

}  // namespace pegbox::math
