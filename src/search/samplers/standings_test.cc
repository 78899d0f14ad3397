// Standings: on functions that are known, with noise of a known size.
#include "search/samplers/standings.h"

#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"

namespace pegbox {
namespace {

const std::string kPlane = R"("space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}})";

double bowl(const Config& config) {
  return 2 + std::pow(number(config, "x") - 0.4, 2) + 2 * std::pow(number(config, "y") - 0.6, 2);
}

Config at(double x, double y) {
  Config config;
  config.set("x", x);
  config.set("y", y);
  return config;
}

/// Trials at random places.
HistoryForTest noisy_bowl(const std::string& study, std::uint64_t seed, double noise, int trials = 40) {
  HistoryForTest history(study);
  Rng rng({seed, stream_id("noisy bowl"), 0});
  for (int i = 0; i < trials; ++i) {
    const double x = rng.uniform(), y = rng.uniform();
    const Config config = at(x, y);
    history.done(config, bowl(config) + noise * rng.normal());
  }
  return history;
}

double truth(const History& history, std::int64_t trial) {
  return bowl(history.trials[static_cast<std::size_t>(trial)].config);
}

// Nominally 95 %; with 40 studies the count's own standard deviation is 3.5 %.
TEST(Standings, IntervalsHoldTheTruthAndTheBestIsBetterThanTheLuckiest) {
  int held = 0;
  double best = 0, luckiest = 0, noise = 0, width = 0;
  constexpr int kStudies = 40;
  for (std::uint64_t seed = 0; seed < kStudies; ++seed) {
    const HistoryForTest study = noisy_bowl("{" + kPlane + "}", seed, 0.1);
    const auto found = standings(study.history());
    ASSERT_TRUE(found) << found.error().message;
    const RankedConfig& first = found->ranked.front();
    const double expected = truth(study.history(), first.trials.front());
    held += expected >= first.interval.low && expected <= first.interval.high;
    best += (expected - 2) / kStudies;
    luckiest += (truth(study.history(), *best_trial(study.history())) - 2) / kStudies;
    noise += found->noise / kStudies;
    width += (first.interval.high - first.interval.low) / kStudies;
  }
  EXPECT_GE(held, 34);
  EXPECT_LT(best, luckiest);
  EXPECT_NEAR(noise, 0.1, 0.03);
  EXPECT_LT(width, 0.39) << "as wide as that of a single result";
}

TEST(Standings, ProbabilitiesAreAsOftenRightAsTheySay) {
  double said = 0, right = 0;
  int asked = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const HistoryForTest study = noisy_bowl("{" + kPlane + "}", 100 + seed, 0.1);
    const auto found = standings(study.history());
    ASSERT_TRUE(found && found->runner_up);
    const double best = truth(study.history(), found->ranked[0].trials[0]);
    said += found->runner_up->probability;
    right += best < truth(study.history(), found->runner_up->trial);
    ++asked;
  }
  EXPECT_NEAR(right / asked, said / asked, 0.125);  // two and a half standard deviations of 100 answers
}

TEST(Standings, AveragesTheTrialsOfOneConfiguration) {
  HistoryForTest study = noisy_bowl("{" + kPlane + "}", 3, 0.1);
  Rng rng({3, stream_id("repeats"), 0});
  const auto before = standings(study.history());
  ASSERT_TRUE(before);
  const Config& best = study.history().trials[static_cast<std::size_t>(before->ranked[0].trials[0])].config;
  const Config again = best;
  for (int i = 0; i < 20; ++i) study.done(again, bowl(again) + 0.1 * rng.normal());
  const auto after = standings(study.history());
  ASSERT_TRUE(after);
  for (const RankedConfig& each : after->ranked)
    if (each.trials.size() == 21) {
      EXPECT_NEAR(each.mean, bowl(again), 0.06);
      EXPECT_LT(each.interval.high - each.interval.low,
                before->ranked[0].interval.high - before->ranked[0].interval.low);
      return;
    }
  FAIL() << "the repeated configuration is not among the best 20";
}

