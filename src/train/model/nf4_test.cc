// Tests of 4-bit NormalFloat: levels against the normal distribution, codes against a search over all levels, errors
// against a simulation, bytes against the paper.
#include "train/model/nf4.h"

#include <algorithm>
#include <cmath>

#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::random_tensor;
using testing::relative_difference;

/// Appendix E: 8 quantiles of the normal distribution for the negative half, 9 for the positive one, scaled to ±1.
TEST(Nf4, LevelsAreQuantilesOfTheNormalDistribution) {
  constexpr double kTail = 0.9677083;  // of bitsandbytes' create_normal_map
  const auto quantiles = [&](std::int64_t count) {
    return at::special_ndtri(at::linspace(kTail, 0.5, count, at::kDouble)).narrow(0, 0, count - 1);
  };
  const Tensor all = at::cat({quantiles(9), at::zeros({1}, at::kDouble), -quantiles(8)});
  const Tensor expected = std::get<0>((all / all.max()).sort());
  ASSERT_EQ(expected.numel(), 16);
  for (std::int64_t i = 0; i < 16; ++i)
    EXPECT_NEAR(nf4_levels()[std::size_t(i)], expected[i].item<double>(), 1e-6) << i;
}

std::uint8_t code_at(const Nf4Matrix& matrix, std::int64_t i) {
  const std::uint8_t pair = matrix.codes()[std::size_t(i / 2)];
  return i % 2 == 0 ? pair >> 4 : pair & 15;
}

TEST(Nf4, CodesAreOfTheNearestLevels) {
  const Tensor matrix = random_tensor({7, 45}, 3, 0.02);  // the last block is not whole
  const Nf4Matrix quantized = Nf4Matrix::quantize(matrix);
  const Tensor flat = matrix.reshape({-1});
  for (std::int64_t i = 0; i < flat.numel(); ++i) {
    const std::int64_t first = i / 64 * 64, count = std::min<std::int64_t>(64, flat.numel() - first);
    const double scale = flat.narrow(0, first, count).abs().max().item<double>(), x = flat[i].item<double>() / scale;
    double least = 10;
    for (const float level : nf4_levels()) least = std::min(least, std::abs(level - x));
    EXPECT_NEAR(std::abs(nf4_levels()[code_at(quantized, i)] - x), least, 1e-6) << i;
  }
}

TEST(Nf4, CodesSurviveARoundTrip) {
  const Nf4Matrix once = Nf4Matrix::quantize(random_tensor({96, 80}, 5, 0.03));
  const Nf4Matrix twice = Nf4Matrix::quantize(once.values());
  EXPECT_EQ(once.codes(), twice.codes());
  const Tensor nothing = at::zeros({3, 50});
  EXPECT_TRUE(testing::same_bits(Nf4Matrix::quantize(nothing).values(), nothing));
}

TEST(Nf4, ErrorsOfNormalNumbersAreThoseOfItsLevels) {
  const Tensor matrix = random_tensor({1024, 512}, 9);
  const Tensor error = Nf4Matrix::quantize(matrix).values() - matrix;
  // 0.0920 by a simulation in Python with exact scales (3,000 blocks); double quantization adds little to it.
  EXPECT_NEAR(std::sqrt(error.pow(2).mean().item<double>()), 0.092, 0.001);
}

TEST(Nf4, TakesFourBitsAndAnEighthForEachNumber) {
  const Nf4Matrix quantized = Nf4Matrix::quantize(random_tensor({512, 1024}, 9));
  const double bits = 8.0 * double(quantized.bytes()) / (512 * 1024);
  EXPECT_NEAR(bits, 4 + 8.0 / 64 + 32.0 / (64 * 256), 1e-3);  // section 3 of the paper: 0.127 bits for the constants
}

TEST(Nf4, LayersOfAGroupAreQuantizedEachByItself) {
  const ModelLayout layout = layout_of(testing::llama_config());
  Nf4Weights weights(layout);
  const Tensor whole = random_tensor({64, 32}, 4);
  weights.take(0, whole);
  Tensors parts;
  for (const LinearPart& part : layout.groups[0].parts)
    parts.push_back(Nf4Matrix::quantize(whole.narrow(0, part.row, part.rows)).values());
  EXPECT_TRUE(testing::same_bits(weights.weight(0), at::cat(parts)));
  EXPECT_LT(relative_difference(weights.weight(0), whole), 0.2);
}

}  // namespace
}  // namespace pegbox::train
