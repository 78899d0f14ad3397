// Expected minimum: the lower envelope of lines, and the normal distribution over its corners.
#include "math/expected_minimum.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

#include "math/normal.h"

namespace pegbox::math {
namespace {

struct Line {
  double mean = 0, slope = 0;
};

/// Where the lower line changes from `a` to `b`, whose slope is smaller.
double corner(const Line& a, const Line& b) { return (b.mean - a.mean) / (a.slope - b.slope); }

/// The lines that are lowest somewhere, from the left to the right: their slopes fall.
std::vector<Line> lower_envelope(std::vector<Line> lines) {
  std::ranges::sort(
      lines, [](const Line& a, const Line& b) { return a.slope != b.slope ? a.slope > b.slope : a.mean < b.mean; });
  std::vector<Line> envelope;
  for (const Line& line : lines) {
    if (!envelope.empty() && envelope.back().slope == line.slope) continue;
    while (envelope.size() > 1 &&
           corner(envelope[envelope.size() - 2], envelope.back()) >= corner(envelope.back(), line))
      envelope.pop_back();
    envelope.push_back(line);
  }
  return envelope;
}

}  // namespace

double expected_drop_of_minimum(std::span<const double> means, std::span<const double> slopes) {
  assert(!means.empty() && means.size() == slopes.size());
  std::vector<Line> lines;
  for (std::size_t j = 0; j < means.size(); ++j) lines.push_back({means[j], slopes[j]});
  const std::vector<Line> envelope = lower_envelope(std::move(lines));
  double drop = 0;
  for (std::size_t i = 1; i < envelope.size(); ++i) {
    const double at = corner(envelope[i - 1], envelope[i]);
    drop += (envelope[i - 1].slope - envelope[i].slope) * std::exp(log_h(-std::abs(at)).value);
  }
  return drop;
}

}  // namespace pegbox::math