TEST(Standings, WithoutLuckTheLowestResultIsTheBestForCertain) {
  HistoryForTest study = noisy_bowl("{" + kPlane + "}", 5, 0);
  EXPECT_FALSE(ignores_seeds(study.history()));
  const Config first = study.history().trials[0].config;
  study.done(first, bowl(first));
  EXPECT_TRUE(ignores_seeds(study.history()));
  const auto found = standings(study.history());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->ranked[0].trials.front(), *best_trial(study.history()));
  EXPECT_NEAR(found->ranked[0].mean, truth(study.history(), *best_trial(study.history())), 1e-4);
  EXPECT_GT(found->runner_up->probability, 0.999);
  study.done(first, bowl(first) + 0.01);
  EXPECT_FALSE(ignores_seeds(study.history()));
}

TEST(Standings, KnowsTheDefaultThatWasTried) {
  HistoryForTest given("{" + kPlane + R"(, "try_first": [{"x": 0.9, "y": 0.1}]})");
  given.done({at(0.9, 0.1), {{"by", "try_first"}}}, bowl(at(0.9, 0.1)));
  Rng rng({1, stream_id("default"), 0});
  for (int i = 0; i < 20; ++i) {
    const Config config = at(rng.uniform(), rng.uniform());
    given.done(config, bowl(config) + 0.02 * rng.normal());
  }
  const auto found = standings(given.history());
  ASSERT_TRUE(found && found->default_choice);
  EXPECT_EQ(found->default_choice->trial, 0);
  EXPECT_GT(found->default_choice->probability, 0.99);

  const std::string prior =
      R"({"space": {"x": {"range": [0, 1], "prior": {"at": 0.4, "spread": 0.2}},
                    "y": {"range": [0, 1], "prior": {"at": 0.6, "spread": 0.2}}}})";
  HistoryForTest believed = noisy_bowl(prior, 7, 0.01);
  EXPECT_FALSE(standings(believed.history())->default_choice) << "nobody tried it";
  const std::int64_t trial = believed.done(at(0.4, 0.6), bowl(at(0.4, 0.6)));
  const auto with = standings(believed.history());
  ASSERT_TRUE(with);
  EXPECT_TRUE(with->best_is_default || with->default_choice->trial == trial);
}

TEST(Standings, AreInTheMetricsDirection) {
  HistoryForTest study("{" + kPlane + R"(, "objective": {"maximize": "score"}})");
  Rng rng({2, stream_id("maximize"), 0});
  for (int i = 0; i < 30; ++i) {
    const Config config = at(rng.uniform(), rng.uniform());
    study.done({config, {}}, {{"score", 10 - bowl(config) + 0.02 * rng.normal()}});
  }
  const auto found = standings(study.history());
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_LT(found->ranked[0].interval.low, found->ranked[0].mean);
  EXPECT_GT(found->ranked[0].interval.high, found->ranked[0].mean);
  EXPECT_NEAR(found->ranked[0].mean, 8, 0.1);
  EXPECT_GE(found->ranked[0].mean, found->ranked.back().mean);
}

TEST(Standings, SayWhyThereAreNone) {
  const HistoryForTest few = noisy_bowl("{" + kPlane + "}", 1, 0.1, 7);
  HistoryForTest few_done = noisy_bowl("{" + kPlane + "}", 1, 0.1, 7);
  few_done.failed({at(0.5, 0.5), {}});
  EXPECT_FALSE(standings(few_done.history())) << "a failure is no result";
  EXPECT_NE(standings(few.history()).error().message.find("too few trials"), std::string::npos);
  HistoryForTest several("{" + kPlane + R"(, "objective": [{"minimize": "loss"}, {"minimize": "bytes"}]})");
  EXPECT_NE(standings(several.history()).error().message.find("no single best"), std::string::npos);
  HistoryForTest fixed(R"({"space": {"x": {"value": 1}}})");
  EXPECT_NE(standings(fixed.history()).error().message.find("nothing varies"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
