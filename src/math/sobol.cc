// Sobol points: generator matrices from Boost.Random's tables, scrambled once, then one exclusive-or for each index
// bit.
#include "math/sobol.h"

#include <algorithm>
#include <bit>
#include <boost/random/sobol.hpp>
#include <cassert>

namespace pegbox::math {
namespace {

constexpr int kIndexBits = 32;   // of a point's index, and digits of the unscrambled coordinates
constexpr int kOutputBits = 53;  // of a coordinate: all that a double in [0, 1) holds
constexpr double kScale = 1.0 / static_cast<double>(1ull << kOutputBits);

Result<void> check_dimensions(int dimensions) {
  if (dimensions >= 1 && dimensions <= Sobol::kMaxDimensions) return {};
  return fail(ErrorKind::InvalidInput, {.where = "Sobol",
                                        .what = "number of dimensions out of range",
                                        .got = std::to_string(dimensions),
                                        .expected = "1 to " + std::to_string(Sobol::kMaxDimensions)});
}

}  // namespace

Sobol::Sobol(int dimensions) : dimensions_(dimensions), columns_(kIndexBits * dimensions), shift_(dimensions, 0) {
  // The engine starts at point 1 and walks in Gray code order. Point 2^(k+1) - 1 has the Gray code 2^k: column k alone.
  boost::random::sobol_engine<std::uint32_t, kIndexBits> engine(dimensions);
  for (int k = 0; k < kIndexBits; ++k) {
    engine.seed(static_cast<std::uint32_t>((1ull << (k + 1)) - 2));
    for (int j = 0; j < dimensions; ++j)
      columns_[k * dimensions + j] = static_cast<std::uint64_t>(engine()) << (kOutputBits - kIndexBits);
  }
}

Result<Sobol> Sobol::unscrambled(int dimensions) {
  PEGBOX_CHECK(check_dimensions(dimensions));
  return Sobol(dimensions);
}

Result<Sobol> Sobol::create(int dimensions, const RngKey& key) {
  PEGBOX_CHECK(check_dimensions(dimensions));
  Sobol sobol(dimensions);
  sobol.scramble(key);
  return sobol;
}

// Each dimension draws in turn, so its scrambling does not depend on how many dimensions follow.
void Sobol::scramble(const RngKey& key) {
  Rng rng(key);
  std::uint64_t matrix[kIndexBits];  // column b: one at row b, random below it
  for (int j = 0; j < dimensions_; ++j) {
    for (int b = 0; b < kIndexBits; ++b) {
      const std::uint64_t diagonal = 1ull << (kOutputBits - 1 - b);
      matrix[b] = diagonal | (rng.next_u64() & (diagonal - 1));
    }
    for (int k = 0; k < kIndexBits; ++k) {
      std::uint64_t& column = columns_[k * dimensions_ + j];
      std::uint64_t product = 0;
      for (int b = 0; b < kIndexBits; ++b)
        if (column >> (kOutputBits - 1 - b) & 1) product ^= matrix[b];
      column = product;
    }
    shift_[j] = rng.next_u64() >> (64 - kOutputBits);
  }
}

void Sobol::point(std::uint64_t index, std::span<double> out) const {
  assert(index < kMaxPoints && static_cast<int>(out.size()) == dimensions_);
  const std::uint64_t gray = index ^ (index >> 1);
  for (int j = 0; j < dimensions_; ++j) {
    std::uint64_t digits = shift_[j];
    for (std::uint64_t rest = gray; rest != 0; rest &= rest - 1)
      digits ^= columns_[std::countr_zero(rest) * dimensions_ + j];
    out[j] = static_cast<double>(digits) * kScale;
  }
}

std::vector<double> Sobol::point(std::uint64_t index) const {
  std::vector<double> out(dimensions_);
  point(index, out);
  return out;
}

std::vector<double> Sobol::points(std::uint64_t first, int count) const {
  std::vector<double> out(static_cast<std::size_t>(count) * dimensions_);
  for (int i = 0; i < count; ++i)
    point(first + i, std::span(out).subspan(static_cast<std::size_t>(i) * dimensions_, dimensions_));
  return out;
}

}  // namespace pegbox::math
