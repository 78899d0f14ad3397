// Tests of Augmenter: what each method changes, how much, and what it leaves alone.
#include "text/augmenter.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "text/mix_partners.h"
#include "text/test_support.h"
#include "text/utf8.h"
#include "text/white_space.h"
#include "text/word_sequence.h"

namespace pegbox::text {
namespace {

using test::expect_error;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kRivers =
    "Which of the two wide rivers in the north\nfloods every spring, and why? Bridges stand at mile 48 (see {map} or "
    "https://example.org/a).";

std::string changed(AugmentMethod method, double strength, std::uint64_t seed, std::string_view text = kRivers,
                    std::string_view partner = {}) {
  const auto augmenter = Augmenter::create({.methods = {method}, .strength = strength, .seed = seed});
  EXPECT_TRUE(augmenter.has_value()) << augmenter.error().message;
  CopyDraw draw = augmenter->draw(1, 1);
  return augmenter->change(text, draw, partner);
}

std::multiset<std::string> word_set(std::string_view text) {
  std::multiset<std::string> words;
  for (const std::string_view word : split_words(text)) words.emplace(word);
  return words;
}

/// How many words of `a` are none of `b`.
std::size_t words_lost(std::string_view a, std::string_view b) {
  auto left = word_set(a);
  for (const std::string& word : word_set(b))
    if (const auto found = left.find(word); found != left.end()) left.erase(found);
  return left.size();
}

TEST(WordSequence, KeepsWhatStandsBetweenWords) {
  constexpr std::string_view kSpaced = "  a\tb\n\n c ";
  WordSequence words(kSpaced);
  EXPECT_EQ(words.text(), kSpaced);
  words.remove(1);
  EXPECT_EQ(words.text(), "  a\n\n c ") << "the line break stays";
  words.remove(0);
  EXPECT_EQ(words.text(), "  c ");
  words.insert(1, "d");
  EXPECT_EQ(words.text(), "  c d ");
  words.insert(0, "b");
  EXPECT_EQ(words.text(), "  b c d ");
  words.replace_end(1, WordSequence("x y\nz"), 2);
  EXPECT_EQ(words.text(), "  b c y\nz ");
  words.replace_end(3, WordSequence("x y"), 2);
  EXPECT_EQ(words.text(), "  b x y ");
}

TEST(WordSequence, KnowsPlainWords) {
  const auto plain = [](std::string_view word) {
    const Span span = plain_word(word);
    return std::string(word.substr(span.begin, span.end - span.begin));
  };
  EXPECT_EQ(plain("(dog),"), "dog");
  EXPECT_EQ(plain("don't"), "don't");
  EXPECT_EQ(plain("\u201Cwell-known\u201D"), "well-known");
  EXPECT_EQ(plain("na\u00EFve\u2026"), "na\u00EFve");
  for (const char* word : {"48", "3rd", "{map}", "<b>", "a/b", "x@y.z", "a_b", "--", "", "$5", "f(x)"})
    EXPECT_EQ(plain(word), "") << word;
}

TEST(Augmenter, KnowsWhichKeysTouch) {
  EXPECT_EQ(neighbouring_keys('a'), "qswz");
  EXPECT_EQ(neighbouring_keys('S'), "adewxz");
  EXPECT_EQ(neighbouring_keys('p'), "lo");
  EXPECT_EQ(neighbouring_keys('.'), "");
}

TEST(Augmenter, ChangesAsManyWordsAsItsStrengthSays) {
  for (const AugmentMethod method : {AugmentMethod::Typos, AugmentMethod::SwapCharacters,
                                     AugmentMethod::DeleteCharacters, AugmentMethod::DeleteWords})
    for (std::uint64_t seed = 0; seed < 50; ++seed) {  // 20 plain words
      EXPECT_EQ(words_lost(kRivers, changed(method, 0.01, seed)), 1u) << name_of(method);
      EXPECT_LE(words_lost(kRivers, changed(method, 0.25, seed)), 5u) << name_of(method);
      EXPECT_GE(words_lost(kRivers, changed(method, 0.25, seed)), 4u) << name_of(method);
    }
}

TEST(Augmenter, LeavesNumbersPlaceholdersAndAddresses) {
  for (const AugmentMethod method :
       {AugmentMethod::Typos, AugmentMethod::SwapCharacters, AugmentMethod::DeleteCharacters,
        AugmentMethod::DeleteWords, AugmentMethod::SwapWords})
    for (std::uint64_t seed = 0; seed < 20; ++seed)
      EXPECT_THAT(changed(method, 1, seed), AllOf(HasSubstr("48 "), HasSubstr("{map}"), HasSubstr("example.org/a)")))
          << name_of(method);
}

TEST(Augmenter, SwappedWordsAreTheSameWordsAndPunctuationStays) {
  std::set<std::string> forms;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string text = changed(AugmentMethod::SwapWords, 0.1, seed, "one two, three four five. six");
    forms.insert(text);
    std::string bare = text;
    std::erase_if(bare, [](char c) { return c == ',' || c == '.'; });
    EXPECT_EQ(word_set(bare), word_set("one two three four five six"));
    EXPECT_EQ(std::ranges::count(text, ','), 1);
    EXPECT_EQ(split_words(text)[1].back(), ',');
    EXPECT_EQ(split_words(text)[4].back(), '.');
  }
  EXPECT_GT(forms.size(), 8u);
}

TEST(Augmenter, ATypoIsANeighbouringKeyOfTheSameCase) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const std::string_view before = "Qu\u00E9bec";
    const std::string after = changed(AugmentMethod::Typos, 0.1, seed, before);
    ASSERT_EQ(after.size(), before.size());
    const auto [was, is] = std::ranges::mismatch(before, after);
    EXPECT_NE(neighbouring_keys(*was).find(static_cast<char>(std::tolower(*is))), std::string::npos) << after;
    EXPECT_EQ(std::isupper(*was) != 0, std::isupper(*is) != 0) << after;
    EXPECT_EQ(before.substr(static_cast<std::size_t>(was - before.begin()) + 1),
              after.substr(static_cast<std::size_t>(is - after.begin()) + 1));
  }
}

