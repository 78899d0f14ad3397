// Tests of the UTF-8 check.
#include "text/utf8.h"

#include <gtest/gtest.h>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

TEST(Utf8, AcceptsTheFirstAndLastCharacterOfEachLength) {
  for (const std::uint32_t point :
       {0x00u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD7FFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
    std::string text = "abc";
    test::append_utf8(text, point);
    EXPECT_EQ(first_invalid_utf8(text + "def"), std::nullopt) << point;
  }
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndWhatIsBeyondUnicode) {
  for (const std::string bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xED\xA0\x80",
                                "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\x80", "\xBF"})
    EXPECT_EQ(first_invalid_utf8("ab" + bad + "cdefghijk"), 2u);
}

TEST(Utf8, PointsAtACharacterThatIsCutShort) {
  for (const std::string whole : {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"})
    for (std::size_t kept = 1; kept < whole.size(); ++kept) {
      EXPECT_EQ(first_invalid_utf8("12345678" + whole.substr(0, kept)), 8u);
      EXPECT_EQ(first_invalid_utf8(whole.substr(0, kept) + "ascii after it"), 0u);
    }
}

TEST(Utf8, FindsOneBadByteAnywhereInRandomText) {
  Rng rng({.seed = 1, .stream = stream_id("utf8 test")});
  for (int round = 0; round < 500; ++round) {
    std::string text = test::random_text(rng, 60);
    ASSERT_EQ(first_invalid_utf8(text), std::nullopt);
    std::size_t at = rng.below(text.size() + 1);
    while (!is_character_start(text, at)) ++at;
    text.insert(at, "\xFF");
    EXPECT_EQ(first_invalid_utf8(text), at);
  }
}

}  // namespace
}  // namespace pegbox::text
