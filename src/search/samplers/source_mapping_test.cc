// Tests of the mapping of earlier studies.
#include "search/samplers/source_mapping.h"

#include <gmock/gmock.h>

#include "search/history_for_test.h"
#include "search/samplers/source_points.h"

namespace pegbox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

StudySpec new_study(const std::string& members) { return HistoryForTest(members).spec(); }

/// An earlier study with the configurations and losses given.
StudyState earlier_study(const std::string& members, const std::vector<std::pair<Config, Metrics>>& trials) {
  StudyState state;
  Json spec = *parse_json(members, "test");
  Json all = {{"name", "small"}, {"objective", {{"minimize", "loss"}}}, {"budget", "none"}};
  all.update(spec);
  const auto apply = [&](Event::What what) {
    const auto applied = state.apply({state.event_count(), 0, "test", std::move(what)});
    EXPECT_TRUE(applied) << applied.error().message;
  };
  apply(event::StudyCreated{all, "test"});
  std::int64_t number = 0;
  for (const auto& [config, metrics] : trials) {
    apply(event::TrialCreated{number, config, {}, 0, {}});
    apply(event::TrialStarted{number, "", 0, 0, 0});
    apply(event::TrialReported{number, 1, metrics});
    apply(event::TrialMoved{number, TrialState::Done, 1, {}, {}, {}});
    ++number;
  }
  return state;
}

std::vector<std::string> names(const event::SourceAdded& source, const char* key) {
  return source.mapping[key].get<std::vector<std::string>>();
}

TEST(SourceMapping, MatchesByNameAndSaysWhatIsNotThere) {
  const auto spec =
      new_study(R"({"space": {"lr": {"range": [1e-5, 1e-1], "scale": "log"}, "rank": {"range": [1, 8]}}})");
  const auto earlier = earlier_study(
      R"({"space": {"lr": {"range": [1e-5, 1e-1], "scale": "log"}, "beta": {"range": [0, 1]}}})",
      {{Config{{"lr", 1e-3}, {"beta", 0.5}}, {{"loss", 2.0}}}, {Config{{"lr", 1e-2}, {"beta", 0.1}}, {{"loss", 3.0}}}});
  const auto source = map_source(spec, {.study = "small"}, earlier, "here");
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_THAT(names(*source, "matched"), ElementsAre("lr"));
  EXPECT_THAT(names(*source, "lacks"), ElementsAre("rank"));
  EXPECT_THAT(names(*source, "unused"), ElementsAre("beta"));
  ASSERT_EQ(source->trials.size(), 2u);
  EXPECT_EQ(source->trials[1].config, (Config{{"lr", 1e-2}}));
  EXPECT_EQ(source->trials[1].metrics.at("loss"), 3.0);
  EXPECT_THAT(in_words(*source), HasSubstr("2 trials of small by lr; it says nothing of rank; not here: beta"));
}

TEST(SourceMapping, KeepsNumbersALittleBeyondTheRangeAndLeavesOutTheRest) {
  const auto spec =
      new_study(R"({"space": {"lr": {"range": [1e-4, 1e-2], "scale": "log"}, "o": {"choice": ["x", "y"]}}})");
  const auto earlier =
      earlier_study(R"({"space": {"lr": {"range": [1e-9, 1], "scale": "log"}, "o": {"choice": ["x", "z"]}}})",
                    {{Config{{"lr", 1e-3}, {"o", "x"}}, {{"loss", 1.0}}},
                     {Config{{"lr", 1e-1}, {"o", "x"}}, {{"loss", 2.0}}},
                     {Config{{"lr", 1e-8}, {"o", "x"}}, {{"loss", 3.0}}},
                     {Config{{"lr", 1e-3}, {"o", "z"}}, {{"loss", 4.0}}}});
  const auto source = map_source(spec, {.study = "small"}, earlier, "here");
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_EQ(source->trials.size(), 2u);
  EXPECT_EQ(source->mapping["left_out"], 2);
  EXPECT_NEAR(encode_beyond(spec.space, source->trials[0].config)[0], 0.5, 1e-12);
  EXPECT_NEAR(encode_beyond(spec.space, source->trials[1].config)[0], 1.5, 1e-12);
}

TEST(SourceMapping, TakesOnlyTrialsWithTheValueThatIsFixedHere) {
  const auto spec = new_study(R"({"space": {"lr": {"range": [0, 1]}, "o": "x", "width": 512}})");
  const auto earlier =
      earlier_study(R"({"space": {"lr": {"range": [0, 1]}, "o": {"choice": ["x", "y"]}, "width": 128}})",
                    {{Config{{"lr", 0.1}, {"o", "x"}, {"width", std::int64_t{128}}}, {{"loss", 1.0}}},
                     {Config{{"lr", 0.2}, {"o", "y"}, {"width", std::int64_t{128}}}, {{"loss", 2.0}}}});
  const auto source = map_source(spec, {.study = "small"}, earlier, "here");
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_EQ(source->trials.size(), 1u);
  EXPECT_EQ(source->trials[0].config, (Config{{"lr", 0.1}}));
  EXPECT_THAT(names(*source, "lacks"), ElementsAre("width")) << "a smaller model is no reason to learn nothing";
}

