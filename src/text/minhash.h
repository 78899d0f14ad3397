// MinHash: short signatures of texts, of which as large a part is equal as of the texts' 5-grams of words, and their
// bands, which near duplicates share.
//
// Texts whose sets of 5-grams have the Jaccard similarity s share at least one of 14 bands of 8 rows with probability
// 1 - (1 - s^8)^14: 5 % at s = 0.5, 22 % at 0.6, 56 % at 0.7, 92 % at 0.8, 99.9 % at 0.9. The setting is FineWeb's
// (Penedo et al. 2024, section 3.4). Broder, "On the resemblance and containment of documents", 1997.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace pegbox::text {

inline constexpr std::size_t kShingleWords = 5, kBands = 14, kBandRows = 8, kPermutations = kBands * kBandRows;

/// The least value of each permutation over a text's shingles, up to their order: each is a hash whose upper 32 bits
/// are those of h(x) = a x + b mod 2^64, a family of which any two values are independent for x of 32 bits
/// (Dietzfelbinger 1996).
using Signature = std::array<std::int64_t, kPermutations>;

/// A hash of each band of a signature. Texts that share one in the same place are taken for near duplicates.
using BandKeys = std::array<std::uint64_t, kBands>;

class MinHash {
 public:
  MinHash();

  /// Of a text's words (hash_words). A text of fewer than 5 words is one shingle; nothing for one without words.
  std::optional<Signature> signature(std::span<const std::uint64_t> words) const;

 private:
  std::array<std::uint64_t, kPermutations> factors_, offsets_;
};

BandKeys bands_of(const Signature& signature);

/// An estimate of the Jaccard similarity, in [0, 1]: the part of the signatures that is equal. Its standard deviation
/// is at most 0.048.
double estimated_similarity(const Signature& a, const Signature& b);

}  // namespace pegbox::text
