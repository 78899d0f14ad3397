// A study's space as the axes of a Parzen density.
#include "search/samplers/parzen_space.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

const char* const kMixedStudy = R"({"space": {
    "lr": {"range": [1e-5, 1e-1], "scale": "log", "prior": {"at": 1e-3, "spread": 2}},
    "m": {"choice": ["a", "b", "c", "d"], "prior": {"weights": [5, 1, 1, 1]}},
    "rank": {"choice": [4, 8, 16], "ordered": true, "when": {"m": "b"}},
    "n": {"range": [1, 5], "integer": true}}})";

struct ParzenSpaceTest : testing::Test {
  ParzenSpaceTest() : study(kMixedStudy), space(study.space()) {}
  HistoryForTest study;
  ParzenSpace space;
  Rng rng{{5, 0, 0}};
};

TEST_F(ParzenSpaceTest, CountsChoicesByIndexAndKeepsOrderedValuesOnALine) {
  const Config config{{"lr", 1e-3}, {"m", std::string("b")}, {"rank", std::int64_t{8}}, {"n", std::int64_t{5}}};
  const auto places = space.places(study.space().to_unit(config));
  EXPECT_FLOAT_EQ(places[0], 0.5f);
  EXPECT_EQ(places[1], 1);
  EXPECT_FLOAT_EQ(places[2], 0.5f);
  EXPECT_FLOAT_EQ(places[3], 0.9f);
  const Config other{{"lr", 1e-3}, {"m", std::string("d")}, {"n", std::int64_t{1}}};
  EXPECT_EQ(space.places(study.space().to_unit(other))[2], math::kAbsent);
  EXPECT_TRUE(space.has_conditions());
}

TEST_F(ParzenSpaceTest, SnapsToTheCentresOfCellsAsTheSpaceDoes) {
  for (int i = 0; i < 200; ++i) {
    std::vector<double> unit(4), snapped(4);
    for (std::size_t axis = 0; axis < 4; ++axis) {
      unit[axis] = rng.uniform();
      snapped[axis] = space.snapped(axis, unit[axis]);
    }
    EXPECT_TRUE(study.space().from_unit(unit) == study.space().from_unit(snapped));
    const UnitPoint point = study.space().to_unit(study.space().from_unit(unit));
    for (std::size_t axis = 1; axis < 4; ++axis) {
      if (!point.active[axis]) continue;
      EXPECT_NEAR(snapped[axis], point.at[axis], 1e-12);
    }
  }
}

TEST_F(ParzenSpaceTest, HasABaseDensityThatSumsToOneAndIsNowhereBelowHalfOfFlat) {
  double sum = 0, lowest = HUGE_VAL;
  for (int i = 0; i < 1000; ++i) {
    const double density = std::exp(space.log_base(0, (i + 0.5) / 1000));
    sum += density / 1000;
    lowest = std::min(lowest, density);
  }
  EXPECT_NEAR(sum, 1, 1e-6);
  EXPECT_NEAR(lowest, 0.5, 1e-3);
  double choices = 0;
  for (int i = 0; i < 4; ++i) choices += std::exp(space.log_base(1, (i + 0.5) / 4));
  EXPECT_NEAR(choices, 1, 1e-12);
  EXPECT_NEAR(std::exp(space.log_base(1, 0.1)), (0.25 + 0.625) / 2, 1e-12);
}

TEST_F(ParzenSpaceTest, DrawsAsItsDensitiesSay) {
  int first = 0, kept = 0, near = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    first += space.draw_base(1, rng) < 0.25;
    kept += space.place(1, space.draw_near(1, 2, 0.4, rng)) == 2;
    const double drawn = space.draw_near(0, 0, 0.1, rng);
    ASSERT_GE(drawn, 0);
    near += drawn < 0.1;
  }
  EXPECT_NEAR(first / double{kDraws}, 0.4375, 0.03);
  EXPECT_NEAR(kept / double{kDraws}, 0.6 + 0.4 * (0.25 + 0.125) / 2, 0.03);
  EXPECT_NEAR(near / double{kDraws}, 0.683, 0.03) << "half of a normal, of which one standard deviation is 0.683";
}

}  // namespace
}  // namespace pegbox
