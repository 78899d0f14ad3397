// vector_math: exp, log and their kin as branch-free arithmetic, so that the compiler turns a loop of them into vector
// code.
#pragma once

#include <bit>
#include <cstdint>

namespace pegbox::train {

/// e^x to about 2 units in the last place; 0 below -87.3, capped at 88.3 above. Range reduction by ln 2 in two parts
/// and a polynomial of degree 6 (coefficients: Cephes, expf).
[[gnu::always_inline]] inline float fast_exp(float x) {
  constexpr float kLog2E = 1.44269504088896341f, kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest integer
  const float clamped = x < -87.3f ? -87.3f : (x > 88.3f ? 88.3f : x);
  const float n = (clamped * kLog2E + kRound) - kRound;
  const float r = (clamped - n * kLn2High) - n * kLn2Low;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const float scale = std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
  return x < -87.3f ? 0.0f : p * scale;
}

/// log(x) of a normal x > 0 to about a unit in the last place (coefficients: Cephes, logf).
[[gnu::always_inline]] inline float fast_log(float x) {
  constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f, kRootHalf = 0.70710678118654752f;
  const auto bits = std::bit_cast<std::int32_t>(x);
  const float half = std::bit_cast<float>((bits & 0x007fffff) | 0x3f000000);  // in [0.5, 1)
  const bool is_low = half < kRootHalf;
  const float exponent = static_cast<float>((bits >> 23) - 126) - (is_low ? 1.0f : 0.0f);
  const float r = (is_low ? half + half : half) - 1.0f, z = r * r;
  float p = 7.0376836292e-2f;
  p = p * r - 1.1514610310e-1f;
  p = p * r + 1.1676998740e-1f;
  p = p * r - 1.2420140846e-1f;
  p = p * r + 1.4249322787e-1f;
  p = p * r - 1.6668057665e-1f;
  p = p * r + 2.0000714765e-1f;
  p = p * r - 2.4999993993e-1f;
  p = p * r + 3.3333331174e-1f;
  const float tail = p * r * z + exponent * kLn2Low - 0.5f * z;
  return (r + tail) + exponent * kLn2High;
}

/// The largest of `size` > 0 values. Lanes by hand: compilers keep the order of comparisons, NaN being what it is.
[[gnu::always_inline]] inline float largest_of(const float* values, std::int64_t size) {
  constexpr std::int64_t kWide = 16;
  float lanes[kWide];
  for (float& lane : lanes) lane = values[0];
  std::int64_t i = 0;
  for (; i + kWide <= size; i += kWide)
    for (std::int64_t j = 0; j < kWide; ++j) lanes[j] = values[i + j] > lanes[j] ? values[i + j] : lanes[j];
  float largest = lanes[0];
  for (const float lane : lanes) largest = lane > largest ? lane : largest;
  for (; i < size; ++i) largest = values[i] > largest ? values[i] : largest;
  return largest;
}

[[gnu::always_inline]] inline float fast_sigmoid(float x) { return 1.0f / (1.0f + fast_exp(-x)); }

/// tanh to about 2 units in the last place: a polynomial near 0 (coefficients: Cephes, tanhf), else by e^2|x|.
[[gnu::always_inline]] inline float fast_tanh(float x) {
  const float size = x < 0 ? -x : x, z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  const float far = 1.0f - 2.0f / (fast_exp(2.0f * size) + 1.0f);
  return size < 0.625f ? p * z * x + x : (x < 0 ? -far : far);
}

}  // namespace pegbox::train
