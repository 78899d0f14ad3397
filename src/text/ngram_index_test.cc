// Tests of NgramIndex.
#include "text/ngram_index.h"

#include <gtest/gtest.h>

namespace pegbox::text {
namespace {

TEST(NgramIndex, CountsRunsThatWereAddedHoweverTheyAreSet) {
  NgramIndex index(4);
  index.add("It is a truth universally acknowledged");
  index.add("too short text");
  index.finish();
  EXPECT_EQ(index.size(), 3u);
  EXPECT_EQ(index.count_common("He said: it is a TRUTH, universally known.", ""), 2u);
  EXPECT_EQ(index.count_common("a truth universally acknowledged", ""), 1u);
  EXPECT_EQ(index.count_common("truth is a universally acknowledged it", ""), 0u) << "the order counts";
  EXPECT_EQ(index.count_common("too short text", ""), 0u);
}

TEST(NgramIndex, LeavesOutWhatThePromptGave) {
  NgramIndex index(4);
  index.add("It is a truth universally acknowledged");
  index.finish();
  EXPECT_EQ(index.count_common("It is a truth universally acknowledged.", "Go on: it is a truth"), 2u);
  EXPECT_EQ(index.count_common("It is a truth", "Say it is a truth"), 0u);
}

TEST(NgramIndex, ReadsAllTextsOfRowsAndDocuments) {
  const auto folder = TemporaryFolder::create("pegbox-ngrams");
  const Path rows = folder->path() / "rows.jsonl", document = folder->path() / "book.txt";
  ASSERT_TRUE(
      replace_file(rows, "{\"messages\": [{\"role\": \"user\", \"content\": \"one two three four\"}], \"n\": 1}\n"));
  ASSERT_TRUE(replace_file(document, "five six seven eight"));
  const std::vector<Path> both = {rows, document};
  const auto index = NgramIndex::of_files(both, 4);
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(index->count_common("one two three four, five six seven eight", ""), 2u);
  ASSERT_TRUE(replace_file(rows, "{\"text\": \"a\"}\nbroken\n"));
  const auto broken = NgramIndex::of_files(both, 4);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("rows.jsonl:2"), std::string::npos) << broken.error().message;
}

}  // namespace
}  // namespace pegbox::text
