// dynamic_type: see dynamic_type.h.
#include "train/kernels/dynamic_type.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <vector>

namespace pegbox::train {

namespace {

std::array<float, 256> make_dynamic_levels(DynamicRange range) {
  const bool both = range == DynamicRange::Signed;
  std::array<float, 256> levels{};
  std::size_t next = 0;
  double power = 1e-6;
  for (int count = both ? 1 : 2; next < 254; count *= 2, power *= 10)
    for (int i = 0; i < count; ++i) {
      const double width = 0.9 / count, middle = 0.1 + (i + 0.5) * width;
      levels[next++] = static_cast<float>(power * middle);
      if (both) levels[next++] = static_cast<float>(-power * middle);
    }
  levels[next++] = 0;
  levels[next++] = 1;
  std::ranges::sort(levels);
  return levels;
}

/// The nearest level of a number: a table over the upper half of its bits says where to begin to look.
class DynamicEncoder {
 public:
  explicit DynamicEncoder(DynamicRange range) : begins_(1 << 16) {
    const auto& levels = dynamic_levels(range);
    for (std::size_t i = 0; i + 1 < levels.size(); ++i) middles_[i] = 0.5f * (levels[i] + levels[i + 1]);
    middles_.back() = std::numeric_limits<float>::infinity();
    for (std::uint32_t upper = 0; upper < begins_.size(); ++upper) {
      const bool negative = (upper & 0x8000) != 0;
      const float least = std::bit_cast<float>((upper << 16) | (negative ? 0xFFFFu : 0u));  // of all with these bits
      const auto* const after = std::ranges::upper_bound(middles_.begin(), middles_.end() - 1, least);
      begins_[upper] = std::isnan(least) ? 0 : static_cast<std::uint8_t>(after - middles_.begin());
    }
  }
  std::uint8_t operator()(float value) const {
    std::uint8_t code = begins_[std::bit_cast<std::uint32_t>(value) >> 16];
    while (value >= middles_[code]) ++code;
    return code;
  }

 private:
  std::array<float, 256> middles_{};  // between a level and the next
  std::vector<std::uint8_t> begins_;
};

const DynamicEncoder& dynamic_encoder(DynamicRange range) {
  static const DynamicEncoder both(DynamicRange::Signed), positive(DynamicRange::Positive);
  return range == DynamicRange::Signed ? both : positive;
}

}  // namespace

const std::array<float, 256>& dynamic_levels(DynamicRange range) {
  static const auto both = make_dynamic_levels(DynamicRange::Signed);
  static const auto positive = make_dynamic_levels(DynamicRange::Positive);
  return range == DynamicRange::Signed ? both : positive;
}

void quantize_dynamic(DynamicRange range, std::int64_t count, const float* values, std::uint8_t* codes, float* scales) {
  const DynamicEncoder& encode = dynamic_encoder(range);
  for (std::int64_t first = 0; first < count; first += kDynamicBlock) {
    const std::int64_t last = std::min(count, first + kDynamicBlock);
    float largest = 0;
    for (std::int64_t i = first; i < last; ++i) largest = std::max(largest, std::abs(values[i]));
    scales[first / kDynamicBlock] = largest;
    for (std::int64_t i = first; i < last; ++i) codes[i] = encode(largest > 0 ? values[i] / largest : 0.0f);
  }
}

void dequantize_dynamic(DynamicRange range, std::int64_t count, const std::uint8_t* codes, const float* scales,
                        float* values) {
  const auto& levels = dynamic_levels(range);
  for (std::int64_t i = 0; i < count; ++i) values[i] = levels[codes[i]] * scales[i / kDynamicBlock];
}

}  // namespace pegbox::train
