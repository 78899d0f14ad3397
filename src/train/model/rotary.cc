// RotaryTables: see rotary.h. The formulas of the kinds of scaling are those of transformers' modeling_rope_utils.
#include "train/model/rotary.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace pegbox::train {

namespace {

/// Waves longer than the old context are slowed by the factor, short ones kept, those between interpolated.
Tensor llama3_frequencies(const Tensor& frequency, const RopeScaling& scaling) {
  const Tensor turns = scaling.original_positions * frequency / (2 * std::numbers::pi);
  const Tensor keep =
      ((turns - scaling.low_frequency_factor) / (scaling.high_frequency_factor - scaling.low_frequency_factor))
          .clamp(0, 1);
  return frequency / scaling.factor * (1 - keep) + frequency * keep;
}

/// Pairs that turn more than `beta_fast` times in the old context are kept, those that turn less than `beta_slow` times
/// slowed by the factor, those between interpolated by their number (arXiv 2309.00071, section 3.2).
Tensor yarn_frequencies(const Tensor& frequency, const Rope& rope, std::int64_t turned) {
  const RopeScaling& scaling = *rope.scaling;
  const double width = static_cast<double>(turned);
  const auto pair_with = [&](double turns) {
    return width * std::log(scaling.original_positions / (turns * 2 * std::numbers::pi)) / (2 * std::log(rope.theta));
  };
  double low = pair_with(scaling.beta_fast), high = pair_with(scaling.beta_slow);
  if (scaling.truncate) low = std::floor(low), high = std::ceil(high);
  low = std::max(low, 0.0);
  high = std::min(high, width - 1);
  if (low == high) high += 0.001;
  const Tensor slowed = ((at::arange(frequency.size(0), at::kFloat) - low) / (high - low)).clamp(0, 1);
  return frequency / scaling.factor * slowed + frequency * (1 - slowed);
}

Tensor frequencies(const Rope& rope, std::int64_t turned) {  // [E / 2]
  const Tensor pair = at::arange(0, turned, 2, at::kFloat);
  const Tensor frequency = 1.0 / at::pow(rope.theta, pair / static_cast<double>(turned));
  if (!rope.scaling) return frequency;
  if (rope.scaling->kind == "llama3") return llama3_frequencies(frequency, *rope.scaling);
  if (rope.scaling->kind == "yarn") return yarn_frequencies(frequency, rope, turned);
  return frequency / rope.scaling->factor;
}

}  // namespace

RotaryTables rotary_tables(const Rope& rope, std::int64_t head_width, std::int64_t positions) {
  const double factor = rope.scaling ? rope.scaling->attention_factor : 1;
  const auto turned = static_cast<std::int64_t>(static_cast<double>(head_width) * rope.share);
  const Tensor angle = at::outer(at::arange(positions, at::kFloat), frequencies(rope, turned));
  const Tensor nothing = at::zeros({1, angle.size(1)}, at::kFloat);
  return {at::cat({angle.cos() * factor, nothing + 1}), at::cat({angle.sin() * factor, nothing})};
}

}  // namespace pegbox::train
