// Pearson divergence: Parzen estimators on a grid.
#include "math/pearson_divergence.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "math/normal.h"

namespace pegbox::math {
namespace {

constexpr double kPriorWeight = 1;
constexpr double kNarrowest = 0.5 / 1.64;  // 90 % of a kernel lies in its cell
constexpr double kFloor = 1e-12;

struct Kernel {
  double cell = 0, count = 0;
};

std::vector<Kernel> kernels_of(std::span<const int> counts) {
  std::vector<Kernel> kernels;
  for (std::size_t cell = 0; cell < counts.size(); ++cell)
    if (counts[cell] > 0) kernels.push_back({static_cast<double>(cell), static_cast<double>(counts[cell])});
  return kernels;
}

/// Scott's rule with the smaller of the standard deviation and the quartiles' distance.
double width_of(const std::vector<Kernel>& kernels) {
  double total = 0, sum = 0;
  for (const Kernel& each : kernels) total += each.count, sum += each.count * each.cell;
  const double mean = sum / total;
  double squares = 0;
  for (const Kernel& each : kernels) squares += each.count * (each.cell - mean) * (each.cell - mean);
  const double deviation = std::sqrt(squares / std::max(1.0, total - 1));
  const double first = std::floor(total / 4), third = std::floor(total * 3 / 4);
  double cumulated = 0, low = kernels.back().cell, high = kernels.back().cell;
  bool has_low = false, has_high = false;
  for (const Kernel& each : kernels) {
    cumulated += each.count;
    if (!has_low && cumulated >= first) low = each.cell, has_low = true;
    if (!has_high && cumulated > third) high = each.cell, has_high = true;
  }
  return std::max(1.059 * std::min((high - low) / 1.34, deviation) * std::pow(total, -0.2), kNarrowest);
}

double mass_between(double a, double b) {
  return a > 0 ? normal_cdf(-a) - normal_cdf(-b) : normal_cdf(b) - normal_cdf(a);
}

/// Of a normal around `centre`, cut to the grid, in each cell; times `weight`.
void add_normal(std::vector<double>& density, double centre, double width, double weight) {
  const double cells = static_cast<double>(density.size());
  const double whole = mass_between((-0.5 - centre) / width, (cells - 0.5 - centre) / width);
  for (std::size_t i = 0; i < density.size(); ++i) {
    const double x = static_cast<double>(i);
    density[i] += weight * mass_between((x - 0.5 - centre) / width, (x + 0.5 - centre) / width) / whole;
  }
}

std::vector<double> density_of(std::span<const int> counts, bool is_choice) {
  const auto kernels = kernels_of(counts);
  const double cells = static_cast<double>(counts.size());
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0) + kPriorWeight;
  std::vector<double> density(counts.size(), 0);
  if (is_choice) {
    const double smear = kPriorWeight / static_cast<double>(kernels.size() + 1), row = 1 + smear * cells;
    for (double& each : density) each = kPriorWeight / total / cells + (total - kPriorWeight) / total * smear / row;
    for (const Kernel& each : kernels) density[static_cast<std::size_t>(each.cell)] += each.count / total / row;
    return density;
  }
  const double width = width_of(kernels);
  for (const Kernel& each : kernels) add_normal(density, each.cell, width, each.count / total);
  add_normal(density, (cells - 1) / 2, cells, kPriorWeight / total);
  return density;
}

}  // namespace

double pearson_divergence(std::span<const int> top, std::span<const int> all, bool is_choice) {
  const auto of_top = density_of(top, is_choice), of_all = density_of(all, is_choice);
  double sum = 0;
  for (std::size_t i = 0; i < of_all.size(); ++i) {
    const double ratio = (of_top[i] + kFloor) / (of_all[i] + kFloor) - 1;
    sum += (of_all[i] + kFloor) * ratio * ratio;
  }
  return sum;
}

}  // namespace pegbox::math
