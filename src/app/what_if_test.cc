// WhatIf: its ranking of clearly different strategies is the true one, and its functions are draws of what they claim.
#include "app/what_if.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>

#include "app/plausible_function.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

double bowl_of(const Config& config) {
  double loss = 1;
  for (const auto& [name, value] : config) loss += (name == "a" ? 3 : 1) * std::pow(as_number(value) - 0.35, 2);
  return loss;
}

/// A study that was searched, with noise.
class Searched {
 public:
  Searched(const std::string& search, int trials, double noise, std::uint64_t seed, const std::string& more = "") {
    const auto spec = parse_json(
        R"({"name": "s", "trial": {"command": "true"}, "budget": {"trials": 60},
            "space": {"a": {"range": [0, 1]}, "b": {"range": [0, 1]}, "c": {"range": [0, 1]}, "d": {"range": [0, 1]}},
            "search": ")" +
            search + "\"" +
            (more.find("objective") == std::string::npos ? R"(, "objective": {"minimize": "loss"})" : "") + more + "}",
        "test");
    apply(event::StudyCreated{*spec, "test"});
    const auto sampler = std::move(*make_sampler(state_.spec()));
    Rng luck({seed, stream_id("what-if test"), 0});
    for (std::int64_t i = 0; i < trials; ++i) {
      const auto asked = sampler->suggest(state_.history(), 1, {seed, 0, static_cast<std::uint64_t>(i)});
      const Config& config = asked->front().config;
      lowest_ = std::min(lowest_, bowl_of(config));
      apply(event::TrialCreated{i, config, asked->front().reason, 0, {}});
      apply(event::TrialStarted{i, "w", 0, 0, 0});
      apply(event::TrialReported{i, 1, {{"loss", bowl_of(config) + noise * luck.normal()}}});
      apply(event::TrialMoved{i, TrialState::Done, 1, {}, {}, {}});
    }
  }
  const StudyState& state() const { return state_; }
  double lowest() const { return lowest_; }

 private:
  void apply(Event::What what) {
    const auto applied = state_.apply({state_.event_count(), 0, "test", std::move(what)});
    if (!applied) ADD_FAILURE() << applied.error().message;
  }
  StudyState state_;
  double lowest_ = HUGE_VAL;
};

const WhatIfRow& row(const WhatIf& found, const std::string& strategy) {
  const auto at = std::ranges::find(found.rows, strategy, &WhatIfRow::strategy);
  EXPECT_NE(at, found.rows.end()) << strategy;
  return *at;
}

TEST(WhatIfQuality, PutsGpBeforeRandomSearchAsItIsInTruth) {
  double gp_truth = 0, random_truth = 0;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    gp_truth += Searched("gp", 30, 0.02, seed).lowest() / 6;
    random_truth += Searched("random", 30, 0.02, seed).lowest() / 6;
  }
  ASSERT_LT(gp_truth, random_truth - 0.05) << "clearly different";

  const Searched study("random", 60, 0.02, 9);
  int drawn = 0;
  const auto found =
      what_if(study.state(), {.trials = 30, .draws = 12, .threads = 2, .progress = [&](int done) { drawn = done; }});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(drawn, 12);
  const WhatIfRow &gp = row(*found, "gp"), &random = row(*found, "random");
  ASSERT_EQ(gp.after.size(), 3u);
  EXPECT_EQ(gp.after[0].trials, 10);
  EXPECT_EQ(gp.after[2].trials, 30);
  EXPECT_TRUE(random.is_own);
  EXPECT_LT(gp.after.back().interval.high, 0) << "better for certain";
  EXPECT_LE(gp.after.back().interval.low, gp.after.back().difference);
  EXPECT_GT(gp.better_than_own_fraction, 0.8);
  EXPECT_EQ(random.after.back().difference, 0);
  EXPECT_EQ(random.better_than_own_fraction, 0.5) << "equal to itself";
  EXPECT_NEAR(gp.after.back().difference, gp_truth - random_truth, 0.15) << "in the loss's units";
  EXPECT_NEAR(random.after.back().found, random_truth, 0.15);
  for (std::size_t i = 1; i < found->rows.size(); ++i)
    EXPECT_LE(found->rows[i - 1].after.back().found, found->rows[i].after.back().found);
  EXPECT_EQ(found->left_out.size(), 3u);
}

TEST(WhatIf, SaysTheSameTwiceWithAnyNumberOfThreadsAndStopsWhenAskedTo) {
  const Searched study("gp", 16, 0.02, 1);
  WhatIfOptions options{.trials = 6, .draws = 3};
  const auto one = what_if(study.state(), options);
  options.threads = 3;
  const auto two = what_if(study.state(), options);
  ASSERT_TRUE(one && two);
  for (std::size_t i = 0; i < one->rows.size(); ++i) {
    EXPECT_EQ(one->rows[i].strategy, two->rows[i].strategy);
    EXPECT_EQ(one->rows[i].after.back().found, two->rows[i].after.back().found);
  }
  const std::atomic<bool> interrupted = true;
  options.interrupted = &interrupted;
  EXPECT_EQ(what_if(study.state(), options).error().kind, ErrorKind::Interrupted);
}

TEST(WhatIf, IsInTheMetricsDirection) {
  const Searched study("random", 30, 0.02, 3, R"(, "objective": {"maximize": "loss"})");
  const auto found = what_if(study.state(), {.trials = 10, .draws = 4});
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_GE(found->rows.front().after.back().found, found->rows.back().after.back().found) << "best first";
  EXPECT_GT(found->study_best_expected, 1.5) << "a corner is the best now";
}

TEST(WhatIf, RefusesWhatItCannotReplay) {
  EXPECT_EQ(what_if(Searched("random", 5, 0.02, 1).state(), {}).error().kind, ErrorKind::InvalidInput);
  const Searched limited("random", 20, 0.02, 1, R"(, "constraints": ["latency < 3"])");
  EXPECT_EQ(what_if(limited.state(), {}).error().kind, ErrorKind::InvalidInput);
}

// Drawn values at a place have the mean and the spread of the posterior there.
TEST(PlausibleFunction, IsADrawOfThePosterior) {
  const Searched study("random", 40, 0.02, 2);
  const History history = study.state().history();
  auto functions = PlausibleFunction::draw(history, 60, 3);
  ASSERT_TRUE(functions) << functions.error().message;
  Config inside, outside;
  for (const char* name : {"a", "b", "c", "d"}) inside.set(name, 0.4), outside.set(name, 1.0);
  const auto spread = [&](const Config& config) {
    std::vector<double> values;
    for (PlausibleFunction& function : *functions) {
      values.push_back(*function(config));
      EXPECT_EQ(*function(config), values.back()) << "the same question, another answer";
    }
    return std::pair(math::mean(values), math::standard_deviation(values));
  };
  const auto [at_inside, doubt_inside] = spread(inside);
  const auto [at_outside, doubt_outside] = spread(outside);
  EXPECT_NEAR(at_inside, bowl_of(inside), 0.1);
  EXPECT_LT(doubt_inside, 0.1);
  EXPECT_GT(doubt_outside, 2 * doubt_inside) << "in a corner nobody has seen";
}

}  // namespace
}  // namespace pegbox
