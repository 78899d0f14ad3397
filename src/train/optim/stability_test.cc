// Tests of what watches over a run: spikes, plateaus, early ends, and means of weights.
#include <gmock/gmock.h>

#include <cmath>

#include "train/optim/spike_guard.h"
#include "train/optim/validation_watch.h"
#include "train/optim/weight_average.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using Advice = SpikeGuard::Advice;
using ::testing::HasSubstr;
using testing::must;

/// A loss around 2 with a deviation of about 0.1.
double usual(int step) { return 2 + 0.14 * std::sin(1.7 * step); }

SpikeGuard guard_after(int steps, std::int64_t rollback = 0) {
  SpikeGuard guard(TrainConfig{.spike_deviations = 6, .spike_rollback = rollback});
  for (int step = 0; step < steps; ++step) EXPECT_EQ(guard.judge(usual(step), 1), Advice::Step) << step;
  return guard;
}

TEST(SpikeGuard, SkipsStepsThatStandOut) {
  SpikeGuard guard = guard_after(70);
  EXPECT_EQ(guard.judge(2.4, 1), Advice::Step);  // four deviations
  EXPECT_EQ(guard.judge(2.9, 1), Advice::Skip);
  EXPECT_EQ(guard.judge(usual(71), 1), Advice::Step);
  EXPECT_EQ(guard.judge(usual(72), 50), Advice::Skip);
  EXPECT_EQ(guard.judge(1.0, 1), Advice::Step);  // a fall is no spike
  EXPECT_EQ(guard.skipped(), 2);
}

TEST(SpikeGuard, KnowsNothingYetAtTheBeginning) {
  SpikeGuard guard = guard_after(20);
  EXPECT_EQ(guard.judge(100, 1), Advice::Step);
}

TEST(SpikeGuard, GetsUsedToANewLevel) {
  SpikeGuard guard = guard_after(128);
  int skipped = 0;
  for (int step = 0; step < 128; ++step) skipped += guard.judge(usual(step) + 2, 1) == Advice::Skip ? 1 : 0;
  EXPECT_GE(skipped, 1);
  EXPECT_LT(skipped, 30);
  EXPECT_EQ(guard.judge(usual(3) + 2, 1), Advice::Step);
}

TEST(SpikeGuard, GivesUpWhereNothingIsANumberAnyMore) {
  SpikeGuard off(TrainConfig{});
  EXPECT_EQ(off.judge(2, 1), Advice::Step);
  EXPECT_EQ(off.judge(1e30, 1), Advice::Step);
  EXPECT_EQ(off.judge(NAN, 1), Advice::GiveUp);
  EXPECT_EQ(off.judge(2, INFINITY), Advice::GiveUp);
  SpikeGuard on = guard_after(3);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(on.judge(NAN, 1), Advice::Skip);
  EXPECT_EQ(on.judge(NAN, 1), Advice::GiveUp);
}

TEST(SpikeGuard, GoesBackOnceUntilAStepIsTakenAgain) {
  SpikeGuard guard = guard_after(70, 2);
  EXPECT_EQ(guard.judge(9, 1), Advice::Skip);
  EXPECT_FALSE(guard.copy_is_due(100));
  EXPECT_EQ(guard.judge(NAN, 1), Advice::RollBack);
  EXPECT_FALSE(guard.copy_is_due(100));
  EXPECT_EQ(guard.judge(usual(1), 1), Advice::Step);
  EXPECT_TRUE(guard.copy_is_due(100));
  EXPECT_FALSE(guard.copy_is_due(101));
  for (const Advice advice : {Advice::Skip, Advice::RollBack, Advice::Skip, Advice::GiveUp})
    EXPECT_EQ(guard.judge(NAN, 1), advice);
}

TEST(SpikeGuard, GoesOnFromItsState) {
  SpikeGuard guard = guard_after(100, 3);
  EXPECT_EQ(guard.judge(9, 1), Advice::Skip);
  SpikeGuard other(TrainConfig{.spike_deviations = 6, .spike_rollback = 3});
  other.restore(must(parse_json(to_line(guard.state()), "state")));
  EXPECT_EQ(other.state(), guard.state());
  for (int step = 0; step < 40; ++step) {
    const double loss = step % 9 < 4 ? 8 : usual(step);
    EXPECT_EQ(other.judge(loss, 1), guard.judge(loss, 1)) << step;
  }
}

TrainConfig watched(Json fields) {
  fields["evaluate_every"] = 100;
  return must(read_train_config(Json::object(), fields, "test"));
}

TEST(ValidationWatch, LowersTheRateOnAPlateauAsTorchDoes) {
  ValidationWatch watch(watched({{"schedule", "plateau"}, {"plateau_patience", 1}, {"plateau_factor", 0.5}}));
  // patience 1: the second bad evaluation in a row lowers the rate, and counting begins again.
  const std::vector<std::pair<double, double>> loss_and_factor{{5, 1},    {4, 1},      {4, 1},         {4, 0.5},
                                                               {4, 0.5},  {3, 0.5},    {2.99999, 0.5}, {3, 0.25},
                                                               {2, 0.25}, {2.5, 0.25}, {2.1, 0.125}};
  std::int64_t tokens = 0;
  for (const auto& [loss, factor] : loss_and_factor) {
    watch.observe(tokens += 100, loss);
    EXPECT_EQ(watch.rate_factor(), factor) << tokens;
  }
  EXPECT_FALSE(watch.stopped());
}

