// KernelDensity: a density over the unit cube from points.
#include "math/kernel_density.h"

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "math/normal.h"
#include "math/statistics.h"

namespace pegbox::math {

Result<KernelDensity> KernelDensity::create(std::span<const double> points, std::span<const std::int64_t> categories,
                                            double smallest) {
  const std::size_t d = categories.size();
  if (d == 0 || points.empty() || points.size() % d != 0)
    return fail(ErrorKind::InvalidInput,
                {.where = "kernel density",
                 .what = "the points are not rows of the axes",
                 .got = std::to_string(points.size()) + " numbers, " + std::to_string(d) + " axes"});
  KernelDensity density;
  density.points_.assign(points.begin(), points.end());
  density.categories_.assign(categories.begin(), categories.end());
  const std::size_t n = points.size() / d;
  const double rate = std::pow(static_cast<double>(n), -1 / (4 + static_cast<double>(d)));
  for (std::size_t axis = 0; axis < d; ++axis) {
    if (const auto c = static_cast<double>(categories[axis]); c > 0) {
      density.bandwidths_.push_back(std::clamp((c - 1) / c * rate * rate, std::min(smallest, (c - 1) / c), 1.0));
      continue;
    }
    std::vector<double> column;
    for (std::size_t i = 0; i < n; ++i) column.push_back(points[i * d + axis]);
    density.bandwidths_.push_back(std::max(1.06 * standard_deviation(column) * rate, smallest));
  }
  for (std::size_t i = 0; i < density.points_.size(); ++i) {
    const double center = density.points_[i], h = density.bandwidths_[i % d];
    density.log_masses_.push_back(
        categories[i % d] > 0 ? 0 : std::log(h * (normal_cdf((1 - center) / h) - normal_cdf(-center / h))));
  }
  return density;
}

std::int64_t KernelDensity::category(std::size_t axis, double at) const {
  const std::int64_t count = categories_[axis];
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(at * static_cast<double>(count)), 0, count - 1);
}

double KernelDensity::log_kernel(std::size_t point, std::size_t axis, double at) const {
  const double h = bandwidths_[axis], center = points_[point * categories_.size() + axis];
  if (categories_[axis] == 1) return 0;
  if (categories_[axis] > 0) {
    const bool same = category(axis, center) == category(axis, at);
    return std::log(same ? 1 - h : h / static_cast<double>(categories_[axis] - 1));
  }
  return normal_log_pdf((at - center) / h) - log_masses_[point * categories_.size() + axis];
}

double KernelDensity::log_density(std::span<const double> at) const {
  const std::size_t d = categories_.size(), n = points_.size() / d;
  std::vector<double> logs(n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t axis = 0; axis < d; ++axis) logs[i] += log_kernel(i, axis, at[axis]);
  const double largest = *std::ranges::max_element(logs);
  if (largest == -kInfinity) return largest;
  double sum = 0;
  for (const double each : logs) sum += std::exp(each - largest);
  return largest + std::log(sum / static_cast<double>(n));
}

std::vector<double> KernelDensity::sample(double widening, Rng& rng) const {
  const std::size_t d = categories_.size();
  const std::size_t row = rng.below(points_.size() / d) * d;
  std::vector<double> drawn(d);
  for (std::size_t axis = 0; axis < d; ++axis) {
    const double center = points_[row + axis], h = bandwidths_[axis];
    if (const std::int64_t count = categories_[axis]; count > 0) {
      const std::int64_t own = category(axis, center);
      std::int64_t taken = own;
      if (count > 1 && rng.uniform() < h)
        taken = (own + 1 + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(count - 1)))) % count;
      drawn[axis] = (static_cast<double>(taken) + 0.5) / static_cast<double>(count);
      continue;
    }
    const double wide = h * widening, low = normal_cdf(-center / wide), high = normal_cdf((1 - center) / wide);
    drawn[axis] = std::clamp(center + wide * normal_quantile(low + rng.uniform() * (high - low)), 0.0, 1.0);
  }
  return drawn;
}

}  // namespace pegbox::math
