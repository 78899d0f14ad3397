// MinHash: the inner loop is written so that a compiler makes vector code of it.
#include "text/minhash.h"

#include <algorithm>
#include <limits>

#include "base/rng.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

/// A hash of 32 bits of the words that begin at `first`.
std::uint64_t shingle_of(std::span<const std::uint64_t> words) {
  std::uint64_t hash = 0;
  for (const std::uint64_t word : words) hash = mix_bits(hash * 0x9E3779B97F4A7C15ull + word);
  return hash >> 32;
}

}  // namespace

MinHash::MinHash() {
  Rng rng({0, stream_id("minhash"), 0});
  for (std::size_t i = 0; i < kPermutations; ++i) {
    factors_[i] = rng.next_u64() | 1;
    offsets_[i] = rng.next_u64();
  }
}

std::optional<Signature> MinHash::signature(std::span<const std::uint64_t> words) const {
  if (words.empty()) return std::nullopt;
  Signature least;
  least.fill(std::numeric_limits<std::int64_t>::max());
  const std::size_t length = std::min(words.size(), kShingleWords);
  for (std::size_t start = 0; start + length <= words.size(); ++start) {
    const std::uint64_t shingle = shingle_of(words.subspan(start, length));
    for (std::size_t i = 0; i < kPermutations; ++i) {
      const auto value = static_cast<std::int64_t>(factors_[i] * shingle + offsets_[i]);
      least[i] = value < least[i] ? value : least[i];
    }
  }
  return least;
}

BandKeys bands_of(const Signature& signature) {
  BandKeys keys;
  for (std::size_t band = 0; band < kBands; ++band) {
    std::uint64_t key = band + 1;
    for (std::size_t row = 0; row < kBandRows; ++row)
      key =
          mix_bits(key * 0x9E3779B97F4A7C15ull + (static_cast<std::uint64_t>(signature[band * kBandRows + row]) >> 32));
    keys[band] = key;
  }
  return keys;
}

double estimated_similarity(const Signature& a, const Signature& b) {
  std::size_t equal = 0;
  for (std::size_t i = 0; i < kPermutations; ++i) equal += a[i] >> 32 == b[i] >> 32;
  return static_cast<double>(equal) / static_cast<double>(kPermutations);
}

}  // namespace pegbox::text
