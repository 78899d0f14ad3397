// Trust regions: how they grow, shrink and start anew, what part of the space they are, and searches within them.
#include "search/samplers/trust_region.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/number.h"
#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

constexpr int kDimensions = 5;

/// Four trials of a design with losses 10, 9, 8, 7, and then these.
std::vector<Measured> after_design(const std::vector<double>& losses) {
  std::vector<Measured> all;
  for (const double loss : {10.0, 9.0, 8.0, 7.0}) all.push_back({std::ssize(all), {loss}});
  for (const double loss : losses) all.push_back({std::ssize(all), {loss}});
  return all;
}

double side_after(const std::vector<double>& losses) {
  return follow_region(after_design(losses), kDimensions, 4).side;
}

TEST(TrustRegion, DoublesAfterThreeSuccessesAndHalvesAfterFailures) {
  EXPECT_EQ(side_after({}), 0.8) << "the design counts neither way";
  EXPECT_EQ(side_after({6, 5}), 0.8);
  EXPECT_EQ(side_after({6, 5, 4}), 1.6);
  EXPECT_EQ(side_after({6, 5, 4, 3, 2, 1}), 1.6) << "the whole cube at most";
  EXPECT_EQ(side_after({8, 8, 8, 8}), 0.8);
  EXPECT_EQ(side_after({8, 8, 8, 8, 8}), 0.4);
  EXPECT_EQ(side_after({8, 8, 8, 8, 6, 8, 8, 8, 8}), 0.8) << "a success breaks the row";
  EXPECT_EQ(side_after({6, 5, 8, 4}), 0.8) << "so does a failure";
  EXPECT_EQ(side_after({7 - 1e-6, 8, 8, 8, 8}), 0.4) << "next to nothing is no success";
  EXPECT_EQ(side_after({7 - 1e-2, 8, 8, 8, 8}), 0.8);
}

TEST(TrustRegion, TakesWhatIsNotAllowedForNoSuccess) {
  std::vector<Measured> trials = after_design({1, 1, 1, 1, 1});
  for (std::size_t i = 4; i < trials.size(); ++i) trials[i].allowed = false;
  EXPECT_EQ(follow_region(trials, kDimensions, 4).side, 0.4);
  EXPECT_EQ(side_after({kInfinity, kInfinity, kInfinity, kInfinity, kInfinity}), 0.4);
}

TEST(TrustRegion, StartsAnewWhereItHasBecomeTooSmall) {
  std::vector<double> losses(7 * kDimensions, 8.0);  // 0.8 / 2^7 < 2^-7
  const TrustRegion region = follow_region(after_design(losses), kDimensions, 4);
  EXPECT_EQ(region.first_trial, 4 + 7 * kDimensions);
  EXPECT_EQ(region.side, 0.8);
  losses.insert(losses.end(), {30, 20, 25, kInfinity, 15, 14, 13});
  EXPECT_EQ(side_after(losses), 1.6) << "worse than the best of all, but successes since";
}

TEST(TrustRegion, KeepsFailuresWhenItStartsAnew) {
  const Observations all{.measured = after_design({1, 2}), .failed = {2}, .pending = {3, 9}};
  const Observations kept = since(all, 4);
  ASSERT_EQ(kept.measured.size(), 2u);
  EXPECT_EQ(kept.measured[0].trial, 4);
  EXPECT_EQ(kept.failed, all.failed);
  EXPECT_EQ(kept.pending, std::vector<std::int64_t>{9});
}

TEST(TrustRegion, IsALongerBoxWhereTheModelsLengthsAreLonger) {
  const HistoryForTest study(
      R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}, "n": {"range": [1, 11], "integer": true},
      "m": {"choice": ["a", "b"]}, "z": {"range": [0, 1], "when": {"m": "a"}}}})");
  const Space& space = study.space();
  const UnitPoint center =
      space.to_unit(Config{{"x", 0.5}, {"y", 0.1}, {"n", std::int64_t{6}}, {"m", std::string("b")}});
  const std::vector<double> logs{std::log(1), std::log(4), std::log(2), 9, -9};
  const RegionBounds bounds = bounds_of({.first_trial = 0, .side = 0.4}, space, center, logs);
  EXPECT_NEAR(bounds.box.low[0], 0.4, 1e-12);
  EXPECT_NEAR(bounds.box.high[0], 0.6, 1e-12);
  EXPECT_EQ(bounds.box.low[1], 0.0) << "cut at the end of the axis";
  EXPECT_NEAR(bounds.box.high[1], 0.5, 1e-12);
  EXPECT_NEAR(bounds.box.high[2] - bounds.box.low[2], 0.4, 1e-12);
  for (const std::size_t axis : {3u, 4u}) {
    EXPECT_EQ(bounds.box.low[axis], 0.0);
    EXPECT_EQ(bounds.box.high[axis], 1.0);
  }
  const RegionBounds small = bounds_of({.first_trial = 0, .side = 0.01}, space, center, logs);
  EXPECT_LT(small.box.high[0] - small.box.low[0], 0.02);
  UnitPoint next = space.to_unit(Config{{"x", 0.5}, {"y", 0.1}, {"n", std::int64_t{7}}, {"m", std::string("b")}});
  EXPECT_TRUE(small.contains(next)) << "the next level at least";
  next = space.to_unit(Config{{"x", 0.5}, {"y", 0.1}, {"n", std::int64_t{8}}, {"m", std::string("b")}});
  EXPECT_FALSE(small.contains(next));
}

