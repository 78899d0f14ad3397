// Parzen: sums over points in blocks, axis by axis, in single precision.
#include "math/parzen.h"

#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>
#include <numbers>
#include <numeric>

#include "math/normal.h"

namespace pegbox::math {
namespace {

constexpr std::size_t kBlock = ParzenPoints::kBlock;
constexpr double kFar = 6;  // bandwidths from an end beyond which the cut takes nothing that a float shows

constexpr float kNowhere = 1e30f;
constexpr float kLeastExponent = -80;  // below it exp is too small to matter, and soon subnormal, which is slow

using Block = Eigen::Array<float, kBlock, 1>;

float scale_of(double bandwidth) { return static_cast<float>(1 / (bandwidth * std::numbers::sqrt2)); }

std::size_t rounded_up(std::size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

/// log of sum of exp over what it was given.
class LogSum {
 public:
  void add(double largest, double sum_over_largest) {
    if (sum_over_largest == 0) return;
    if (largest > largest_) {
      sum_ = sum_ * std::exp(largest_ - largest) + sum_over_largest;
      largest_ = largest;
    } else {
      sum_ += sum_over_largest * std::exp(largest - largest_);
    }
  }
  double value() const { return largest_ + std::log(sum_); }

 private:
  double largest_ = -HUGE_VAL, sum_ = 0;
};

using Lanes = float __attribute__((vector_size(32)));
constexpr std::size_t kLanes = 8;
constexpr std::size_t kTogether = 4;  ///< points asked about at once, so that a place is loaded once for all

Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

/// What one axis adds to the negative logarithms of kernels at kTogether places.
struct AxisTerm {
  const float* places = nullptr;  ///< scaled ones of continuous axes
  const float* norms = nullptr;   ///< of conditional continuous axes
  std::array<float, kTogether> place{};
  std::array<float, kTogether> same{}, other{};  ///< of choices: where the point has this one, or another
  std::array<float, kTogether> absent{};         ///< where the point lacks the axis
  std::array<float, kTogether> present{};        ///< 1, or 0 for a place that is not on the axis itself
};

/// The negative logarithms at kTogether points, of kLanes kernels.
class Sums {
 public:
  explicit Sums(Lanes start) { sums_.fill(start); }

  void add_plain(const AxisTerm& term, std::size_t at) {
    const Lanes places = load(term.places + at);
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kTogether; ++j) {
      const Lanes distance = places - term.place[j];
      sums_[j] += distance * distance;
    }
  }

  void add_conditional(const AxisTerm& term, std::size_t at) {
    const Lanes places = load(term.places + at), norms = load(term.norms + at);
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kTogether; ++j) {
      const Lanes distance = places - term.place[j];
      sums_[j] += (places < 0 ? Lanes{} + term.absent[j] : distance * distance + norms) * term.present[j];
    }
  }

  void add_choice(const AxisTerm& term, std::size_t at) {
    const Lanes places = load(term.places + at);
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kTogether; ++j)
      sums_[j] += places == term.place[j] ? Lanes{} + term.same[j] : Lanes{} + term.other[j];
  }

  void add_conditional_choice(const AxisTerm& term, std::size_t at) {
    const Lanes places = load(term.places + at);
#pragma GCC unroll 4
    for (std::size_t j = 0; j < kTogether; ++j) {
      const Lanes present = places == term.place[j] ? Lanes{} + term.same[j] : Lanes{} + term.other[j];
      sums_[j] += places < 0 ? Lanes{} + term.absent[j] : present;
    }
  }

  void store(std::array<Block, kTogether>& to, std::size_t at) const {
    for (std::size_t j = 0; j < kTogether; ++j) std::memcpy(to[j].data() + at, &sums_[j], sizeof(Lanes));
  }

 private:
  std::array<Lanes, kTogether> sums_;
};

/// The terms of kTogether points that are asked about, by how they are added.
struct Terms {
  std::vector<AxisTerm> plain, conditional, choices, conditional_choices;

  std::vector<AxisTerm>& of(const ParzenAxis& axis) {
    if (axis.is_choice) return axis.conditional ? conditional_choices : choices;
    return axis.conditional ? conditional : plain;
  }

  /// `start` [kBlock]: what all sums begin with.
  void sum(const float* start, std::size_t block, std::array<Block, kTogether>& negative_logs) const {
    for (std::size_t lane = 0; lane < kBlock; lane += kLanes) {
      Sums sums(load(start + lane));
      for (const AxisTerm& term : plain) sums.add_plain(term, block + lane);
      for (const AxisTerm& term : choices) sums.add_choice(term, block + lane);
      for (const AxisTerm& term : conditional) sums.add_conditional(term, block + lane);
      for (const AxisTerm& term : conditional_choices) sums.add_conditional_choice(term, block + lane);
      sums.store(negative_logs, lane);
    }
  }
};

/// What a density's terms are made of.
struct Parts {
  std::span<const ParzenAxis> axes;
  std::span<const double> bandwidths;
  const ParzenPoints& points;
  std::span<const std::vector<float>> scaled, norms;
};

/// kTogether points that are asked about.
struct Group {
  Terms terms;
  std::array<double, kTogether> log_base{};  ///< of the base component
};

