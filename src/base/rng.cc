// Rng: the Philox 4x32-10 block cipher in counter mode, and the inverse normal distribution function.
//
// How a key becomes a stream: the cipher under the seed maps (stream, trial) to 128 bits, of which 64 are the stream's
// own key and 64 the upper half of its counter. The cipher is a bijection, so two streams of one seed never share both.
#include "base/rng.h"

#include <cassert>
#include <cmath>
#include <limits>

namespace pegbox {

namespace {

constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

template <std::size_t N>
double polynomial(const double (&coefficients)[N], double x) {
  double sum = coefficients[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

// ln x = e ln 2 + 2 atanh(s), s = (m - 1) / (m + 1), x = m 2^e, by atanh's series. The C library's log may differ in
// the last bit between platforms; this uses only operations that IEEE 754 defines to the bit.
double portable_log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent);
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  const double s = (mantissa - 1) / (mantissa + 1);
  const double square = s * s;
  double sum = 0;
  for (int k = 25; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return exponent * 0.69314718055994531 + 2 * s * sum;
}

// Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37 (1988),
// routine PPND16: rational functions for |p - 1/2| <= 0.425, for the tails, and for the far tails.
constexpr double kCentralTop[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                  1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                  3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr double kCentralBottom[] = {1.0,
                                     4.2313330701600911252e+1,
                                     6.8718700749205790830e+2,
                                     5.3941960214247511077e+3,
                                     2.1213794301586595867e+4,
                                     3.9307895800092710610e+4,
                                     2.8729085735721942674e+4,
                                     5.2264952788528545610e+3};
constexpr double kTailTop[] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                               3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr double kTailBottom[] = {1.0,
                                  2.05319162663775882187e0,
                                  1.67638483018380384940e0,
                                  6.89767334985100004550e-1,
                                  1.48103976427480074590e-1,
                                  1.51986665636164571966e-2,
                                  5.47593808499534494600e-4,
                                  1.05075007164441684324e-9};
constexpr double kFarTop[] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                              2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                              2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr double kFarBottom[] = {1.0,
                                 5.99832206555887937690e-1,
                                 1.36929880922735805310e-1,
                                 1.48753612908506148525e-2,
                                 7.86869131145613259100e-4,
                                 1.84631831751005468180e-5,
                                 1.42151175831644588870e-7,
                                 2.04426310338993978564e-15};

}  // namespace

PhiloxBlock philox4x32(PhiloxBlock counter, std::array<std::uint32_t, 2> key) {
  constexpr int kRounds = 10;
  constexpr std::uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr std::uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = kMultiplier0 * counter[0];
    const std::uint64_t product1 = kMultiplier1 * counter[2];
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1), high(product0) ^ counter[3] ^ key[1],
               low(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

double normal_quantile(double probability) {
  if (!(probability >= 0 && probability <= 1)) return std::numeric_limits<double>::quiet_NaN();
  const double q = probability - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kCentralTop, r) / polynomial(kCentralBottom, r);
  }
  const double tail = q < 0 ? probability : 1 - probability;
  const double sign = q < 0 ? -1 : 1;
  if (tail == 0) return sign * std::numeric_limits<double>::infinity();
  const double r = std::sqrt(-portable_log(tail));
  if (r <= 5) return sign * polynomial(kTailTop, r - 1.6) / polynomial(kTailBottom, r - 1.6);
  return sign * polynomial(kFarTop, r - 5) / polynomial(kFarBottom, r - 5);
}

Rng::Rng(const RngKey& key, std::uint64_t position) : position_(position) {
  constexpr std::uint32_t kDomain = stream_id("pegbox rng 1");
  const PhiloxBlock name =
      philox4x32({key.stream, low(key.trial), high(key.trial), kDomain}, {low(key.seed), high(key.seed)});
  key_ = {name[0], name[1]};
  nonce_ = {name[2], name[3]};
}

std::uint32_t Rng::next_u32() {
  const std::uint64_t index = position_ / 4;
  if (index != block_index_) {
    block_ = philox4x32({low(index), high(index), nonce_[0], nonce_[1]}, key_);
    block_index_ = index;
  }
  return block_[position_++ % 4];
}

std::uint64_t Rng::next_u64() {
  const std::uint64_t first = next_u32();
  return first | static_cast<std::uint64_t>(next_u32()) << 32;
}

double Rng::uniform() { return static_cast<double>(next_u64() >> 11) * 0x1p-53; }

double Rng::normal() {
  return normal_quantile((static_cast<double>(next_u64() >> 12) + 0.5) * 0x1p-52);  // the middle of one of 2^52 cells
}

std::uint64_t Rng::below(std::uint64_t bound) {
  assert(bound > 0);
  const std::uint64_t excess = (0 - bound) % bound;  // 2^64 mod bound: as many values would come once too often
  std::uint64_t word = next_u64();
  while (word < excess) word = next_u64();
  return word % bound;
}

void Rng::seek(std::uint64_t position) { position_ = position; }

}  // namespace pegbox
