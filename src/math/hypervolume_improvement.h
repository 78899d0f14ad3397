// Expected hypervolume improvement of two objectives, exact and in its logarithm.
//
// A front cuts the plane below the reference into strips i = 0 ... k, from a_i to a_(i+1) in the first objective, whose
// lowest dominated place in the second is b_i (a_0 = -inf, a_(k+1) and b_0 the reference). With independent predictions
// the volume that a point (Y1, Y2) adds is expected to be
//
//   sum_i E[(a_(i+1) - max(a_i, Y1))+] E[(b_i - Y2)+] = sum_i (EI1(a_(i+1)) - EI1(a_i)) EI2(b_i)
//
// in which EI(t) = E[(t - Y)+]: Yang, Emmerich, Deutz, Back, "Efficient computation of expected hypervolume improvement
// using box decomposition algorithms", J. Global Optimization 75 (2019), for minimization. All terms are positive, so
// their logarithms add without cancelling, and the gradient lives on where the plain value underflows (Ament et al.,
// arXiv 2310.20708, section 4.3).
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/result.h"
#include "math/expected_improvement.h"

namespace pegbox::math {

class FrontOfTwo {
 public:
  /// The front of `points` [n, 2] below `reference`, both objectives to be minimized. InvalidInput if a number is not
  /// finite or the points are not pairs.
  static Result<FrontOfTwo> create(std::span<const double> points, std::array<double, 2> reference);

  /// Adds a point: dominated ones leave, one that is dominated or not below the reference changes nothing.
  void add(double first, double second);

  std::size_t size() const { return firsts_.size() - 1; }

  /// log of the expected volume that a point with these predictions adds, at least -inf.
  double log_expected_improvement(const Prediction& first, const Prediction& second) const;
  Acquisition log_expected_improvement(const PredictionGradient& first, const PredictionGradient& second) const;

 private:
  struct Sums {
    Partial first, second;  // value: of first only
  };
  explicit FrontOfTwo(std::array<double, 2> reference) : firsts_{reference[0]}, seconds_{reference[1]} {}
  Sums sums(const Prediction& first, const Prediction& second) const;

  std::vector<double> firsts_;   // [k + 1]: a_1 ... a_(k+1), ascending
  std::vector<double> seconds_;  // [k + 1]: b_0 ... b_k, descending
};

}  // namespace pegbox::math
