// A history as a population: followed and read anew, ranked as published.
#include "search/samplers/population.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "search/history_for_test.h"
#include "search/samplers/observations.h"

namespace pegbox {
namespace {

using ::testing::ElementsAre;

constexpr char kPopulationStudy[] =
    R"({"space": {"x": {"range": [0, 1]}, "m": {"choice": ["a", "b"]}, "y": {"range": [0, 1], "when": {"m": "b"}}},
        "constraints": ["memory < 5"]})";

Config config_at(double x) { return {{"x", x}, {"m", std::string("a")}}; }

void expect_same(const Chronicle& one, const Chronicle& other) {
  ASSERT_EQ(one.individuals().size(), other.individuals().size());
  for (std::size_t i = 0; i < one.individuals().size(); ++i) {
    EXPECT_EQ(one.individuals()[i].trial, other.individuals()[i].trial);
    EXPECT_EQ(one.individuals()[i].losses, other.individuals()[i].losses);
    EXPECT_EQ(one.individuals()[i].allowed, other.individuals()[i].allowed);
  }
}

/// One of many things happens to a study; some leave trials running for a while.
void happen(HistoryForTest& study, Rng& rng, bool early_stops) {
  const std::int64_t trial = study.create(config_at(rng.uniform()));
  const std::uint64_t fate = rng.below(early_stops ? 7 : 5);
  if (fate == 0) return;
  study.start(trial, fate >= 5 ? 3 : 0);
  study.report(trial, 3, {{"loss", rng.uniform()}, {"memory", 10 * rng.uniform()}});
  if (fate == 1) study.move(trial, TrialState::Failed, rng.below(2) ? FailureKind::Diverged : FailureKind::Error);
  if (fate == 2) return;
  if (fate == 3 || fate == 4) study.move(trial, TrialState::Done);
  if (fate == 5) study.move(trial, TrialState::Paused);
  if (fate == 6) study.move(trial, TrialState::Stopped);
}

void finish_one(HistoryForTest& study, Rng& rng) {
  for (const TrialState state : {TrialState::Running, TrialState::Paused}) {
    if (study.history().in_state(state).empty()) continue;
    const std::int64_t trial = *study.history().in_state(state).begin();
    if (state == TrialState::Paused) study.start(trial);
    study.report(trial, 9, {{"loss", rng.uniform()}, {"memory", 10 * rng.uniform()}});
    return study.move(trial, TrialState::Done);
  }
}

TEST(Chronicle, FollowsAHistoryToWhatAFreshOneReads) {
  for (const bool early_stops : {false, true}) {
    HistoryForTest study(kPopulationStudy);
    Rng rng({5, 0, early_stops});
    Chronicle chronicle;
    for (int round = 0; round < 80; ++round) {
      happen(study, rng, early_stops && round > 30);
      if (round % 3 == 0) finish_one(study, rng);
      chronicle.update(study.history());
      Chronicle fresh;
      fresh.update(study.history());
      expect_same(chronicle, fresh);
      for (std::int64_t trial = 0; trial < std::ssize(study.history().trials); ++trial)
        EXPECT_TRUE(std::ranges::equal(chronicle.genes(trial), fresh.genes(trial)));
    }
  }
}

TEST(Chronicle, SaysWhatObservationsSay) {
  HistoryForTest study(kPopulationStudy);
  Rng rng({6, 0, 0});
  Chronicle chronicle;
  for (int round = 0; round < 60; ++round) {
    happen(study, rng, round > 40);
    chronicle.update(study.history());
    const Observations observed = observe(study.history(), study.history().trials);
    ASSERT_EQ(chronicle.individuals().size(), observed.measured.size() + observed.failed.size());
    for (const Measured& each : observed.measured) {
      ASSERT_NE(chronicle.find(each.trial), nullptr);
      EXPECT_EQ(chronicle.find(each.trial)->losses, each.losses);
      EXPECT_EQ(chronicle.find(each.trial)->allowed, each.allowed);
    }
    for (const std::int64_t trial : observed.failed) EXPECT_FALSE(chronicle.find(trial)->is_finite());
  }
}

