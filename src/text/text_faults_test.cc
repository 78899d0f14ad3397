// Tests of what is found damaged, and what is left alone.
#include "text/text_faults.h"

#include <gtest/gtest.h>

#include "text/test_support.h"
#include "text/utf8.h"

namespace pegbox::text {
namespace {

/// UTF-8 as a program sees it that takes it for Latin-1, written as UTF-8.
std::string twice_encoded(std::string_view text) {
  std::string twice;
  for (const char byte : text) append_character(twice, static_cast<unsigned char>(byte));
  return twice;
}

TEST(Mojibake, IsFoundWhereUtf8WasReadAsASingleByteEncoding) {
  EXPECT_EQ(find_mojibake("a cafÃ© in town"), "Ã© for é");
  EXPECT_EQ(find_mojibake("itâ€™s"), "â€™ for ’");
  EXPECT_EQ(find_mojibake("5Â°C"), "Â° for °");
  EXPECT_EQ(find_mojibake("NoÃ«l et goÃ»t"), "Ã« for ë");
  EXPECT_EQ(find_mojibake("un goÃ»t fin"), "Ã» for û");
  for (const std::string_view text : {"für", "straße", "€ 5", "日本", "naïve"})
    EXPECT_TRUE(find_mojibake(twice_encoded(text))) << text;
}

TEST(Mojibake, IsNotSeenInGoodText) {
  for (const std::string_view text : {"plain", "café “quoted” — dash…", "DÉJÀ VU…", "CAFÉ”, he said", "À bientôt",
                                      "Ærøskøbing", "日本語のテキスト", "Ελληνικά", "São Paulo, MAÇÃ”", "½ £5 ©",
                                      "Â la carte", "naïve façade Ñandú", "«A IRMÃ» disse", "»DIE SÃ«", "«MAÇÃ»"})
    EXPECT_EQ(find_mojibake(text), std::nullopt) << text;
}

TEST(Garbling, IsReplacementAndControlCharacters) {
  EXPECT_EQ(find_garbling("a\uFFFDb\uFFFD"), "2 replacement characters (U+FFFD)");
  EXPECT_EQ(find_garbling("a\x01"), "1 control characters, the first U+0001");
  EXPECT_EQ(find_garbling("a\u0085b"), "1 control characters, the first U+0085");
  EXPECT_EQ(find_garbling("tab\tline\r\nfeed\f“é”日"), std::nullopt);
}

TEST(Cut, IsAnOpenFenceOrALongTextThatStopsInTheMiddle) {
  std::string words;
  for (int i = 0; i < 20; ++i) words += "word ";
  EXPECT_TRUE(find_cut("```python\nprint(1)"));
  EXPECT_FALSE(find_cut("```python\nprint(1)\n```"));
  EXPECT_TRUE(find_cut(words + "and then,"));
  EXPECT_TRUE(find_cut(words + "[...]\n"));
  EXPECT_FALSE(find_cut(words + "end.")) << "it ends";
  EXPECT_FALSE(find_cut("so he said,")) << "too short to tell";
}

TEST(BadBytes, AreDescribedByWhatTheyMayBe) {
  EXPECT_EQ(describe_bad_bytes("caf\xE9", 3), "byte 0xE9 at offset 3, perhaps Latin-1");
  EXPECT_EQ(describe_bad_bytes("\x93quoted\x94", 0), "byte 0x93 at offset 0, perhaps Windows-1252");
  EXPECT_EQ(describe_bad_bytes("\xFF\xFEh", 0), "a byte order mark of UTF-16");
}

}  // namespace
}  // namespace pegbox::text
