// Tests of words.
#include "text/words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Words, AreRunsOfLettersAndDigitsInAnyScript) {
  EXPECT_THAT(list_words("It's 2 Words, naïve-ish!"), ElementsAre("it", "s", "2", "words", "naïve", "ish"));
  EXPECT_THAT(list_words("東京 ok"), ElementsAre("東", "京", "ok"));
  EXPECT_THAT(list_words(" \n—… "), IsEmpty());
}

TEST(Words, AreTheSameAsHashes) {
  std::vector<std::uint64_t> hashes, again;
  for (const char* text : {"The whale, the WHALE", "", "東京タワー 3x", "a--b"}) {
    hash_words(text, hashes);
    std::string joined;
    for (const std::string& word : list_words(text)) joined += word + " ";
    hash_words(joined, again);
    EXPECT_EQ(hashes, again) << text;
    EXPECT_EQ(list_words(text).size(), hashes.size()) << text;
  }
}

}  // namespace
}  // namespace pegbox::text
