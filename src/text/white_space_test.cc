// White space and small letters as Python has them.
#include "text/white_space.h"

#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

TEST(WhiteSpace, WordsAreThoseOfPythonsSplit) {
  // " a\u00a0b\u2003\tc\x1cd\u3000 e\u200bf ".split(): a zero-width space is none.
  const std::string text =
      " a\xC2\xA0"
      "b\xE2\x80\x83\tc\x1C"
      "d\xE3\x80\x80 e\xE2\x80\x8B"
      "f ";
  EXPECT_EQ(split_words(text), (std::vector<std::string_view>{"a", "b", "c", "d",
                                                              "e\xE2\x80\x8B"
                                                              "f"}));
  EXPECT_TRUE(split_words(" \n\xC2\x85").empty());
  EXPECT_EQ(trimmed("\n a b \xE2\x80\xA9"), "a b");
  EXPECT_EQ(trimmed(" "), "");
}

TEST(WhiteSpace, SmallLettersAreThoseOfAllScripts) {
  EXPECT_EQ(lower_case("AbC Z[É ÐΩЖ"), "abc z[é ðωж");
  EXPECT_EQ(lower_case("İK"), "i̇k") << "a dotted capital I is two characters, the Kelvin sign a k";
}

}  // namespace
}  // namespace pegbox::text
