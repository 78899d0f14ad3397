// Tests of ablation: the path of greedy changes, what each gave, and what is still to be run.
#include "report/ablation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "base/rng.h"
#include "search/study_spec.h"

namespace pegbox {
namespace {

using testing::ElementsAre;

using Loss = std::function<double(const Config& config, std::size_t run)>;

Space space_of(const std::string& json) {
  const auto document = parse_document(json, "space");
  auto space = Space::read(document->root());
  EXPECT_TRUE(space) << space.error().message;
  return *std::move(space);
}

/// Runs all that is wanted, round by round.
std::vector<AblationRun> run_all(const Ablation& ablation, const Loss& loss) {
  std::vector<AblationRun> runs;
  for (;;) {
    const std::vector<Config> next = ablation.next(runs);
    if (next.empty() || runs.size() > 500) return runs;
    for (const Config& config : next) runs.push_back({config, loss(config, runs.size())});
  }
}

double number(const Config& config, const char* name) { return as_number(*config.find(name)); }

TEST(Ablation, TakesTheChangeThatGivesMostFirst) {
  const Space space =
      space_of(R"({"a": {"range": [0, 1]}, "b": {"range": [0, 1]}, "c": {"range": [0, 1]}, "d": {"value": 3}})");
  const Config from{{"a", 0.0}, {"b", 0.0}, {"c", 0.0}, {"d", std::int64_t{3}}},
      to{{"a", 1.0}, {"b", 1.0}, {"c", 1.0}, {"d", std::int64_t{3}}};
  const auto ablation = Ablation::create(space, {from, to, 2});
  ASSERT_TRUE(ablation) << ablation.error().message;
  EXPECT_THAT(ablation->changes(), ElementsAre("a", "b", "c"));
  // b gives 3, a 1 and only where b is; c costs 0.5.
  const auto runs = run_all(*ablation, [](const Config& c, std::size_t) {
    return 10 - 3 * number(c, "b") - number(c, "a") * number(c, "b") + 0.5 * number(c, "c");
  });
  EXPECT_EQ(std::ssize(runs), ablation->most_runs());
  EXPECT_EQ(runs.size(), 2u * (3 + 2 + 4));
  const auto steps = ablation->steps(runs);
  ASSERT_EQ(steps.size(), 4u);
  EXPECT_THAT(steps[1].changed, ElementsAre("b"));
  EXPECT_THAT(steps[2].changed, ElementsAre("a"));
  EXPECT_THAT(steps[3].changed, ElementsAre("c"));
  EXPECT_EQ(steps[0].loss, 10);
  EXPECT_EQ(steps[1].gain, 3);
  EXPECT_EQ(steps[2].gain, 1);
  EXPECT_EQ(steps[3].gain, -0.5);
  EXPECT_TRUE(steps[3].config == to);
  ASSERT_TRUE(steps[3].interval);
  EXPECT_EQ(steps[3].interval->low, -0.5) << "runs without luck";
}

TEST(Ablation, IntervalsHoldTheTruthAboutAsOftenAsTheySay) {
  const Space space =
      space_of(R"({"a": {"range": [0, 1]}, "b": {"range": [0, 1]}, "c": {"range": [0, 1]}, "d": {"range": [0, 1]}})");
  const Config from{{"a", 0.0}, {"b", 0.0}, {"c", 0.0}, {"d", 0.0}}, to{{"a", 1.0}, {"b", 1.0}, {"c", 1.0}, {"d", 1.0}};
  const auto ablation = Ablation::create(space, {from, to, 3});
  ASSERT_TRUE(ablation);
  const auto truth = [](const Config& c) { return -0.4 * number(c, "a"); };  // the others do nothing, so luck chooses
  int held = 0, all = 0;
  double sum = 0;
  for (std::uint64_t study = 0; study < 400; ++study) {
    Rng rng({study, stream_id("ablation test"), 0});
    const auto steps =
        ablation->steps(run_all(*ablation, [&](const Config& c, std::size_t) { return truth(c) + rng.normal(); }));
    for (std::size_t i = 1; i < steps.size(); ++i) {
      const double gain = truth(steps[i - 1].config) - truth(steps[i].config);
      held += steps[i].interval->low <= gain && gain <= steps[i].interval->high;
      sum += steps[i].gain - gain;
      ++all;
    }
  }
  EXPECT_NEAR(static_cast<double>(held) / all, 0.95, 0.015);
  EXPECT_NEAR(sum / all, 0, 0.03) << "what was chosen by its luck is not flattered by it";
}

TEST(Ablation, TakesWhatDependsOnAChangeWithIt) {
  const Space space = space_of(R"({"rank": {"range": [1, 64], "integer": true, "when": {"method": "lora"}},
    "method": {"choice": ["full", "lora"]}, "width": {"range": [1, 9], "integer": true, "when": {"method": "full"}}, "rate": {"range": [0, 1]}})");
  const Config from{{"method", std::string("full")}, {"width", std::int64_t{4}}, {"rate", 0.25}},
      to{{"rank", std::int64_t{8}}, {"method", std::string("lora")}, {"rate", 0.75}};
  const auto ablation = Ablation::create(space, {from, to, 1});
  ASSERT_TRUE(ablation) << ablation.error().message;
  const auto runs = run_all(*ablation, [&](const Config& c, std::size_t) {
    EXPECT_TRUE(space.contains(c)) << c.to_text();
    return (to_text(*c.find("method")) == "lora" ? 1.0 : 2.0) - number(c, "rate");
  });
  const auto steps = ablation->steps(runs);
  ASSERT_EQ(steps.size(), 3u);
  EXPECT_THAT(steps[1].changed, ElementsAre("method", "rank", "width"));
  EXPECT_THAT(steps[2].changed, ElementsAre("rate"));
  EXPECT_FALSE(steps[1].interval) << "single runs tell no luck";
  EXPECT_LT(std::ssize(runs), ablation->most_runs());
}

TEST(Ablation, GoesAroundWhatFails) {
  const Space space = space_of(R"({"a": {"range": [0, 1]}, "b": {"range": [0, 1]}})");
  const Config from{{"a", 0.0}, {"b", 0.0}}, to{{"a", 1.0}, {"b", 1.0}};
  const auto ablation = Ablation::create(space, {from, to, 2});
  ASSERT_TRUE(ablation);
  const auto steps = ablation->steps(run_all(*ablation, [](const Config& c, std::size_t) {
    if (number(c, "a") == 1 && number(c, "b") == 0) return HUGE_VAL;
    return 5 - 2 * number(c, "a") + number(c, "b");
  }));
  EXPECT_THAT(steps[1].changed, ElementsAre("b"));
  EXPECT_EQ(steps[1].gain, -1);
  EXPECT_EQ(steps[2].gain, 2);
}

TEST(Ablation, RefusesWhatHasNoWay) {
  const Space space = space_of(R"({"a": {"range": [0, 1]}})");
  const Config here{{"a", 0.5}};
  EXPECT_THAT(Ablation::create(space, {here, here, 3}).error().message, testing::HasSubstr("nothing differs"));
  EXPECT_THAT(Ablation::create(space, {here, {{"a", 2.0}}, 3}).error().message, testing::HasSubstr("a=2"));
}

TEST(Ablation, ItsPlanIsKept) {
  const AblationPlan plan{{{"a", 0.5}}, {{"a", 1.0}}, 4};
  const auto again = AblationPlan::from_json(plan.to_json());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->to_json(), plan.to_json());
  EXPECT_FALSE(AblationPlan::from_json({{"from", Json::object()}, {"to", Json::object()}}));
}

}  // namespace
}  // namespace pegbox
