// All configurations of a space.
#include "search/samplers/lattice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "search/history_for_test.h"
#include "search/samplers/spaces_for_test.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(const char* study_file, std::int64_t points) {
  const HistoryForTest study(study_file);
  const auto lattice = make_lattice(study.space(), points, 1000);
  EXPECT_TRUE(lattice) << lattice.error().message;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < lattice->size; ++i) texts.push_back(study.space().from_unit(lattice->point(i)).to_text());
  return texts;
}

TEST(Lattice, IsInTheOrderOfNestedLoops) {
  EXPECT_THAT(texts(R"({"space": {"a": {"choice": ["x", "y"]}, "n": {"range": [1, 3], "integer": true}}})", 5),
              ElementsAre("a=x n=1", "a=x n=2", "a=x n=3", "a=y n=1", "a=y n=2", "a=y n=3"));
}

TEST(Lattice, DoesNotMultiplyInactiveParameters) {
  EXPECT_THAT(texts(R"({"space": {"a": {"choice": ["x", "y"]}, "b": {"choice": [1, 2], "when": {"a": "y"}}}})", 5),
              ElementsAre("a=x", "a=y b=1", "a=y b=2"));
}

TEST(Lattice, FollowsConditionsOnParametersThatComeLaterInTheFile) {
  EXPECT_THAT(texts(R"({"space": {"c": {"choice": [7, 8], "when": {"b": 2}},
                                  "b": {"choice": [1, 2], "when": {"a": "y"}}, "a": {"choice": ["x", "y"]}}})",
                    5),
              ElementsAre("a=x", "b=1 a=y", "c=7 b=2 a=y", "c=8 b=2 a=y"));
}

TEST(Lattice, TakesContinuousRangesFromEndToEnd) {
  EXPECT_THAT(texts(R"({"space": {"x": {"range": [1, 100], "scale": "log"}}})", 3),
              ElementsAre("x=1", "x=10", "x=100"));
  EXPECT_THAT(texts(R"({"space": {"x": {"range": [0, 8]}}})", 1), ElementsAre("x=4"));
}

TEST(Lattice, HasEachCornerOfASimplexOnce) {
  const auto all = texts(R"({"space": {"m": {"simplex": ["a", "b", "c"]}}})", 3);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size());
  EXPECT_EQ(all.size(), 7u) << "where the first weight is 1, the second axis has nothing to share";
}

TEST(Lattice, HasAsManyPointsAsACountableSpaceHasConfigurations) {
  for (const SpaceForTest& each : spaces_for_test()) {
    const HistoryForTest study(study_of(each));
    const std::int64_t configurations = study.space().cardinality();
    if (configurations == 0) continue;
    const auto lattice = make_lattice(study.space(), 5, 5000);
    ASSERT_TRUE(lattice) << each.name << lattice.error().message;
    EXPECT_EQ(static_cast<std::int64_t>(lattice->size), configurations) << each.name;
  }
}

TEST(Lattice, RefusesMoreThanItsLimit) {
  const HistoryForTest study(R"({"space": {"n": {"range": [1, 1000000000], "integer": true}}})");
  const auto lattice = make_lattice(study.space(), 5, 100);
  ASSERT_FALSE(lattice);
  EXPECT_EQ(lattice.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(lattice.error().message.find("more than 100"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
