// nf4: see nf4.h.
#include "train/model/nf4.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>

#include "train/kernels/dynamic_type.h"

namespace pegbox::train {

namespace {

constexpr std::int64_t kBlock = 64, kMagnitudeBlock = 256;

std::int64_t blocks_of(std::int64_t count, std::int64_t block) { return (count + block - 1) / block; }

/// Index of the level nearest to a value; `levels` ascend.
template <std::size_t N>
class Nearest {
 public:
  explicit Nearest(const std::array<float, N>& levels) {
    for (std::size_t i = 0; i + 1 < N; ++i) middles_[i] = 0.5f * (levels[i] + levels[i + 1]);
  }
  std::uint8_t operator()(float value) const {
    return static_cast<std::uint8_t>(std::ranges::upper_bound(middles_, value) - middles_.begin());
  }

 private:
  std::array<float, N - 1> middles_;
};

float largest_magnitude(const float* values, std::int64_t count) {
  float largest = 0;
  for (std::int64_t i = 0; i < count; ++i) largest = std::max(largest, std::abs(values[i]));
  return largest;
}

}  // namespace

const std::array<float, 16>& nf4_levels() {
  static constexpr std::array<float, 16> kLevels = {-1.0f,
                                                    -0.6961928009986877f,
                                                    -0.5250730514526367f,
                                                    -0.39491748809814453f,
                                                    -0.28444138169288635f,
                                                    -0.18477343022823334f,
                                                    -0.09105003625154495f,
                                                    0.0f,
                                                    0.07958029955625534f,
                                                    0.16093020141124725f,
                                                    0.24611230194568634f,
                                                    0.33791524171829224f,
                                                    0.44070982933044434f,
                                                    0.5626170039176941f,
                                                    0.7229568362236023f,
                                                    1.0f};
  return kLevels;
}

Nf4Matrix Nf4Matrix::quantize(const Tensor& matrix) {
  static const Nearest<16> nearest_level(nf4_levels());
  static const Nearest<256> nearest_magnitude(dynamic_levels(DynamicRange::Signed));
  const Tensor dense = matrix.contiguous();
  const float* const values = dense.const_data_ptr<float>();
  const std::int64_t count = dense.numel(), blocks = blocks_of(count, kBlock);
  Nf4Matrix result;
  result.rows_ = dense.size(0);
  result.columns_ = dense.size(1);
  result.codes_.resize(static_cast<std::size_t>((count + 1) / 2));
  std::vector<float> magnitudes(static_cast<std::size_t>(blocks));
  double sum = 0;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t first = block * kBlock, last = std::min(count, first + kBlock);
    const float largest = largest_magnitude(values + first, last - first), scale = largest > 0 ? 1 / largest : 0;
    sum += magnitudes[static_cast<std::size_t>(block)] = largest;
    for (std::int64_t i = first; i < last; ++i) {
      const std::uint8_t code = nearest_level(values[i] * scale);
      result.codes_[static_cast<std::size_t>(i / 2)] |= static_cast<std::uint8_t>(i % 2 == 0 ? code << 4 : code);
    }
  }
  result.magnitude_mean_ = blocks > 0 ? static_cast<float>(sum / static_cast<double>(blocks)) : 0;
  for (float& magnitude : magnitudes) magnitude -= result.magnitude_mean_;
  result.magnitudes_.resize(magnitudes.size());
  for (std::int64_t first = 0; first < blocks; first += kMagnitudeBlock) {
    const std::int64_t last = std::min(blocks, first + kMagnitudeBlock);
    const float largest = largest_magnitude(magnitudes.data() + first, last - first);
    result.magnitude_scales_.push_back(largest);
    for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i)
      result.magnitudes_[i] = nearest_magnitude(largest > 0 ? magnitudes[i] / largest : 0);
  }
  return result;
}

void Nf4Matrix::values_into(float* out) const {
  const std::int64_t count = rows_ * columns_;
  const auto& levels = nf4_levels();
  for (std::size_t block = 0; block < magnitudes_.size(); ++block) {
    const float magnitude = dynamic_levels(DynamicRange::Signed)[magnitudes_[block]] *
                                magnitude_scales_[block / static_cast<std::size_t>(kMagnitudeBlock)] +
                            magnitude_mean_;
    std::array<float, 16> scaled;
    for (std::size_t i = 0; i < 16; ++i) scaled[i] = levels[i] * magnitude;
    const std::int64_t first = static_cast<std::int64_t>(block) * kBlock, last = std::min(count, first + kBlock);
    const std::uint8_t* const codes = codes_.data() + first / 2;
    for (std::int64_t i = 0; i < last - first; ++i) {
      const std::uint8_t pair = codes[i / 2];
      out[first + i] = scaled[i % 2 == 0 ? pair >> 4 : pair & 15];
    }
  }
}

Tensor Nf4Matrix::values() const {
  Tensor values = at::empty({rows_, columns_}, at::kFloat);
  values_into(values.mutable_data_ptr<float>());
  return values;
}

std::int64_t Nf4Matrix::bytes() const {
  return static_cast<std::int64_t>(codes_.size() + magnitudes_.size() + sizeof(float) * (magnitude_scales_.size() + 1));
}

void Nf4Weights::take(std::size_t group, const Tensor& weight) {
  parts_[group].clear();
  for (const LinearPart& part : groups_[group].parts)
    parts_[group].push_back(Nf4Matrix::quantize(weight.narrow(0, part.row, part.rows)));
}

Tensor Nf4Weights::weight(std::size_t group) const {
  const LinearGroup& linear = groups_[group];
  Tensor whole = at::empty({linear.outputs, linear.inputs}, at::kFloat);
  float* const values = whole.mutable_data_ptr<float>();
  for (std::size_t p = 0; p < parts_[group].size(); ++p)
    parts_[group][p].values_into(values + linear.parts[p].row * linear.inputs);
  return whole;
}

std::int64_t Nf4Weights::bytes() const {
  std::int64_t sum = 0;
  for (const auto& parts : parts_)
    for (const Nf4Matrix& part : parts) sum += part.bytes();
  return sum;
}

}  // namespace pegbox::train
