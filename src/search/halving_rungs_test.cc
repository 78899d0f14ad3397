// Rungs of successive halving, and Hyperband's brackets.
#include "search/halving_rungs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(HalvingRungs, DivideTheFullLengthUpToThirtyTwoTimes) {
  EXPECT_THAT(halving_rungs({}, 1000, 0), ElementsAre(37, 111, 333));
  EXPECT_THAT(halving_rungs({.reduction = 2}, 160, 0), ElementsAre(5, 10, 20, 40, 80));
  EXPECT_THAT(halving_rungs({.reduction = 4}, 160, 0), ElementsAre(10, 40));
}

TEST(HalvingRungs, BeginAtTheGivenStep) {
  EXPECT_THAT(halving_rungs({.min = 1}, 81, 0), ElementsAre(1, 3, 9, 27));
  EXPECT_THAT(halving_rungs({.min = 10}, 100, 0), ElementsAre(10, 30));
  EXPECT_THAT(halving_rungs({.min = 60}, 100, 0), ElementsAre(60));
}

TEST(HalvingRungs, AreFewEnoughForOneTrialToReachTheEnd) {
  EXPECT_THAT(halving_rungs({}, 1000, 10), ElementsAre(111, 333));
  EXPECT_THAT(halving_rungs({}, 1000, 3), ElementsAre(333));
  EXPECT_THAT(halving_rungs({}, 1000, 2), IsEmpty());
}

TEST(HalvingRungs, DoNotExistWhereThereIsNothingToDivide) {
  EXPECT_THAT(halving_rungs({}, 0, 0), IsEmpty());
  EXPECT_THAT(halving_rungs({}, 2, 0), IsEmpty());
  EXPECT_THAT(halving_rungs({}, 3, 0), ElementsAre(1));
  EXPECT_THAT(halving_rungs({.min = 100}, 100, 0), IsEmpty());
}

TEST(Brackets, HaveTheSizesOfTheHyperbandPaper) {
  // Table 1 of arXiv 1603.06560: R = 81, reduction 3: brackets of 81, 34, 15, 8, 5 trials from 1, 3, 9, 27, 81 steps.
  const Brackets brackets({.min = 1}, 81, 0);
  ASSERT_EQ(brackets.count(), 5u);
  std::vector<std::int64_t> sizes, firsts;
  for (std::size_t s = 0; s < brackets.count(); ++s) {
    sizes.push_back(brackets.size(s));
    firsts.push_back(brackets.rungs(s).empty() ? 81 : brackets.rungs(s).front());
  }
  EXPECT_THAT(sizes, ElementsAre(81, 34, 15, 8, 5));
  EXPECT_THAT(firsts, ElementsAre(1, 3, 9, 27, 81));
}

TEST(Brackets, DealTrialsToOneBracketAfterTheOtherAndBeginAgain) {
  const Brackets brackets({.min = 27}, 81, 0);
  ASSERT_EQ(brackets.count(), 2u);
  EXPECT_EQ(brackets.size(0), 3);
  EXPECT_EQ(brackets.size(1), 2);
  std::vector<std::size_t> dealt;
  for (std::int64_t trial = 0; trial < 8; ++trial) dealt.push_back(brackets.of(trial));
  EXPECT_THAT(dealt, ElementsAre(0, 0, 0, 1, 1, 0, 0, 0));
}

TEST(Brackets, AreOneWithoutRungsWhereTheLengthIsUnknown) {
  const Brackets brackets({}, 0, 0);
  EXPECT_EQ(brackets.count(), 1u);
  EXPECT_THAT(brackets.rungs(brackets.of(12)), IsEmpty());
}

TEST(Brackets, AreReadFromAStudyThatHasThem) {
  const HistoryForTest none(R"({"space": {"x": 1}, "steps": 81, "stop": "asha"})");
  EXPECT_FALSE(brackets_of(none.history()));
  const HistoryForTest some(R"({"space": {"x": 1}, "steps": 81, "stop": ["gap", {"name": "hyperband", "min": 9}]})");
  const auto brackets = brackets_of(some.history());
  ASSERT_TRUE(brackets);
  EXPECT_THAT(brackets->rungs(0), ElementsAre(9, 27));
}

}  // namespace
}  // namespace pegbox