TEST(Augmenter, NeverTakesAllWordsNorBreaksCharacters) {
  Rng rng({7, stream_id("test"), 0});
  for (int i = 0; i < 300; ++i) {
    const std::string text = test::random_text(rng, 40);
    for (const AugmentMethod method :
         {AugmentMethod::Typos, AugmentMethod::SwapCharacters, AugmentMethod::DeleteCharacters,
          AugmentMethod::DeleteWords, AugmentMethod::SwapWords, AugmentMethod::Mix}) {
      const std::string after = changed(method, 1, 3, text, "some other words");
      EXPECT_FALSE(first_invalid_utf8(after)) << name_of(method);
      EXPECT_EQ(split_words(text).empty(), split_words(after).empty()) << name_of(method);
    }
  }
  EXPECT_EQ(changed(AugmentMethod::DeleteWords, 1, 0, "alone"), "alone");
}

TEST(Augmenter, MixesTheEndOfAnotherText) {
  EXPECT_EQ(changed(AugmentMethod::Mix, 0.5, 0, "one two three four", "a b c d e f"), "one two d e f");
  EXPECT_EQ(changed(AugmentMethod::Mix, 1, 0, "one two", "a b"), "one a b");
  EXPECT_EQ(changed(AugmentMethod::Mix, 0.5, 0, "one two", ""), "one two");
}

TEST(Augmenter, TheSameSeedMakesTheSameCopiesAndOthersOthers) {
  std::set<std::string> forms;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    EXPECT_EQ(changed(AugmentMethod::Typos, 0.3, seed), changed(AugmentMethod::Typos, 0.3, seed));
    forms.insert(changed(AugmentMethod::Typos, 0.3, seed));
  }
  EXPECT_EQ(forms.size(), 10u);
  const auto augmenter = Augmenter::create({.methods = {AugmentMethod::Typos, AugmentMethod::SwapWords}, .seed = 1});
  ASSERT_OK(augmenter);
  std::array<int, 8> drawn{};
  for (std::uint64_t row = 0; row < 500; ++row) ++drawn[static_cast<std::size_t>(augmenter->draw(row, 1).method)];
  EXPECT_NEAR(drawn[static_cast<std::size_t>(AugmentMethod::Typos)], 250, 60);
}

TEST(Augmenter, RefusesWhatMakesNothing) {
  expect_error(Augmenter::create({}), ErrorKind::InvalidInput, {"no method is named"});
  for (const double strength : {0.0, -1.0, 1.5, std::nan("")})
    expect_error(Augmenter::create({.methods = {AugmentMethod::Typos}, .strength = strength}), ErrorKind::InvalidInput,
                 {"above 0, at most 1"});
  const std::vector<std::string> wrong = {"typo"}, eda = {"eda", "typos"};
  expect_error(augment_methods_of(wrong, "--methods"), ErrorKind::InvalidInput, {"--methods", "typo", "swap_words"});
  EXPECT_THAT(*augment_methods_of(eda, ""),
              ElementsAre(AugmentMethod::Synonyms, AugmentMethod::InsertSynonyms, AugmentMethod::SwapWords,
                          AugmentMethod::DeleteWords, AugmentMethod::Typos));
}

TEST(Augmenter, SynonymsAreWordNetsAndSpelledAsTheWord) {
  const auto net = WordNet::open();
  if (!net) GTEST_SKIP() << net.error().message;
  const std::vector<std::string> known = net->synonyms("automobile");
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const std::string text = changed(AugmentMethod::Synonyms, 1, seed, "The (Automobile), of the");
    ASSERT_TRUE(text.starts_with("The (") && text.ends_with("), of the")) << text;
    std::string word = text.substr(5, text.size() - 14);
    EXPECT_TRUE(std::isupper(word[0])) << text;
    word[0] = static_cast<char>(std::tolower(word[0]));
    EXPECT_NE(std::ranges::find(known, word), known.end()) << text;
    const std::string longer = changed(AugmentMethod::InsertSynonyms, 0.1, seed, "an automobile of the");
    EXPECT_EQ(words_lost("an automobile of the", longer), 0u) << longer;
    EXPECT_EQ(words_lost(longer, "an automobile of the"), 1u) << longer;
  }
}

TEST(MixPartners, AreOfTheClassAndAnother) {
  MixPartners partners(0);
  partners.add("good", "one");
  Rng rng({0, 0, 0});
  EXPECT_EQ(partners.draw("good", "one", rng), "") << "there is no other";
  partners.add("good", "two");
  partners.add("bad", "three");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(partners.draw("good", "one", rng), "two");
  EXPECT_EQ(partners.draw("none", "one", rng), "");
}

TEST(MixPartners, KeepASampleOfEveryPartOfAClass) {
  MixPartners partners(0);
  for (int i = 0; i < 20000; ++i) partners.add("good", std::to_string(i));
  Rng rng({0, 0, 0});
  std::array<int, 4> quarters{};
  std::set<std::string> drawn;
  for (int i = 0; i < 4000; ++i) {
    const std::string text(partners.draw("good", "", rng));
    drawn.insert(text);
    ++quarters[static_cast<std::size_t>(std::stoi(text) / 5000)];
  }
  EXPECT_LE(drawn.size(), 1000u);
  for (const int quarter : quarters) EXPECT_NEAR(quarter, 1000, 250);
}

}  // namespace
}  // namespace pegbox::text