TEST(ValidationWatch, StopsWithoutImprovement) {
  ValidationWatch watch(watched({{"early_stop", 3}, {"least_improvement", 0.1}}));
  std::int64_t tokens = 0;
  for (const double loss : {5.0, 4.0, 3.9, 3.8, 3.0, 2.9, 3.5}) {
    watch.observe(tokens += 100, loss);
    EXPECT_FALSE(watch.stopped()) << tokens;
  }
  watch.observe(tokens += 100, 2.8);
  EXPECT_TRUE(watch.stopped());
  EXPECT_EQ(watch.rate_factor(), 1);
}

TEST(ValidationWatch, KnowsTheLowestOfWhatCountsAndOfTheEnd) {
  ValidationWatch watch(watched({{"early_stop", 9}, {"least_improvement", 0.5}}));
  EXPECT_TRUE(watch.observe(100, 3));
  EXPECT_FALSE(watch.observe(150, 1));  // where a run paused
  EXPECT_TRUE(watch.observe(200, 2.9));
  EXPECT_FALSE(watch.observe(300, 2.9));
  ValidationWatch other(watched({{"early_stop", 9}}));
  other.restore(watch.state());
  EXPECT_FALSE(other.observe(350, 2.95, /*at_end=*/true));
  EXPECT_TRUE(other.observe(350, 2.8, /*at_end=*/true));
}

TEST(ValidationWatch, CountsOneEvaluationForEachMultiple) {
  ValidationWatch watch(watched({{"early_stop", 2}}));
  watch.observe(50, 1);  // where a run paused
  watch.observe(120, 2);
  for (const std::int64_t tokens : {120, 150, 199}) watch.observe(tokens, 3);
  watch.observe(230, 3);
  EXPECT_FALSE(watch.stopped());
  ValidationWatch other(watched({{"early_stop", 2}}));
  other.restore(must(parse_json(to_line(watch.state()), "state")));
  EXPECT_EQ(other.state(), watch.state());
  other.observe(301, 3);
  EXPECT_TRUE(other.stopped());
}

TEST(WeightAverage, FollowsItsFormula) {
  for (const bool moving : {true, false}) {
    const Tensor value = at::zeros({2});
    const TrainConfig config{.average = moving ? "ema" : "tail", .average_decay = 0.9, .average_fraction = 0.5};
    WeightAverage average(config, {{.name = "x", .value = value}});
    double expected = 0, count = 0;
    for (int step = 1; step <= 20; ++step) {
      const double weight = std::sin(step);
      value.fill_(weight);
      average.update(step / 20.0);
      if (!moving && step < 10) {
        EXPECT_TRUE(average.values().empty()) << "the tail has not begun";
        continue;
      }
      count += 1;
      expected = moving && count > 1 ? 0.9 * expected + 0.1 * weight : (moving ? weight : expected + weight);
    }
    EXPECT_NEAR(average.values().at(0)[0].item<double>(), moving ? expected : expected / count, 1e-6) << moving;
  }
  EXPECT_TRUE(WeightAverage(TrainConfig{}, {{.name = "x", .value = at::zeros({2})}}).state().empty());
}

TEST(StabilityFields, ThatDoNotGoTogetherAreRefused) {
  const auto message = [](Json json) {
    const auto config = read_train_config({}, json, "trial 7");
    return config ? "accepted" : config.error().message;
  };
  EXPECT_THAT(message({{"schedule", "plateau"}}), HasSubstr("evaluate_every"));
  EXPECT_THAT(message({{"early_stop", 3}}), HasSubstr("evaluate_every"));
  EXPECT_THAT(message({{"spike_rollback", 3}}), HasSubstr("spike_deviations"));
  EXPECT_THAT(message({{"batch_start", 32}, {"batch_size", 16}}), HasSubstr("at most batch_size, 16"));
  EXPECT_THAT(message({{"cycles", 4}}), HasSubstr("schedule wsd has no cycles"));
  EXPECT_THAT(message({{"schedule", "constant"}, {"final_rate", 0.1}}), HasSubstr("final_rate"));
  EXPECT_THAT(message({{"average_decay", 0.9}}), HasSubstr("ema"));
  EXPECT_THAT(message({{"average", "ema"}, {"optimizer", "schedule_free"}}), HasSubstr("average of its own"));
  EXPECT_THAT(message({{"initialization", "xavier"}}), HasSubstr("scratch"));
  EXPECT_THAT(message({{"window", 8}}), HasSubstr("window only with method scratch"));
  EXPECT_THAT(message({{"width", 96}}), HasSubstr("method lora has no width"));
  EXPECT_THAT(message({{"schedule", "linear"}, {"decay_fraction", 0.3}}), HasSubstr("decay_fraction only with"));
  EXPECT_EQ(must(read_train_config({}, {{"schedule", "one_cycle"}}, "x")).warmup_fraction, 0.3);
  EXPECT_EQ(must(read_train_config({}, {{"schedule", "one_cycle"}, {"warmup_fraction", 0.1}}, "x")).warmup_fraction,
            0.1);
}

}  // namespace
}  // namespace pegbox::train
