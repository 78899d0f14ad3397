// KernelDensity: a density over the unit cube from points, by products of kernels: numbers and categories mixed.
//
// The kernels of BOHB (Falkner, Klein, Hutter, arXiv 1807.01774, and its program): on a continuous axis a normal, here
// cut to [0, 1] and scaled up to mass 1, with Scott's bandwidth 1.06 s n^(-1 / (4 + d)); on an axis of c categories
// Aitchison and Aitken's kernel (Biometrika 63 (1976)), 1 - h for the point's own category and h / (c - 1) for each
// other, with h = (c - 1) / c n^(-2 / (4 + d)), the order at which its error is smallest (Li and Racine, "Nonparametric
// econometrics" (2007), chapter 3). Letters: n points, d axes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/rng.h"

namespace pegbox::math {

class KernelDensity {
 public:
  /// `points` is [n, d], n >= 1, in [0, 1]; an axis with `categories` [d] > 0 has (index + 0.5) / categories in it.
  /// Bandwidths are at least `smallest`. InvalidInput for no points or rows of another length.
  static Result<KernelDensity> create(std::span<const double> points, std::span<const std::int64_t> categories,
                                      double smallest = 1e-3);

  double log_density(std::span<const double> at) const;  ///< of categories: the logarithm of the probability

  /// A draw around a random one of the points, with the bandwidths of continuous axes multiplied by `widening`.
  std::vector<double> sample(double widening, Rng& rng) const;

  std::span<const double> bandwidths() const { return bandwidths_; }  ///< [d]

 private:
  std::int64_t category(std::size_t axis, double at) const;
  double log_kernel(std::size_t point, std::size_t axis, double at) const;

  std::vector<double> points_;            // [n, d]
  std::vector<std::int64_t> categories_;  // [d]
  std::vector<double> bandwidths_;        // [d]
  std::vector<double> log_masses_;        // [n, d]: of continuous axes, bandwidth times the mass within [0, 1]
};

}  // namespace pegbox::math
