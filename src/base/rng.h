// Rng: counter-based random numbers (Philox 4x32-10), so that the order of calls between users does not matter.
//
// A stream is named by what it is for (a key), never by when it was made: the same key gives the same numbers, on every
// machine. Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace pegbox {

/// Names a stream: the study's seed, what the numbers are for, and the trial (or any other index) they belong to.
struct RngKey {
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;  ///< use `stream_id("name")`
  std::uint64_t trial = 0;
};

/// A stable 32-bit number for a stream's name (FNV-1a).
constexpr std::uint32_t stream_id(std::string_view name) {
  std::uint32_t hash = 2166136261u;
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash;
}

using PhiloxBlock = std::array<std::uint32_t, 4>;

/// The cipher itself: 128 random bits that are a bijection of `counter` for each key.
PhiloxBlock philox4x32(PhiloxBlock counter, std::array<std::uint32_t, 2> key);

/// The inverse of the standard normal distribution function, to 2e-15 relative and with the same bits on every IEEE 754
/// machine; infinite at 0 and 1, not a number outside.
double normal_quantile(double probability);

/// Random numbers of one key. Copyable; `position` and `seek` save and restore it exactly.
class Rng {
 public:
  explicit Rng(const RngKey& key, std::uint64_t position = 0);

  std::uint32_t next_u32();
  std::uint64_t next_u64();
  double uniform();  ///< [0, 1), 53 bits
  double normal();   ///< mean 0, standard deviation 1 (inverse distribution function: one draw each)
  std::uint64_t below(std::uint64_t bound);  ///< {0, ..., bound - 1}, unbiased; bound > 0

  std::uint64_t position() const { return position_; }  ///< 32-bit words drawn so far
  void seek(std::uint64_t position);

 private:
  std::array<std::uint32_t, 2> key_{};
  std::array<std::uint32_t, 2> nonce_{};  // the upper half of the counter
  std::uint64_t position_ = 0;
  std::uint64_t block_index_ = ~0ull;  // of `block_`; no position has this one
  PhiloxBlock block_{};
};

/// Fisher-Yates on any random access range.
template <class Range>
void shuffle(Range& range, Rng& rng) {
  for (std::uint64_t i = range.size(); i > 1; --i) {
    using std::swap;
    swap(range[i - 1], range[rng.below(i)]);
  }
}

}  // namespace pegbox
