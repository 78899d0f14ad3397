// Tests of MinHash: the estimate against the true similarity, bands against their probability.
#include "text/minhash.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "text/words.h"

namespace pegbox::text {
namespace {

/// Words of two texts of which `shared` shingles of `each` are the same: a common beginning, then words of their own.
struct Pair {
  std::vector<std::uint64_t> a, b;
  double similarity = 0;
};

Pair pair_of(Rng& rng, std::size_t shared_words, std::size_t own_words) {
  Pair pair;
  for (std::size_t i = 0; i < shared_words; ++i) pair.a.push_back(rng.next_u64());
  pair.b = pair.a;
  for (std::size_t i = 0; i < own_words; ++i) {
    pair.a.push_back(rng.next_u64());
    pair.b.push_back(rng.next_u64());
  }
  const double common = static_cast<double>(shared_words - kShingleWords + 1);
  pair.similarity = common / (common + 2 * static_cast<double>(own_words));
  return pair;
}

TEST(MinHash, EstimatesTheSimilarityOfSetsOfShingles) {
  const MinHash minhash;
  Rng rng({1, stream_id("test"), 0});
  for (const std::size_t own : {0u, 10u, 40u, 200u}) {
    double sum = 0;
    constexpr int kPairs = 100;
    Pair pair;
    for (int i = 0; i < kPairs; ++i) {
      pair = pair_of(rng, 104, own);
      sum += estimated_similarity(*minhash.signature(pair.a), *minhash.signature(pair.b));
    }
    EXPECT_NEAR(sum / kPairs, pair.similarity, 4 * 0.048 / std::sqrt(kPairs)) << own;
  }
}

TEST(MinHash, SharesBandsAsOftenAsTheFormulaSays) {
  const MinHash minhash;
  Rng rng({2, stream_id("test"), 0});
  constexpr int kPairs = 300;
  for (const std::size_t own : {50u, 25u, 12u}) {  // similarities 0.5, 0.67, 0.81
    int found = 0;
    Pair pair;
    for (int i = 0; i < kPairs; ++i) {
      pair = pair_of(rng, 104, own);
      const BandKeys a = bands_of(*minhash.signature(pair.a)), b = bands_of(*minhash.signature(pair.b));
      for (std::size_t band = 0; band < kBands; ++band)
        if (a[band] == b[band]) {
          ++found;
          break;
        }
    }
    const double expected = 1 - std::pow(1 - std::pow(pair.similarity, kBandRows), kBands);
    EXPECT_NEAR(found / double{kPairs}, expected, 4 * std::sqrt(expected * (1 - expected) / kPairs)) << own;
  }
}

TEST(MinHash, TakesAShortTextForOneShingleAndNoTextForNone) {
  const MinHash minhash;
  EXPECT_FALSE(minhash.signature({}));
  const std::vector<std::uint64_t> two = {1, 2}, other = {2, 1};
  EXPECT_EQ(minhash.signature(two), minhash.signature(two));
  EXPECT_LT(estimated_similarity(*minhash.signature(two), *minhash.signature(other)), 0.1);
}

std::vector<std::uint64_t> words_of(std::string_view text) {
  std::vector<std::uint64_t> words;
  hash_words(text, words);
  return words;
}

TEST(Words, AreRunsOfLettersAndDigitsWhateverTheirCaseAndWhatIsBetweenThem) {
  EXPECT_EQ(words_of("The quick, brown\n\nfox (2)!"), words_of("the QUICK brown -- fox 2"));
  EXPECT_EQ(words_of("the quick").size(), 2u);
  EXPECT_NE(words_of("ab c"), words_of("a bc"));
  EXPECT_EQ(words_of("naïve café — “quoted”").size(), 3u);
  EXPECT_TRUE(words_of(" \t… ¿").empty());
}

TEST(Words, AreSingleCharactersWhereAScriptHasNoSpaces) {
  EXPECT_EQ(words_of("我们 是。").size(), 3u);
  EXPECT_EQ(words_of("я не").size(), 2u);
}

}  // namespace
}  // namespace pegbox::text
