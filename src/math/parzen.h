// Parzen: densities over mixed and conditional axes, made of one product of kernels around each of n points.
//
//   p(x) = (sum_i w_i prod_a k_a(x_a | i) + w_base prod_a b_a(x_a)) / (sum_i w_i + w_base),   a: the axes active in x
//
// k_a on a continuous axis: a normal around the point's place with the axis' bandwidth, cut to [0, 1] and scaled up to
// mass 1. On an axis of choices: (1 - h) [x_a = place] + h b_a(x_a) with the bandwidth h (Aitchison and Aitken,
// Biometrika 63 (1976), with any base in place of the uniform one). Where the point lacks the axis, because its
// conditions switch it off there: b_a, for such a point says nothing of that axis. So p is a density over a space of
// conditional axes too, and densities of points with different active axes compare.
//
// Letters: n points, m points asked about, d axes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace pegbox::math {

inline constexpr float kAbsent = -1;  ///< the place on an axis that is not active

struct ParzenAxis {
  bool is_choice = false;    ///< places are indices of choices; else in [0, 1]
  bool conditional = false;  ///< places may be kAbsent
};

/// Places by axis, one column for each; columns end in unused places up to a full block.
class ParzenPoints {
 public:
  static constexpr std::size_t kBlock = 256;

  explicit ParzenPoints(std::size_t axes = 0) : columns_(axes), present_(axes) {}

  std::size_t size() const { return size_; }
  std::size_t axes() const { return columns_.size(); }
  std::span<const float> column(std::size_t axis) const { return columns_[axis]; }  ///< [>= n]
  std::size_t present(std::size_t axis) const { return present_[axis]; }            ///< points that have the axis
  float at(std::size_t point, std::size_t axis) const { return columns_[axis][point]; }
  void push_back(std::span<const float> point);  ///< [d]
  void resize(std::size_t size);                 ///< to fewer

 private:
  std::vector<std::vector<float>> columns_;  // [d][n, rounded up to blocks]
  std::vector<std::size_t> present_;         // [d]
  std::size_t size_ = 0;
};

/// Normals around points, cut to [0, 1]: log of bandwidth * sqrt(2 pi) * mass within the axis.
double cut_normal_log_norm(double place, double bandwidth);

/// The density's terms that depend on its points and bandwidths alone. They are kept from one time to the next, for
/// what has not changed.
class Parzen {
 public:
  explicit Parzen(std::vector<ParzenAxis> axes)
      : axes_(std::move(axes)), bandwidths_(axes_.size()), norms_(axes_.size()), scaled_(axes_.size()) {}

  /// Bandwidths are > 0, those of choices <= 1. The points must be those of last time with others after them;
  /// `forget_from` says that points from a place on are to be others.
  void update(const ParzenPoints& points, std::span<const double> bandwidths);
  void forget_from(std::size_t point) { known_ = std::min(known_, point); }

  /// log p at points [m, d] (flat by rows), of which log_base [m, d] are the logarithms of b_a, 0 where absent.
  /// `weights` [n] are >= 0; weight_base > 0. `points` as in `update`. Single precision within sums: relative errors of
  /// p are about 1e-5.
  std::vector<double> log_density(const ParzenPoints& points, std::span<const float> weights, double weight_base,
                                  std::span<const float> at, std::span<const double> log_base) const;

 private:
  void update_axis(const ParzenPoints& points, std::size_t axis, std::size_t from);

  std::vector<ParzenAxis> axes_;
  std::vector<double> bandwidths_;          // [d]
  std::vector<std::vector<float>> norms_;   // [d][n]: of continuous axes
  std::vector<std::vector<float>> scaled_;  // [d][n]: places over bandwidth sqrt 2, of continuous axes
  std::vector<float> common_norms_;         // [n]: sums over continuous axes that are not conditional
  std::size_t known_ = 0;                   // points whose norms are there
};

}  // namespace pegbox::math
