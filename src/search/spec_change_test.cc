// Tests of what changed between a stored study and its file.
#include "search/spec_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kStudyBefore = R"({
  "name": "a",
  "trial": {"command": "run {x}"},
  "space": {"x": {"range": [0, 1]}, "y": {"choice": [1, 2]}},
  "objective": {"minimize": "loss"},
  "budget": {"trials": 10, "time": "20m"}
})";
constexpr const char* kBudgetBefore = R"({"trials": 10, "time": "20m"})";

StudySpec spec_from(std::string text, const std::string& from = "", const std::string& to = "") {
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  const auto document = parse_document(text, "study.json");
  EXPECT_TRUE(document) << document.error().message;
  auto spec = StudySpec::read(*document);
  EXPECT_TRUE(spec) << spec.error().message;
  return std::move(*spec);
}

TEST(SpecChange, IsNoneForAnotherSpellingOfTheSameNumbers) {
  const auto change = compare_specs(spec_from(kStudyBefore),
                                    spec_from(kStudyBefore, kBudgetBefore, R"({"trials": 1e1, "time": 1200})"));
  EXPECT_TRUE(change.is_none());
  EXPECT_TRUE(compare_specs(spec_from(kStudyBefore), spec_from(kStudyBefore, "[0, 1]", "[0.0, 1e0]")).is_none());
}

TEST(SpecChange, AllowsALargerBudget) {
  const auto change =
      compare_specs(spec_from(kStudyBefore), spec_from(kStudyBefore, R"("trials": 10)", R"("trials": 30)"));
  EXPECT_TRUE(change.is_larger_budget());
  EXPECT_THAT(change.budget_differences, ElementsAre("budget.trials: 10 -> 30"));
}

TEST(SpecChange, AllowsALimitThatIsGone) {
  EXPECT_TRUE(compare_specs(spec_from(kStudyBefore), spec_from(kStudyBefore, kBudgetBefore, R"({"trials": 10})"))
                  .is_larger_budget());
}

TEST(SpecChange, DoesNotTakeASmallerOrNewLimitForALargerBudget) {
  EXPECT_FALSE(compare_specs(spec_from(kStudyBefore), spec_from(kStudyBefore, R"("trials": 10)", R"("trials": 5)"))
                   .is_larger_budget());
  EXPECT_FALSE(compare_specs(spec_from(kStudyBefore),
                             spec_from(kStudyBefore, R"("time": "20m")", R"("time": "20m", "tokens": 1e6)"))
                   .is_larger_budget());
  const auto mixed = compare_specs(spec_from(kStudyBefore),
                                   spec_from(kStudyBefore, kBudgetBefore, R"({"trials": 20, "time": "10m"})"));
  EXPECT_FALSE(mixed.is_larger_budget());
  EXPECT_FALSE(mixed.is_none());
}

TEST(SpecChange, NamesEveryOtherDifference) {
  const auto change = compare_specs(spec_from(kStudyBefore), spec_from(kStudyBefore, "[0, 1]", "[0, 2]"));
  EXPECT_THAT(change.differences, ElementsAre("space.x.range: [0,1] -> [0,2]"));
  EXPECT_FALSE(change.is_larger_budget());
  const auto seeded = spec_from(kStudyBefore, R"("budget")", R"("seed": 3, "budget")");
  EXPECT_THAT(compare_specs(spec_from(kStudyBefore), seeded).differences, ElementsAre("+ seed: 3"));
  EXPECT_THAT(compare_specs(seeded, spec_from(kStudyBefore)).differences, ElementsAre("- seed: 3"));
}

TEST(SpecChange, SeesParametersInAnotherOrder) {
  const auto change = compare_specs(spec_from(kStudyBefore),
                                    spec_from(kStudyBefore, R"("x": {"range": [0, 1]}, "y": {"choice": [1, 2]})",
                                              R"("y": {"choice": [1, 2]}, "x": {"range": [0, 1]})"));
  ASSERT_EQ(change.differences.size(), 1u);
  EXPECT_THAT(change.differences[0], HasSubstr("order"));
}

TEST(SpecChange, IgnoresTheOrderOfOtherKeys) {
  const auto change = compare_specs(spec_from(kStudyBefore),
                                    spec_from(kStudyBefore, kBudgetBefore, R"({"time": "20m", "trials": 10})"));
  EXPECT_THAT(change.differences, IsEmpty());
  EXPECT_TRUE(change.is_none());
}

}  // namespace
}  // namespace pegbox
