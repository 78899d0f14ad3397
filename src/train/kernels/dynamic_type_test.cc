// Tests of the dynamic type: its values by their definition, codes by exhaustive search.
#include "train/kernels/dynamic_type.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "train/testing.h"

namespace pegbox::train {
namespace {

TEST(DynamicType, LevelsHaveTheirDefiningCounts) {
  for (const DynamicRange range : {DynamicRange::Signed, DynamicRange::Positive}) {
    const bool both = range == DynamicRange::Signed;
    const auto& levels = dynamic_levels(range);
    EXPECT_TRUE(std::ranges::is_sorted(levels));
    EXPECT_EQ(levels.back(), 1.0f);
    EXPECT_EQ(levels[both ? 127 : 0], 0.0f);
    // Between 10^(k-1) and 10^k, for k from -6 to 0, a doubling number of values, evenly spaced.
    for (int k = -6, count = both ? 1 : 2; k <= 0; ++k, count *= 2) {
      const double top = std::pow(10.0, k);
      std::vector<float> inside;
      for (const float level : levels)
        if (level > top / 10 && level < top) inside.push_back(level);
      ASSERT_EQ(inside.size(), std::size_t(count)) << k;
      EXPECT_NEAR(inside.front(), top * (0.1 + 0.45 / count), 1e-5 * top);
      EXPECT_NEAR(inside.back(), top * (1 - 0.45 / count), 1e-5 * top);
    }
    EXPECT_NEAR(levels.front(), both ? -0.99296875 : 0, 1e-6);
  }
}

TEST(DynamicType, CodesAreOfTheNearestLevels) {
  for (const DynamicRange range : {DynamicRange::Signed, DynamicRange::Positive}) {
    Tensor values = testing::random_tensor({3 * kDynamicBlock + 7}, 5);
    values.mul_(testing::random_tensor({values.numel()}, 6).pow(5));  // of many sizes
    if (range == DynamicRange::Positive) values.abs_();
    values.narrow(0, kDynamicBlock, kDynamicBlock).zero_();
    const std::int64_t count = values.numel();
    std::vector<std::uint8_t> codes(static_cast<std::size_t>(count));
    std::vector<float> scales(static_cast<std::size_t>(dynamic_blocks(count))), back(codes.size());
    ASSERT_EQ(scales.size(), 4u);
    const float* const numbers = values.const_data_ptr<float>();
    quantize_dynamic(range, count, numbers, codes.data(), scales.data());
    dequantize_dynamic(range, count, codes.data(), scales.data(), back.data());
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const float scale = scales[i / kDynamicBlock];
      const double x = scale > 0 ? numbers[i] / scale : 0;
      double least = 10;
      for (const float level : dynamic_levels(range)) least = std::min(least, std::abs(level - x));
      EXPECT_NEAR(std::abs(dynamic_levels(range)[codes[i]] - x), least, 1e-7) << i;
      EXPECT_EQ(back[i], dynamic_levels(range)[codes[i]] * scale);
    }
    EXPECT_EQ(scales[1], 0);
    EXPECT_EQ(back[kDynamicBlock], 0);
  }
}

}  // namespace
}  // namespace pegbox::train
