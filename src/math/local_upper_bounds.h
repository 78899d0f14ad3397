// LocalUpperBounds: the corners of what a front leaves free, and both sides of it cut into boxes.
//
// All objectives are to be minimized; a front has n points of m objectives, below a reference. Its local upper bounds
// are the largest places u such that no point of the front is strictly below u: what the front leaves free is the union
// of the open corners below them, which overlap. Each u has m defining points, one for each coordinate of u, from which
// a decomposition without overlap follows.
//
// Updates: Klamroth, Lacour, Vanderpooten, "On the representation of the search region in multi-objective
// optimization", EJOR 245 (2015), the variant that creates no redundant bound. Boxes: Lacour, Klamroth, Fonseca, "A box
// decomposition algorithm to compute the hypervolume indicator", Computers & Operations Research 79 (2017). Equal
// coordinates count as if the later point's were a little larger, which leaves boxes without volume that are dropped.
// There are at most 2 n + 1 bounds with three objectives, and in the order of n^2 with four.
#pragma once

#include <span>
#include <vector>

#include "math/minimize.h"

namespace pegbox::math {

class LocalUpperBounds {
 public:
  explicit LocalUpperBounds(std::vector<double> reference);  ///< [m]; infinity: no limit

  /// Adds a point [m] of the front; one that is dominated or not below the reference changes nothing.
  void add(std::span<const double> point);

  std::size_t size() const { return bounds_.size(); }

  /// What the points dominate below the reference, in boxes without overlap.
  std::vector<Box> dominated_boxes() const;

  /// What they leave free below the reference, likewise; low ends may be minus infinity. The bounds, seen from the
  /// other side, dominate just this: Yang, Emmerich, Deutz, Back, "Efficient computation of expected hypervolume
  /// improvement using box decomposition algorithms", J. Global Optimization 75 (2019).
  std::vector<Box> free_boxes() const;

 private:
  struct Bound {
    std::vector<double> at;        // [m]
    std::vector<double> defining;  // [m, m]: row j has at[j] as its coordinate j
  };
  std::vector<double> reference_;
  std::vector<Bound> bounds_;
};

}  // namespace pegbox::math
