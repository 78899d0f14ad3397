// Tests of row copies: which of them are left out, and that they are put back into rows in their order.
#include "text/row_copies.h"

#include <gmock/gmock.h>

#include <set>

#include "text/test_support.h"

namespace pegbox::text {
namespace {

using testing::ElementsAre;

Augmenter augmenter_of(AugmentMethod method, std::int64_t copies) {
  auto made = Augmenter::create({.methods = {method}, .strength = 0.1, .copies = copies});
  EXPECT_TRUE(made);
  return *std::move(made);
}

TEST(RowCopies, LeavesOutWhatIsEqualAndCountsIt) {
  const MixPartners none(0);
  const std::vector<std::string> two_words = {"open account"};
  const RowCopies swapped = copies_of(two_words, 1, "", augmenter_of(AugmentMethod::SwapWords, 5), none);
  ASSERT_EQ(swapped.made.size(), 1u) << "two words have one other order";
  EXPECT_THAT(swapped.made[0].texts, ElementsAre("account open"));
  EXPECT_EQ(swapped.equal, 4);
  EXPECT_EQ(swapped.unchanged, 0);
  const RowCopies alone =
      copies_of(std::vector<std::string>{"open"}, 1, "", augmenter_of(AugmentMethod::SwapWords, 5), none);
  EXPECT_TRUE(alone.made.empty());
  EXPECT_EQ(alone.unchanged, 5);
  EXPECT_EQ(alone.equal, 0);
  const std::vector<std::string> three = {"who are you"};
  const RowCopies deleted = copies_of(three, 1, "", augmenter_of(AugmentMethod::DeleteWords, 40), none);
  EXPECT_EQ(deleted.made.size(), 3u) << "one word of three";
  EXPECT_EQ(deleted.equal, 37);
  std::set<std::vector<std::string>> texts;
  for (const RowCopy& copy : deleted.made) texts.insert(copy.texts);
  EXPECT_EQ(texts.size(), 3u);
}

TEST(RowCopies, PutTheirTextsBackInTheirOrder) {
  const Row row{.prompt = alpaca_prompt("Add the two numbers", "one and two"), .text = "three", .label = {}};
  std::vector<std::string> texts;
  ASSERT_TRUE(changed_row(row, collecting(texts)));
  EXPECT_THAT(texts, ElementsAre("Add the two numbers", "one and two"));
  const RowCopies copies =
      copies_of(texts, content_hash(row), "", augmenter_of(AugmentMethod::DeleteWords, 2), MixPartners(0));
  ASSERT_FALSE(copies.made.empty());
  const RowCopy& copy = copies.made[0];
  EXPECT_EQ(changed_row(row, copy.changer())->prompt, alpaca_prompt(copy.texts[0], copy.texts[1]));
  EXPECT_EQ(changed_row(row, copy.changer())->prompt, alpaca_prompt(copy.texts[0], copy.texts[1])) << "from the first";
}

}  // namespace
}  // namespace pegbox::text
