// Priors that ranges imply.
#include "search/samplers/central_beliefs.h"

#include <gtest/gtest.h>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

TEST(CentralBeliefs, LieAroundTheMiddleOfEachAxisThatCanHaveThem) {
  const HistoryForTest study(R"({"space": {"rate": {"range": [1e-5, 1e-1], "scale": "log"},
                                           "layers": {"range": [1, 9], "integer": true},
                                           "rank": {"choice": [4, 8, 16, 32, 64], "ordered": true},
                                           "flag": {"choice": [true, false]}}})");
  const Space believed = with_central_beliefs(study.space());
  ASSERT_EQ(believed.dimensions(), study.space().dimensions());
  EXPECT_NEAR(as_number(believed.find("rate")->prior->at), 1e-3, 1e-9);
  EXPECT_EQ(as_number(believed.find("layers")->prior->at), 5);
  EXPECT_EQ(as_number(believed.find("rank")->prior->at), 16);
  EXPECT_FALSE(believed.find("flag")->prior);
  UnitPoint middle{{0.5, 0.5, 0.5, 0.25}, {true, true, true, true}}, end = middle;
  for (const std::size_t axis : {0u, 1u, 2u}) {
    end.at[axis] = 0;
    EXPECT_NEAR(believed.log_prior(middle) - believed.log_prior(end), 0.5 * std::pow(0.5 / kCentralSpread, 2), 1e-6);
    end.at[axis] = 0.5;
  }
}

TEST(CentralBeliefs, LeaveThePriorsOfAPerson) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1], "prior": {"at": 0.9, "spread": 0.05}},
                                           "y": {"choice": [1, 2, 3], "ordered": true, "prior": {"weights": [8, 1, 1]}}}})");
  const Space believed = with_central_beliefs(study.space());
  EXPECT_EQ(as_number(believed.find("x")->prior->at), 0.9);
  EXPECT_FALSE(believed.find("y")->prior);
}

}  // namespace
}  // namespace pegbox
