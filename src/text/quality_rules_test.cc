// Tests of the rules: numbers counted by hand, and texts that break one rule.
#include "text/quality_rules.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/rng.h"

namespace pegbox::text {
namespace {

TEST(TextStatistics, CountsWordsAndLinesAsTheyStand) {
  const TextStatistics text =
      statistics_of("The cat, and the #dog... with 42\n• a bullet\n\nthe end…\nThe cat, and the #dog... with 42\n");
  EXPECT_EQ(text.words, 18) << "the bullet is none";
  EXPECT_EQ(text.characters, 87);
  EXPECT_EQ(text.lines, 4);
  EXPECT_EQ(text.stop_words, 3) << "and, the, with; The is another word";
  EXPECT_DOUBLE_EQ(text.hashes_per_word, 2 / 19.0);
  EXPECT_DOUBLE_EQ(text.ellipses_per_word, 3 / 19.0);
  EXPECT_DOUBLE_EQ(text.alphabetic_word_fraction, 16 / 19.0) << "42 twice, and the bullet";
  EXPECT_DOUBLE_EQ(text.bullet_line_fraction, 0.25);
  EXPECT_DOUBLE_EQ(text.ellipsis_line_fraction, 0.25);
  EXPECT_DOUBLE_EQ(text.repeated_line_fraction, 0.25);
  EXPECT_DOUBLE_EQ(text.repeated_line_character_fraction, 32 / 87.0);
  EXPECT_DOUBLE_EQ(text.short_line_fraction, 0.5);
}

TEST(TextStatistics, CountsRepeatedNgramsOnce) {
  // "a b" is there 4 times: 4 x 3 characters of 16. The 5-gram "a b a b c" is not there twice, "a b c a b" neither.
  const TextStatistics text = statistics_of("a b a b c a b a b");
  EXPECT_DOUBLE_EQ(text.top_ngram_fraction[0], 12 / 17.0);
  EXPECT_DOUBLE_EQ(text.repeated_ngram_fraction[0], 0);
  const TextStatistics twice = statistics_of("one two three four five one two three four five");
  EXPECT_DOUBLE_EQ(twice.repeated_ngram_fraction[0], 19 / 47.0);
  EXPECT_DOUBLE_EQ(twice.repeated_ngram_fraction[1], 0);
}

TEST(TextStatistics, CountsSentencesOfSeveralScripts) {
  EXPECT_EQ(statistics_of("One. Two? \"Three!\" 3.5 four").sentences, 3);
  EXPECT_EQ(statistics_of("一。二！三？").sentences, 3);
}

/// The rules that reject a text.
std::set<std::string_view> rejecting(std::string_view text) {
  const TextStatistics statistics = statistics_of(text);
  std::set<std::string_view> names;
  for (const QualityRule& rule : quality_rules())
    if (rule.rejects(statistics)) names.insert(rule.name);
  return names;
}

/// English-looking text of random words that no rule rejects.
std::string good_text(int sentences, std::string_view end = ". ") {
  Rng rng({5, stream_id("test"), 0});
  std::string text;
  for (int i = 0; i < sentences; ++i) {
    for (int k = 0; k < 12; ++k) {
      if (k > 0) text += k == 3 ? " of " : k == 7 ? " and " : " ";
      for (int letter = 0; letter < 5; ++letter) text += static_cast<char>('a' + rng.below(26));
    }
    text += end;
    if (i % 4 == 3) text += '\n';
  }
  return text;
}

TEST(QualityRules, PassAGoodText) { EXPECT_EQ(rejecting(good_text(20)), std::set<std::string_view>()); }

TEST(QualityRules, RejectWhatTheyAreFor) {
  const std::string good = good_text(20);
  EXPECT_TRUE(rejecting(good_text(2)).contains("gopher_words"));
  EXPECT_EQ(rejecting(good + "{"), std::set<std::string_view>{"c4_curly_bracket"});
  EXPECT_EQ(rejecting(good + "Lorem Ipsum."), std::set<std::string_view>{"c4_lorem_ipsum"});
  EXPECT_TRUE(rejecting(good_text(20, " ")).contains("fineweb_ended_lines"));
  EXPECT_TRUE(rejecting(good_text(20, " ")).contains("c4_sentences"));
  std::string hashes = good;
  for (int i = 0; i < 40; ++i) hashes += " #x";
  EXPECT_TRUE(rejecting(hashes).contains("gopher_hashes"));
  const auto repeated = rejecting(good + good);
  EXPECT_TRUE(repeated.contains("gopher_repeated_lines"));
  EXPECT_TRUE(repeated.contains("gopher_repeated_10_grams"));
  EXPECT_TRUE(repeated.contains("fineweb_repeated_lines"));
}

TEST(QualityRules, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (const QualityRule& rule : quality_rules()) EXPECT_TRUE(names.insert(rule.name).second) << rule.name;
}

}  // namespace
}  // namespace pegbox::text
