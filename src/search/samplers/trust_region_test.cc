// Trust regions: how they grow, shrink and start anew, what box they are, and a search in many dimensions.
#include "search/samplers/trust_region.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

constexpr int kDimensions = 5;

/// Four trials of a design with losses 10, 9, 8, 7, and then these.
std::vector<TrialLoss> after_design(const std::vector<double>& losses) {
  std::vector<TrialLoss> all{{0, 10}, {1, 9}, {2, 8}, {3, 7}};
  for (const double loss : losses) all.push_back({std::ssize(all), loss});
  return all;
}

TrustRegion follow(const std::vector<double>& losses) { return follow_region(after_design(losses), kDimensions, 4); }

TEST(TrustRegion, DoublesAfterThreeSuccessesAndHalvesAfterFailures) {
  EXPECT_EQ(follow({}).side, 0.8) << "the design counts neither way";
  EXPECT_EQ(follow({}).center, 3);
  EXPECT_EQ(follow({6, 5}).side, 0.8);
  EXPECT_EQ(follow({6, 5, 4}).side, 1.6);
  EXPECT_EQ(follow({6, 5, 4, 3, 2, 1}).side, 1.6) << "the whole cube at most";
  EXPECT_EQ(follow({8, 8, 8, 8}).side, 0.8);
  EXPECT_EQ(follow({8, 8, 8, 8, 8}).side, 0.4);
  EXPECT_EQ(follow({8, 8, 8, 8, 6, 8, 8, 8, 8}).side, 0.8) << "a success breaks the row";
  EXPECT_EQ(follow({6, 5, 8, 4}).side, 0.8) << "so does a failure";
  EXPECT_EQ(follow({6, 5, 8, 4}).center, 7);
  EXPECT_EQ(follow({7 - 1e-6, 7 - 2e-6, 7 - 3e-6, 7 - 4e-6, 7 - 5e-6}).side, 0.4) << "next to nothing is no success";
}

TEST(TrustRegion, StartsAnewWhereItHasBecomeTooSmall) {
  const std::vector<double> failures(7 * kDimensions, 8.0);  // 0.8 / 2^7 < 2^-7
  const TrustRegion region = follow(failures);
  EXPECT_EQ(region.first_trial, 4 + 7 * kDimensions);
  EXPECT_EQ(region.side, 0.8);
  EXPECT_EQ(region.center, std::nullopt);
  std::vector<double> more(failures);
  more.insert(more.end(), {30, 20, 25, HUGE_VAL, 15, 14, 13});
  EXPECT_EQ(follow(more).center, 4 + 7 * kDimensions + 6) << "worse than the best of all, but the best since";
  EXPECT_EQ(follow(more).side, 1.6);
}

TEST(TrustRegion, IsALongerBoxWhereTheModelsLengthsAreLonger) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]},
      "m": {"choice": ["a", "b"]}, "z": {"range": [0, 1], "when": {"m": "a"}}}})");
  const Space& space = study.space();
  UnitPoint center = space.to_unit(Config{{"x", 0.5}, {"y", 0.1}, {"m", std::string("b")}});
  const std::vector<double> lengths{1, 4, 1, 1};
  const TrustRegion region{.first_trial = 0, .center = 0, .side = 0.4};
  const math::Box box = box_of(region, space, center, lengths);
  EXPECT_NEAR(box.low[0], 0.4, 1e-12);
  EXPECT_NEAR(box.high[0], 0.6, 1e-12);
  EXPECT_EQ(box.low[1], 0.0) << "cut at the end of the axis";
  EXPECT_NEAR(box.high[1], 0.5, 1e-12);
  for (const std::size_t axis : {2u, 3u}) {
    EXPECT_EQ(box.low[axis], 0.0);
    EXPECT_EQ(box.high[axis], 1.0);
  }
}

TEST(TrustRegion, HoldsWhatGpSuggests) {
  std::string space;
  for (int i = 0; i < 8; ++i) space += (i ? R"(, "x)" : R"("x)") + std::to_string(i) + R"(": {"range": [0, 1]})";
  HistoryForTest study(R"({"space": {)" + space + R"(}, "search": {"name": "gp", "region": "trust"}})");
  const auto sampler = std::move(*make_sampler(study.spec()));
  double best = HUGE_VAL;
  for (std::uint64_t trial = 0; trial < 50; ++trial) {
    const auto suggestions = sampler->suggest(study.history(), 1, {1, 0, trial});
    ASSERT_TRUE(suggestions) << suggestions.error().message;
    const Config& config = suggestions->at(0).config;
    double loss = 0;
    for (int i = 0; i < 8; ++i) loss += std::pow(number(config, "x" + std::to_string(i)) - 0.1 * i, 2);
    if (trial >= 8) {
      EXPECT_TRUE(suggestions->at(0).reason.contains("region"));
    }
    best = std::min(best, loss);
    study.done(suggestions->at(0), loss);
  }
  EXPECT_LT(best, 0.05);
}

TEST(TrustRegion, IsRefusedWithSeveralObjectives) {
  const HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "objective": [{"minimize": "a"}, {"minimize": "b"}],
                                 "search": {"name": "gp", "region": "trust"}})");
  const auto made = make_sampler(study.spec());
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("region"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
