// Tests of text tables and of measuring and cutting text for terminals.
#include "app/text_table.h"

#include <gtest/gtest.h>

#include "app/terminal.h"

namespace pegbox {
namespace {

TEST(Terminal, IsNotMovedByWhatAnotherProgramPrinted) {
  EXPECT_EQ(clean_text("a\x1b[31;1mred\x1b[0m\tb\n"), "ared\tb\n");
  EXPECT_EQ(clean_text("\x1b[2J\x1b]0;title\x07 \x1b[9"), "?]0;title? ?[9");
  EXPECT_EQ(clean_text("10 %\r20 %\r\nend\x7f\x01"), "10 %\n20 %\nend??");
  EXPECT_EQ(clean_text("\xc2\x9b"
                       "2J ü é"),
            "?2J ü é");
}

TEST(Terminal, CountsCharactersNotBytesNorEscapes) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("▁█é"), 3);
  EXPECT_EQ(display_width(Paint(true).red("abc")), 3);
}

TEST(Terminal, PaintsOnlyWhereThereAreColors) {
  EXPECT_EQ(Paint(false).bold("x"), "x");
  EXPECT_EQ(Paint(true).bold("x"), "\x1b[1mx\x1b[0m");
}

TEST(Terminal, CutsTextToItsWidth) {
  EXPECT_EQ(fit("abcdef", 6, true), "abcdef");
  EXPECT_EQ(fit("abcdef", 4, true), "abc…");
  EXPECT_EQ(fit("abcdef", 5, false), "ab...");
  EXPECT_EQ(fit("▁▂▃▄", 3, true), "▁▂…");
  EXPECT_EQ(fit("abcdef", 0, true), "");
}

TEST(Terminal, EndsAColorThatItCuts) {
  const std::string cut = fit(Paint(true).red("abcdef"), 4, true);
  EXPECT_EQ(display_width(cut), 4);
  EXPECT_TRUE(cut.ends_with("\x1b[0m")) << cut;
}

TEST(TextTable, AlignsItsColumns) {
  TextTable table({{"name"}, {"loss", Align::Right}, {"state"}});
  table.add({"a", "1.5", "done"});
  table.add({"long-name", "12.25", "failed"});
  EXPECT_EQ(table.render(0, true),
            "name        loss  state\n"
            "a            1.5  done\n"
            "long-name  12.25  failed\n");
}

TEST(TextTable, IsNeverWiderThanTheTerminal) {
  TextTable table({{"a"}, {"b"}});
  table.add({"x", "a very long cell that does not fit"});
  const std::string text = table.render(12, true);
  EXPECT_EQ(text, "a  b\nx  a very l…\n");
}

TEST(TextTable, AlignsCellsWithColorsAndUnicode) {
  TextTable table({{"curve"}, {"n", Align::Right}});
  table.add({Paint(true).cyan("▁▂"), "1"});
  table.add({"abcdefg", "22"});
  EXPECT_EQ(table.render(0, true), "curve     n\n" + Paint(true).cyan("▁▂") + "        1\nabcdefg  22\n");
}

}  // namespace
}  // namespace pegbox
