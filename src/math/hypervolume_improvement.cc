// Expected hypervolume improvement, box by box; what boxes share is computed once.
#include "math/hypervolume_improvement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/number.h"
#include "math/normal.h"

namespace pegbox::math {
namespace {

constexpr std::size_t kNoEdge = std::numeric_limits<std::size_t>::max();

/// Below this part of EI(high) a difference of two is less exact than its linear approximation.
constexpr double kSmallPart = 1e-9;

/// log(EI(high) - EI(low)), given the logarithms of both.
Partial log_between(const Prediction& prediction, double low, double high, const Partial& below_low,
                    const Partial& below_high) {
  const double ratio = below_low.value - below_high.value, part = -std::expm1(ratio);
  if (part > kSmallPart) {
    const double share = std::exp(ratio);
    return {below_high.value + std::log(part), (below_high.by_mean - share * below_low.by_mean) / part,
            (below_high.by_variance - share * below_low.by_variance) / part};
  }
  const double deviation = prediction.standard_deviation();
  if (deviation <= 0 || !(high > low)) return {-kInfinity, 0, 0};
  const double z = (0.5 * (low + high) - prediction.mean) / deviation;
  const ValueAndSlope cdf = normal_log_cdf(z);
  return {std::log(high - low) + cdf.value, -cdf.slope / deviation, -cdf.slope * z / (2 * prediction.variance)};
}

}  // namespace

Result<Front> Front::create(std::span<const double> points, std::span<const double> reference) {
  const std::size_t m = reference.size();
  const auto finite = [](double x) { return std::isfinite(x); };
  if (m < 2 || points.size() % m != 0 || !std::ranges::all_of(points, finite) ||
      !std::ranges::all_of(reference, finite))
    return fail(ErrorKind::InvalidInput, {.where = "hypervolume improvement",
                                          .what = "the points are not rows of finite numbers",
                                          .got = fmt::format("{} numbers, {} objectives", points.size(), m)});
  Front front(std::vector<double>(reference.begin(), reference.end()));
  for (std::size_t i = 0; i < points.size(); i += m) front.bounds_.add(points.subspan(i, m));
  front.cut();
  return front;
}

void Front::add(std::span<const double> point) {
  bounds_.add(point);
  cut();
}

void Front::cut() {
  const std::vector<Box> boxes = bounds_.free_boxes();
  const std::size_t m = boxes.front().low.size();  // something below a reference is always free
  sides_.assign(m, {});
  boxes_.assign(boxes.size() * m, 0);
  for (std::size_t k = 0; k < m; ++k) {
    Sides& sides = sides_[k];
    for (const Box& box : boxes)
      for (const double edge : {box.low[k], box.high[k]})
        if (std::isfinite(edge)) sides.edges.push_back(edge);
    std::ranges::sort(sides.edges);
    sides.edges.erase(std::unique(sides.edges.begin(), sides.edges.end()), sides.edges.end());
    const auto place = [&](double edge) {
      return static_cast<std::size_t>(std::ranges::lower_bound(sides.edges, edge) - sides.edges.begin());
    };
    std::map<std::pair<std::size_t, std::size_t>, std::size_t> known;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      const double low = boxes[i].low[k];
      const std::pair span{std::isfinite(low) ? place(low) : kNoEdge, place(boxes[i].high[k])};
      const auto [found, is_new] = known.emplace(span, sides.spans.size());
      if (is_new) sides.spans.push_back(span);
      boxes_[i * m + k] = found->second;
    }
  }
}

Front::Terms Front::terms(std::span<const Prediction> predictions) const {
  const std::size_t m = objectives();
  Terms terms{std::vector<std::vector<Partial>>(m), std::vector<double>(boxes(), 0.0), -kInfinity};
  std::vector<Partial> below;
  for (std::size_t k = 0; k < m; ++k) {
    below.clear();
    for (const double edge : sides_[k].edges) below.push_back(partial_log_expected_improvement(predictions[k], edge));
    for (const auto& [low, high] : sides_[k].spans)
      terms.sides[k].push_back(low == kNoEdge ? below[high]
                                              : log_between(predictions[k], sides_[k].edges[low], sides_[k].edges[high],
                                                            below[low], below[high]));
  }
  for (std::size_t i = 0; i < terms.boxes.size(); ++i) {
    for (std::size_t k = 0; k < m; ++k) terms.boxes[i] += terms.sides[k][boxes_[i * m + k]].value;
    terms.highest = std::max(terms.highest, terms.boxes[i]);
  }
  return terms;
}

double Front::log_expected_improvement(std::span<const Prediction> predictions) const {
  const Terms all = terms(predictions);
  if (all.highest == -kInfinity) return -kInfinity;
  double sum = 0;
  for (const double box : all.boxes) sum += std::exp(box - all.highest);
  return all.highest + std::log(sum);
}

Acquisition Front::log_expected_improvement(std::span<const PredictionGradient> predictions) const {
  const std::size_t m = objectives();
  std::vector<Prediction> plain;
  for (const PredictionGradient& each : predictions) plain.push_back(each.prediction);
  const Terms all = terms(plain);
  Acquisition acquisition{-kInfinity, std::vector<double>(predictions[0].mean_gradient.size(), 0.0)};
  if (all.highest == -kInfinity) return acquisition;
  double sum = 0;
  std::vector<Partial> slopes(m);
  for (std::size_t i = 0; i < all.boxes.size(); ++i) {
    const double weight = std::exp(all.boxes[i] - all.highest);
    if (weight == 0) continue;
    sum += weight;
    for (std::size_t k = 0; k < m; ++k) {
      const Partial& side = all.sides[k][boxes_[i * m + k]];
      slopes[k].by_mean += weight * side.by_mean;
      slopes[k].by_variance += weight * side.by_variance;
    }
  }
  acquisition.value = all.highest + std::log(sum);
  for (std::size_t k = 0; k < m; ++k)
    for (std::size_t j = 0; j < acquisition.gradient.size(); ++j)
      acquisition.gradient[j] += (slopes[k].by_mean * predictions[k].mean_gradient[j] +
                                  slopes[k].by_variance * predictions[k].variance_gradient[j]) /
                                 sum;
  return acquisition;
}

}  // namespace pegbox::math