/// Points first, ..., first + kTogether - 1 of `at`; the last one again where there are no more.
Group group_of(const Parts& parts, std::span<const float> at, std::span<const double> log_base, std::size_t first) {
  const std::size_t d = parts.axes.size(), last = at.size() / d - 1;
  Group group;
  for (std::size_t axis = 0; axis < d; ++axis) {
    const double h = parts.bandwidths[axis];
    const bool is_choice = parts.axes[axis].is_choice;
    AxisTerm term{.places = is_choice ? parts.points.column(axis).data() : parts.scaled[axis].data(),
                  .norms = parts.norms[axis].data()};
    for (std::size_t j = 0; j < kTogether; ++j) {
      const std::size_t i = std::min(first + j, last) * d + axis;
      if (at[i] < 0) continue;  // adds 0 everywhere
      const double log_b = log_base[i];
      group.log_base[j] += log_b;
      term.present[j] = 1;
      term.place[j] = is_choice ? at[i] : at[i] * scale_of(h);
      term.absent[j] = static_cast<float>(-log_b);
      if (!is_choice) continue;
      term.same[j] = static_cast<float>(-std::log(1 - h + h * std::exp(log_b)));
      term.other[j] = static_cast<float>(-std::log(h) - log_b);
    }
    group.terms.of(parts.axes[axis]).push_back(term);
  }
  return group;
}

}  // namespace

void ParzenPoints::push_back(std::span<const float> point) {
  assert(point.size() == columns_.size());
  for (std::size_t axis = 0; axis < columns_.size(); ++axis) {
    if (columns_[axis].size() == size_) columns_[axis].resize(size_ + kBlock, 0.5f);
    columns_[axis][size_] = point[axis];
    present_[axis] += point[axis] < 0 ? 0 : 1;
  }
  ++size_;
}

void ParzenPoints::resize(std::size_t size) {
  assert(size <= size_);
  for (std::size_t axis = 0; axis < columns_.size(); ++axis)
    for (std::size_t i = size; i < size_; ++i) present_[axis] -= columns_[axis][i] < 0 ? 0 : 1;
  size_ = size;
  for (auto& column : columns_) column.resize(rounded_up(size));
}

double cut_normal_log_norm(double place, double bandwidth) {
  const double below = place / bandwidth, above = (1 - place) / bandwidth;
  double outside = 0;
  if (below < kFar) outside += normal_cdf(-below);
  if (above < kFar) outside += normal_cdf(-above);
  return std::log(bandwidth) - normal_log_pdf(0) + std::log1p(-outside);
}

/// Norms and scaled places of one continuous axis.
void Parzen::update_axis(const ParzenPoints& points, std::size_t axis, std::size_t from) {
  norms_[axis].resize(rounded_up(points.size()), 0.f);
  scaled_[axis].resize(rounded_up(points.size()), 0.f);
  const float scale = scale_of(bandwidths_[axis]);
  for (std::size_t i = from; i < points.size(); ++i) {
    const float place = points.at(i, axis);
    norms_[axis][i] = place < 0 ? 0.f : static_cast<float>(cut_normal_log_norm(place, bandwidths_[axis]));
    scaled_[axis][i] = place * scale;
  }
}

void Parzen::update(const ParzenPoints& points, std::span<const double> bandwidths) {
  const std::size_t known = std::min(known_, points.size());
  std::size_t from = known;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) {
    const bool changed = bandwidths[axis] != bandwidths_[axis];
    bandwidths_[axis] = bandwidths[axis];
    if (axes_[axis].is_choice) continue;
    update_axis(points, axis, changed ? 0 : known);
    if (changed && !axes_[axis].conditional) from = 0;
  }
  common_norms_.resize(rounded_up(points.size()));
  std::fill(common_norms_.begin() + static_cast<std::ptrdiff_t>(from), common_norms_.end(), 0.f);
  for (std::size_t axis = 0; axis < axes_.size(); ++axis)
    if (!axes_[axis].is_choice && !axes_[axis].conditional)
      for (std::size_t i = from; i < points.size(); ++i) common_norms_[i] += norms_[axis][i];
  known_ = points.size();
}

std::vector<double> Parzen::log_density(const ParzenPoints& points, std::span<const float> weights, double weight_base,
                                        std::span<const float> at, std::span<const double> log_base) const {
  assert(points.size() == known_ && weights.size() == points.size());
  const std::size_t m = axes_.empty() ? 0 : at.size() / axes_.size(), padded = rounded_up(points.size());
  std::vector<float> all_weights(weights.begin(), weights.end()), starts(padded, kNowhere);
  all_weights.resize(padded, 0.f);
  for (std::size_t i = 0; i < points.size(); ++i)  // a point of weight 0 must not set the scale of the others
    if (weights[i] > 0) starts[i] = common_norms_[i];
  const double total = std::accumulate(weights.begin(), weights.end(), weight_base);

  const Parts parts{axes_, bandwidths_, points, scaled_, norms_};
  std::vector<double> logs(m);
  std::array<Block, kTogether> negative_logs;
  for (std::size_t first = 0; first < m; first += kTogether) {
    const Group group = group_of(parts, at, log_base, first);
    const std::size_t count = std::min(kTogether, m - first);
    std::array<LogSum, kTogether> sums;
    for (std::size_t j = 0; j < count; ++j) sums[j].add(group.log_base[j], weight_base);
    for (std::size_t block = 0; block < padded; block += kBlock) {
      group.terms.sum(&starts[block], block, negative_logs);
      const Eigen::Map<const Block> block_weights(&all_weights[block]);
      for (std::size_t j = 0; j < count; ++j) {
        const float smallest = negative_logs[j].minCoeff();
        const Block kernels = block_weights * (smallest - negative_logs[j]).max(kLeastExponent).exp();
        sums[j].add(-static_cast<double>(smallest), static_cast<double>(kernels.sum()));
      }
    }
    for (std::size_t j = 0; j < count; ++j) logs[first + j] = sums[j].value() - std::log(total);
  }
  return logs;
}

}  // namespace pegbox::math