TEST(TrustRegion, HoldsAsManyChangedChoicesAsItsSideIsOfAnAxis) {
  const HistoryForTest study(R"({"space": {"a": {"choice": ["0", "1"]}, "b": {"choice": ["0", "1"]},
      "c": {"choice": ["0", "1"]}, "d": {"choice": ["0", "1"]}, "x": {"range": [0, 1]}}})");
  const auto point = [&](std::string a, std::string b, std::string c, std::string d) {
    return study.space().to_unit(Config{{"a", a}, {"b", b}, {"c", c}, {"d", d}, {"x", 0.5}});
  };
  const std::vector<double> logs(5, 0.0);
  const UnitPoint center = point("0", "0", "0", "0");
  const RegionBounds half = bounds_of({.first_trial = 0, .side = 0.4}, study.space(), center, logs);
  EXPECT_TRUE(half.contains(point("1", "0", "1", "0")));
  EXPECT_FALSE(half.contains(point("1", "0", "1", "1")));
  const RegionBounds least = bounds_of({.first_trial = 0, .side = 0.01}, study.space(), center, logs);
  EXPECT_TRUE(least.contains(point("0", "1", "0", "0")));
  EXPECT_FALSE(least.contains(point("0", "1", "0", "1")));
  EXPECT_TRUE(
      bounds_of({.first_trial = 0, .side = 1.6}, study.space(), center, logs).contains(point("1", "1", "1", "1")));
}

/// Eight numbers and a choice; `loss` may throw all successes away.
struct Search {
  Search() : study(make_file()), sampler(std::move(*make_sampler(study.spec()))) {}

  static std::string make_file() {
    std::string space = R"("m": {"choice": ["a", "b", "c"]})";
    for (int i = 0; i < 8; ++i) space += R"(, "x)" + std::to_string(i) + R"(": {"range": [0, 1]})";
    return R"({"space": {)" + space + R"(}, "search": {"name": "gp", "region": "trust", "central": false}})";
  }
  static double loss_of(const Config& config) {
    double loss = to_text(*config.find("m")) == "b" ? 0 : 0.2;
    for (int i = 0; i < 8; ++i) loss += std::pow(number(config, "x" + std::to_string(i)) - 0.1 * i, 2);
    return loss;
  }
  Suggestion ask(Sampler& from) {
    auto suggestions = from.suggest(study.history(), 1, {1, 0, study.history().trials.size()});
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    return suggestions->at(0);
  }

  HistoryForTest study;
  std::unique_ptr<Sampler> sampler;
};

TEST(TrustRegion, FindsTheBottomOfABowl) {
  Search search;
  double best = HUGE_VAL;
  for (int trial = 0; trial < 40; ++trial) {
    const Suggestion asked = search.ask(*search.sampler);
    EXPECT_EQ(asked.reason.contains("region"), trial >= 4);
    best = std::min(best, Search::loss_of(asked.config));
    search.study.done(asked, Search::loss_of(asked.config));
  }
  EXPECT_LT(best, 0.05);
}

TEST(TrustRegion, AFreshSamplerThatReadsTheSameHistoryAsksForTheSame) {
  Search search;
  const auto sampler = [&] { return std::move(*make_sampler(search.study.spec())); };
  for (int trial = 0; trial < 80; ++trial) {  // random trials, none of which improves: regions end
    search.study.done(Config{{"m", std::string("a")},
                             {"x0", 0.01 * trial},
                             {"x1", 0.5},
                             {"x2", 0.5},
                             {"x3", 0.5},
                             {"x4", 0.5},
                             {"x5", 0.5},
                             {"x6", 0.5},
                             {"x7", 0.5}},
                      1.0 + trial);
  }
  const Suggestion first = search.ask(*search.sampler);
  EXPECT_GT(first.reason["region"]["since"], 50) << first.reason.dump();
  search.study.done(first, 0.5);
  const Suggestion grown = search.ask(*search.sampler), fresh = search.ask(*sampler());
  EXPECT_EQ(grown.config.to_text(), fresh.config.to_text());
  EXPECT_EQ(grown.reason, fresh.reason);
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
