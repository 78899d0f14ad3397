// Downsample: M4 of a curve.
#include "math/downsample.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numeric>

namespace pegbox::math {
namespace {

constexpr std::size_t kOfColumn = 4;

/// Appends first, lowest, highest and last of [from, to), each index once.
void take_column(std::span<const double> y, std::size_t from, std::size_t to, std::vector<std::size_t>& taken) {
  std::array<std::size_t, kOfColumn> chosen{from, from, from, to - 1};
  auto& [first, lowest, highest, last] = chosen;
  for (std::size_t i = from; i < to; ++i) {
    if (!std::isfinite(y[i])) continue;
    if (!std::isfinite(y[lowest]) || y[i] < y[lowest]) lowest = i;
    if (!std::isfinite(y[highest]) || y[i] > y[highest]) highest = i;
  }
  std::ranges::sort(chosen);
  const auto repeated = std::ranges::unique(chosen);
  taken.insert(taken.end(), chosen.begin(), repeated.begin());
}

}  // namespace

std::vector<std::size_t> curve_outline(std::span<const double> x, std::span<const double> y, std::size_t most) {
  assert(x.size() == y.size());
  std::vector<std::size_t> taken;
  if (x.size() <= std::max(most, kOfColumn)) {
    taken.resize(x.size());
    std::iota(taken.begin(), taken.end(), std::size_t{0});
    return taken;
  }
  const std::size_t columns = std::max<std::size_t>(1, most / kOfColumn);
  const double start = x.front(), width = (x.back() - start) / static_cast<double>(columns);
  std::size_t from = 0;
  for (std::size_t column = 1; column <= columns && from < x.size(); ++column) {
    const double end = start + width * static_cast<double>(column);
    const auto behind = column == columns ? x.end() : std::ranges::lower_bound(x.subspan(from), end);
    const std::size_t to = static_cast<std::size_t>(behind - x.begin());
    if (to > from) take_column(y, from, to, taken);
    from = to;
  }
  return taken;
}

}  // namespace pegbox::math
