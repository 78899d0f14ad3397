// Sparkline: a curve in one line of text.
#include "app/sparkline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace pegbox {

namespace {

constexpr std::array<const char*, 8> kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 8> kAscii = {"_", ".", "-", "=", "+", "*", "#", "@"};

/// The means of `count` groups of nearly equal size; NaN for a group without a finite value.
std::vector<double> group_means(std::span<const double> values, std::size_t count) {
  std::vector<double> means;
  for (std::size_t group = 0; group < count; ++group) {
    double sum = 0;
    int finite = 0;
    for (std::size_t i = group * values.size() / count; i < (group + 1) * values.size() / count; ++i)
      if (std::isfinite(values[i])) sum += values[i], ++finite;
    means.push_back(finite > 0 ? sum / finite : std::numeric_limits<double>::quiet_NaN());
  }
  return means;
}

}  // namespace

std::string sparkline(std::span<const double> values, int width, bool has_unicode) {
  if (values.empty() || width <= 0) return "";
  const auto means = group_means(values, std::min(values.size(), static_cast<std::size_t>(width)));
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (double mean : means)
    if (std::isfinite(mean)) low = std::min(low, mean), high = std::max(high, mean);
  const auto& marks = has_unicode ? kBlocks : kAscii;
  std::string line;
  for (double mean : means) {
    if (!std::isfinite(mean)) {
      line += ' ';
      continue;
    }
    const double height = high > low ? (mean - low) / (high - low) : 0;
    line += marks[static_cast<std::size_t>(std::lround(height * 7))];
  }
  return line;
}

}  // namespace pegbox
