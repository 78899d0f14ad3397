// Fanova: how much of a function's variance over the unit cube each axis explains, alone and together with another one.
//
// Functional ANOVA of a forest (Hutter, Hoos, Leyton-Brown, "An efficient approach for assessing hyperparameter
// importance", ICML 2014). A tree is constant in boxes, so its marginals and their variances are exact sums:
//
//   a_U(x_U) = E[tree | x_U],   share of U = Var(a_U) / Var(tree),   interaction of A and B = share of A and B - A - B
//
// with x uniform over the cube; where an axis is inactive its coordinate has no effect. Shares are means over the
// trees. Each tree has its own bootstrap of the points, so the middle 95 % of the trees are a bootstrap interval, if a
// wide one: a single tree varies more than the forest.
#pragma once

#include <span>
#include <vector>

#include "math/regression_forest.h"
#include "math/statistics.h"

namespace pegbox::math {

/// A mean over trees and the middle 95 % of them.
struct TreeMean {
  double mean = 0;
  Interval interval;
};

class Fanova {
 public:
  /// Errors as `grow_forest`.
  static Result<Fanova> fit(std::span<const ForestAxis> axes, std::span<const double> points,
                            std::span<const double> values, const ForestOptions& options);

  bool is_constant() const { return trees_.empty(); }  ///< no tree has any variance: all shares are 0

  /// What the axes explain, alone and together, in [0, 1].
  TreeMean share(std::span<const int> axes) const;

  /// What both sets of axes explain together beyond what each explains, in [0, 1]. Of so many of the trees (0: all):
  /// with n points a tree costs about n^2 / 10.
  TreeMean interaction(std::span<const int> a, std::span<const int> b, std::size_t trees = 0) const;

  /// E[tree | axis at `position`], for each position: a number in [0, 1], or the index of a choice.
  std::vector<TreeMean> marginal(int axis, std::span<const double> positions) const;

 private:
  std::vector<double> shares(std::span<const int> axes, std::size_t trees) const;

  std::vector<ForestAxis> axes_;
  std::vector<RegressionTree> trees_;  // those with a variance
  std::vector<double> means_, variances_;
  double scale_ = 0;  // of the values: trees predict parts of it
  int threads_ = 1;
};

/// Var(E[tree | these axes]). Two ways to the same sum, which differ in cost: over a grid of the tree's cuts, or over
/// pairs of leaves. `marginal_variance` takes the cheaper one.
double marginal_variance(const RegressionTree& tree, std::span<const ForestAxis> all, std::span<const int> axes);
double marginal_variance_by_grid(const RegressionTree& tree, std::span<const ForestAxis> all,
                                 std::span<const int> axes);
double marginal_variance_by_pairs(const RegressionTree& tree, std::span<const ForestAxis> all,
                                  std::span<const int> axes);

}  // namespace pegbox::math