TEST(SourceMapping, MovesWhatALawIsAboutFromOneSizeToAnother) {
  const std::string space =
      R"({"space": {"lr": {"range": [1e-5, 1], "scale": "log", "prior": {"law": "step_law_rate", )";
  const auto spec = new_study(space + R"("parameters": 1e9, "tokens": 2e10}}}})");
  const std::vector<std::pair<Config, Metrics>> trials{{Config{{"lr", 6e-3}}, {{"loss", 1.0}}}};
  const double factor = std::pow(100, -0.713) * std::pow(20, 0.307);  // arXiv 2503.04715
  const auto moved = [&](const EarlierStudy& which, const std::string& earlier) {
    const auto source = map_source(spec, which, earlier_study(earlier, trials), "here");
    EXPECT_TRUE(source) << source.error().message;
    return std::get<double>(*source->trials[0].config.find("lr")) / 6e-3;
  };
  const std::string plain = R"({"space": {"lr": {"range": [1e-5, 1], "scale": "log"}}})";
  EXPECT_NEAR(moved({.study = "small"}, space + R"("parameters": 1e7, "tokens": 1e9}}}})"), factor, 1e-9);
  EXPECT_NEAR(moved({.study = "small", .facts = RunFacts{.parameters = 1e7, .tokens = 1e9}}, plain), factor, 1e-9);
  EXPECT_EQ(moved({.study = "small"}, plain), 1);
  EXPECT_NEAR(moved({.study = "small", .shift = {{"lr", 0.5}}}, space + R"("parameters": 1e7, "tokens": 1e9}}}})"), 0.5,
              1e-12);
}

TEST(SourceMapping, MatchesMetricsByNameWhicheverWayTheyWereSearched) {
  const auto spec =
      new_study(R"({"space": {"x": {"range": [0, 1]}}, "objective": [{"maximize": "score"}, {"minimize": "time"}]})");
  const auto earlier = earlier_study(R"({"space": {"x": {"range": [0, 1]}}, "objective": {"minimize": "loss"}})",
                                     {{Config{{"x", 0.5}}, {{"loss", 1.0}, {"score", 0.75}}}});
  const auto source = map_source(spec, {.study = "small"}, earlier, "here");
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->trials[0].metrics, (Metrics{{"score", 0.75}}));
}

TEST(SourceMapping, RefusesStudiesWithNothingInCommon) {
  const auto spec = new_study(R"({"space": {"lr": {"range": [0, 1]}}})");
  const auto refused = [&](const StudyState& earlier, const std::string& why) {
    const auto source = map_source(spec, {.study = "small"}, earlier, "new transfer");
    ASSERT_FALSE(source);
    EXPECT_EQ(source.error().kind, ErrorKind::InvalidInput);
    EXPECT_THAT(source.error().message, HasSubstr(why));
  };
  const std::string lr = R"({"space": {"lr": {"range": [0, 1]}}})";
  refused(earlier_study(lr, {}), "does not measure");
  refused(earlier_study(lr, {{Config{{"lr", 0.5}}, {{"accuracy", 1.0}}}}), "got accuracy; expected loss");
  refused(earlier_study(R"({"space": {"rate": {"range": [0, 1]}}})", {{Config{{"rate", 0.5}}, {{"loss", 1.0}}}}),
          "no hyperparameter in common");
  refused(earlier_study(R"({"space": {"lr": {"range": [0, 100]}}})", {{Config{{"lr", 50.0}}, {{"loss", 1.0}}}}),
          "no hyperparameter in common");
}

TEST(SourceMapping, KeepsTheBestOfVeryMany) {
  const auto spec = new_study(R"({"space": {"x": {"range": [0, 1]}}})");
  std::vector<std::pair<Config, Metrics>> trials;
  for (int i = 0; i < 300; ++i) trials.push_back({Config{{"x", i / 300.0}}, {{"loss", i < 60 ? -1.0 * i : 1.0 * i}}});
  const auto source =
      map_source(spec, {.study = "small"}, earlier_study(R"({"space": {"x": {"range": [0, 1]}}})", trials), "here");
  ASSERT_TRUE(source) << source.error().message;
  EXPECT_EQ(source->trials.size(), kMaxSourceTrials);
  EXPECT_EQ(source->mapping["left_out"], 100);
  EXPECT_EQ(std::ranges::count_if(source->trials, [](const auto& trial) { return trial.trial < 60; }), 60);
}

}  // namespace
}  // namespace pegbox
