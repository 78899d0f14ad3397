// Expected hypervolume improvement of two and more objectives, exact and in its logarithm.
//
// What a front leaves free below the reference is cut into boxes (low, high) without overlap (local_upper_bounds.h).
// With independent predictions the volume that a point Y adds is expected to be
//
//   sum over boxes of product over objectives k of E[(high_k - max(low_k, Y_k))+] = EI_k(high_k) - EI_k(low_k)
//
// in which EI(t) = E[(t - Y)+]: Yang, Emmerich, Deutz, Back, "Efficient computation of expected hypervolume improvement
// using box decomposition algorithms", J. Global Optimization 75 (2019), for minimization. All terms are positive, so
// their logarithms add without cancelling, and the gradient lives on where the plain value underflows (Ament et al.,
// arXiv 2310.20708, section 4.3). With two objectives there are n + 1 boxes, with three about 2 n, with four in the
// order of n^2.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "math/expected_improvement.h"
#include "math/local_upper_bounds.h"

namespace pegbox::math {

class Front {
 public:
  /// The front of `points` [n, m] below `reference` [m], m >= 2, all objectives to be minimized. InvalidInput if a
  /// number is not finite or the points are not rows of m.
  static Result<Front> create(std::span<const double> points, std::span<const double> reference);

  /// Adds a point [m]: dominated ones leave, one that is dominated or not below the reference changes nothing.
  void add(std::span<const double> point);

  std::size_t objectives() const { return sides_.size(); }
  std::size_t boxes() const { return boxes_.size() / objectives(); }

  /// log of the expected volume that a point with these predictions [m] adds, at least -inf.
  double log_expected_improvement(std::span<const Prediction> predictions) const;
  Acquisition log_expected_improvement(std::span<const PredictionGradient> predictions) const;

 private:
  /// The distinct sides of the boxes in one objective.
  struct Sides {
    std::vector<double> edges;                               // ascending
    std::vector<std::pair<std::size_t, std::size_t>> spans;  // places of low and high in edges; kNoEdge: -inf
  };
  struct Terms {
    std::vector<std::vector<Partial>> sides;  // [m][sides]: log of the expected length
    std::vector<double> boxes;                // log of the expected volume
    double highest = 0;                       // of them
  };

  explicit Front(std::vector<double> reference) : bounds_(std::move(reference)) {}
  void cut();
  Terms terms(std::span<const Prediction> predictions) const;

  LocalUpperBounds bounds_;
  std::vector<Sides> sides_;        // [m]
  std::vector<std::size_t> boxes_;  // [boxes, m]: places in sides_[k].spans
};

}  // namespace pegbox::math
