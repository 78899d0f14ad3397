// dynamic_type: numbers as 8-bit codes with one scale for each block (block-wise dynamic quantization, Dettmers et al.
// 2021, arXiv 2110.02861).
//
// A block is divided by its largest magnitude; each quotient becomes the nearest of 256 values, which lie the denser
// the smaller they are: for each of seven powers of ten a doubling number of values between a tenth of it and itself.
// Blocks have 256 numbers, as in bitsandbytes since version 0.44; the paper has 2048.
#pragma once

#include <array>
#include <cstdint>

namespace pegbox::train {

/// Positive: the sign's bit is one more of the fraction.
enum class DynamicRange : std::uint8_t { Signed, Positive };

/// The 256 values, ascending: from -0.99297 or 0 to 1.
const std::array<float, 256>& dynamic_levels(DynamicRange range);

constexpr std::int64_t kDynamicBlock = 256;
constexpr std::int64_t dynamic_blocks(std::int64_t count) { return (count + kDynamicBlock - 1) / kDynamicBlock; }

/// values [count] -> codes [count], scales [dynamic_blocks(count)].
void quantize_dynamic(DynamicRange range, std::int64_t count, const float* values, std::uint8_t* codes, float* scales);

void dequantize_dynamic(DynamicRange range, std::int64_t count, const std::uint8_t* codes, const float* scales,
                        float* values);

}  // namespace pegbox::train