TEST(Chronicle, ReadsAnEarlierHistoryAndAChangedSpaceFromTheBeginning) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}})");
  study.done(Config{{"x", 0.25}}, 1);
  const HistoryForTest earlier = study;
  study.done(Config{{"x", 0.5}}, 2);
  Chronicle chronicle;
  chronicle.update(study.history());
  EXPECT_EQ(chronicle.individuals().size(), 2u);
  chronicle.update(earlier.history());
  EXPECT_EQ(chronicle.individuals().size(), 1u);
  chronicle.update(study.history());
  Json changed = study.spec().source;
  changed["space"] = {{"x", {{"range", {0, 0.4}}}}};
  study.apply(event::StudyChanged{changed});
  chronicle.update(study.history());
  ASSERT_EQ(chronicle.individuals().size(), 1u) << "0.5 is no longer in the space";
  EXPECT_DOUBLE_EQ(chronicle.genes(0)[0], 0.625);
}

TEST(Chronicle, LetsAChildKeepTheGenesThatItDoesNotUse) {
  HistoryForTest study(kPopulationStudy);
  study.create(Config{{"x", 0.5}, {"m", std::string("b")}, {"y", 0.875}});
  study.create(config_at(0.25), {{"by", "genetic"}, {"parents", {0}}});
  study.create(config_at(0.75), {{"by", "genetic"}, {"parents", {1}}});
  Chronicle chronicle;
  chronicle.update(study.history());
  EXPECT_DOUBLE_EQ(chronicle.genes(2)[0], 0.75);
  EXPECT_DOUBLE_EQ(chronicle.genes(2)[2], 0.875);
}

TEST(Population, NamesParentsThatAreThere) {
  Trial trial;
  trial.number = 5;
  EXPECT_TRUE(parents_of(trial).empty());
  trial.reason = {{"parents", {3, 17, -1, "x", 4}}};
  EXPECT_THAT(parents_of(trial), ElementsAre(3, 4));
  trial.reason = {{"parents", "none"}};
  EXPECT_TRUE(parents_of(trial).empty());
}

TEST(Population, ComparesTwoByDebsRulesAndThenByTheFirstObjective) {
  const Individual good{0, {1, 9}, true}, tied{1, {1, 8}, true}, worse{2, {2, 1}, true}, forbidden{3, {0, 0}, false},
      diverged{4, {HUGE_VAL, HUGE_VAL}, true};
  EXPECT_TRUE(is_better(good, worse));
  EXPECT_TRUE(is_better(tied, good));
  EXPECT_TRUE(is_better(worse, forbidden));
  EXPECT_TRUE(is_better(forbidden, diverged));
  EXPECT_FALSE(is_better(good, good));
}

TEST(Population, RanksSeveralObjectivesByFrontAndThenByCrowding) {
  // Front 0: trials 0, 1, 2, 4; of these 0 and 4 are its ends, and 1 is lonelier than 2. Front 1: trial 3.
  const std::vector<Individual> all{{0, {0, 10}, true},
                                    {1, {4, 5}, true},
                                    {2, {5, 4}, true},
                                    {3, {6, 6}, true},
                                    {4, {10, 3}, true},
                                    {5, {0, 0}, false},
                                    {6, {HUGE_VAL, HUGE_VAL}, true}};
  const std::vector<std::size_t> members{0, 1, 2, 3, 4, 5, 6};
  const Ranked ranked = rank_members(all, members);
  EXPECT_THAT(ranked.members, ElementsAre(0, 4, 1, 2, 3, 5, 6));
  EXPECT_EQ(ranked.standings[2].rank, 0);
  EXPECT_DOUBLE_EQ(ranked.standings[2].crowding, 5.0 / 10 + 6.0 / 7);
  EXPECT_DOUBLE_EQ(ranked.standings[3].crowding, 6.0 / 10 + 2.0 / 7);
  EXPECT_EQ(ranked.standings[4].rank, 1);
  EXPECT_GT(ranked.standings[6].rank, ranked.standings[5].rank);
}

}  // namespace
}  // namespace pegbox
