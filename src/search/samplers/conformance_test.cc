// What every sampler keeps to: a test for each row of the table.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <set>

#include "search/history_for_test.h"
#include "search/samplers/spaces_for_test.h"
#include "search/samplers/table.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

constexpr int kRounds = 16;
constexpr std::uint64_t kSeed = 11;

/// A loss that depends on everything in the configuration.
double loss_of_config(const Config& config) {
  double loss = 0;
  for (const auto& [name, value] : config) {
    const double number = is_number(value) ? as_number(value) : static_cast<double>(to_text(value).size());
    loss += std::sin(number + static_cast<double>(name.size())) + std::log1p(std::abs(number));
  }
  return loss;
}

RngKey key_of(const HistoryForTest& study) { return {kSeed, stream_id("sampler"), study.history().trials.size()}; }

struct SamplerConformance : testing::TestWithParam<std::string> {
  static std::unique_ptr<Sampler> make(const HistoryForTest& study) {
    StudySpec spec = study.spec();
    spec.search.name = GetParam();
    auto made = make_sampler(spec);
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  static std::vector<Suggestion> ask(Sampler& sampler, const HistoryForTest& study, int count = 1) {
    auto suggestions = sampler.suggest(study.history(), count, key_of(study));
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    return suggestions ? std::move(*suggestions) : std::vector<Suggestion>{};
  }
  static std::vector<Suggestion> ask_fresh(const HistoryForTest& study, int count = 1) {
    return ask(*make(study), study, count);
  }
  static int available(const SpaceForTest& space) { return GetParam() == "grid" ? space.grid : space.configurations; }
  static void expect_valid(const HistoryForTest& study, const Config& config) {
    Rng rng({0, 0, 0});
    const auto complete = study.space().complete(config, "suggestion", rng);
    ASSERT_TRUE(complete) << complete.error().message;
    EXPECT_TRUE(*complete == config) << config.to_text() << " lacks a value";
    const auto violated = study.history().constraints.violated(config);
    ASSERT_TRUE(violated) << violated.error().message;
    EXPECT_FALSE(*violated) << **violated;
  }
};

TEST_P(SamplerConformance, SuggestsValidAndDifferentConfigurationsInEverySpace) {
  for (const SpaceForTest& space : spaces_for_test()) {
    SCOPED_TRACE(space.name);
    HistoryForTest study(study_of(space));
    const auto sampler = make(study);
    std::set<std::string> seen;
    for (int round = 0; round < kRounds; ++round) {
      const auto suggestions = ask(*sampler, study);
      ASSERT_EQ(suggestions.size(), round < available(space) ? 1u : 0u) << "round " << round;
      if (suggestions.empty()) break;
      expect_valid(study, suggestions[0].config);
      EXPECT_TRUE(seen.insert(config_key(suggestions[0].config)).second) << suggestions[0].config.to_text();
      EXPECT_TRUE(suggestions[0].reason.is_object() && suggestions[0].reason.contains("by"));
      study.done(suggestions[0], loss_of_config(suggestions[0].config));
    }
  }
}

TEST_P(SamplerConformance, RepeatsNoPendingTrial) {
  for (const SpaceForTest& space : spaces_for_test()) {
    SCOPED_TRACE(space.name);
    HistoryForTest study(study_of(space));
    const auto sampler = make(study);
    for (int round = 0; round < 6; ++round)
      for (const Suggestion& suggestion : ask(*sampler, study))
        study.done(suggestion, loss_of_config(suggestion.config));
    std::set<std::string> pending;
    for (int round = 0; round < 8; ++round)
      for (const Suggestion& suggestion : ask(*sampler, study)) {
        EXPECT_TRUE(pending.insert(config_key(suggestion.config)).second) << suggestion.config.to_text();
        study.start(study.create(suggestion));
      }
    EXPECT_EQ(pending.size(), static_cast<std::size_t>(std::clamp(available(space) - 6, 0, 8)));
  }
}

TEST_P(SamplerConformance, GivesSeveralDifferentOnesAtOnce) {
  for (const int finished : {0, 14}) {
    HistoryForTest study(study_of(spaces_for_test()[7]));
    const auto sampler = make(study);
    for (int round = 0; round < finished; ++round) {
      const auto suggestions = ask(*sampler, study);
      study.done(suggestions.at(0), loss_of_config(suggestions.at(0).config));
    }
    std::set<std::string> keys;
    for (const Suggestion& suggestion : ask(*sampler, study, 5)) {
      expect_valid(study, suggestion.config);
      keys.insert(config_key(suggestion.config));
    }
    EXPECT_EQ(keys.size(), 5u);
    EXPECT_TRUE(ask(*sampler, study, 0).empty());
  }
}

TEST_P(SamplerConformance, FindsEveryConfigurationOfASmallSpaceAndThenNoMore) {
  HistoryForTest study(
      R"({"space": {"a": {"choice": ["x", "y"]}, "b": {"range": [1, 4], "integer": true, "when": {"a": "y"}},
                           "c": {"choice": [1, 2, 3], "ordered": true}}, "constraints": ["c < 3 or a == 'y'"]})");
  const auto sampler = make(study);
  std::set<std::string> seen;
  for (int round = 0; round < 14; ++round) {
    const auto suggestions = ask(*sampler, study);
    ASSERT_EQ(suggestions.size(), 1u) << round;
    seen.insert(config_key(suggestions[0].config));
    study.done(suggestions[0], loss_of_config(suggestions[0].config));
  }
  EXPECT_EQ(seen.size(), 14u) << "2 with x, 4 * 3 with y";
  EXPECT_TRUE(ask(*sampler, study).empty());
  EXPECT_TRUE(ask_fresh(study, 3).empty());
}

TEST_P(SamplerConformance, GoesOnWhateverBecomesOfTrials) {
  HistoryForTest study(study_of(spaces_for_test()[6]));
  const auto sampler = make(study);
  for (int round = 0; round < 24; ++round) {
    const auto suggestions = ask(*sampler, study);
    ASSERT_EQ(suggestions.size(), 1u);
    const Suggestion& suggestion = suggestions[0];
    expect_valid(study, suggestion.config);
    switch (round % 8) {
      case 0:
        study.failed(suggestion);
        break;
      case 1:
        study.failed(suggestion, FailureKind::Diverged);
        break;
      case 2:
        study.done(suggestion, std::nan(""));
        break;
      case 3:
        study.done(suggestion, HUGE_VAL);
        break;
      case 4:
        study.done(suggestion, -HUGE_VAL);
        break;
      case 5:
        study.move(study.create(suggestion), TrialState::Infeasible, FailureKind::Infeasible);
        break;
      case 6:
        study.done(suggestion, {{"other", 1}});
        break;
      default:
        study.done(suggestion, loss_of_config(suggestion.config));
    }
  }
}

TEST_P(SamplerConformance, GoesOnWhereNothingEverSucceeds) {
  HistoryForTest study(study_of(spaces_for_test()[6]));
  const auto sampler = make(study);
  for (int round = 0; round < 20; ++round) {
    const auto suggestions = ask(*sampler, study);
    ASSERT_EQ(suggestions.size(), 1u);
    study.failed(suggestions[0], round % 2 ? FailureKind::OutOfMemory : FailureKind::Diverged);
  }
}

TEST_P(SamplerConformance, GoesOnWhereAllLossesAreEqual) {
  HistoryForTest study(study_of(spaces_for_test()[6]));
  const auto sampler = make(study);
  for (int round = 0; round < kRounds; ++round) {
    const auto suggestions = ask(*sampler, study);
    ASSERT_EQ(suggestions.size(), 1u);
    study.done(suggestions[0], 2.5);
  }
}

TEST_P(SamplerConformance, BearsConfigurationsTriedTwiceAndByHand) {
  HistoryForTest study(study_of(spaces_for_test()[0]));
  const auto sampler = make(study);
  for (const double x : {0.0, 0.0, 0.0, 1.0, 1.0, 5.0}) study.done(Config{{"x", x}}, x + 0.1 * x * x);
  for (int round = 0; round < 3; ++round) {
    const auto suggestions = ask(*sampler, study);
    ASSERT_EQ(suggestions.size(), 1u);
    expect_valid(study, suggestions[0].config);
    study.done(suggestions[0], loss_of_config(suggestions[0].config));
  }
}

TEST_P(SamplerConformance, BearsTrialsOfASpaceThatHasChanged) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 10]}, "old": {"choice": ["a", "b"]}}})");
  for (int i = 0; i < 12; ++i) study.done(Config{{"x", 0.5 * i}, {"old", std::string("a")}}, i);
  Json changed = study.spec().source;
  changed["space"] = {{"x", {{"range", {0, 3}}}}, {"new", {{"range", {1, 9}}, {"integer", true}}}};
  study.apply(event::StudyChanged{changed});
  const auto sampler = make(study);
  for (int round = 0; round < 12; ++round) {
    const auto suggestions = ask(*sampler, study);
    ASSERT_EQ(suggestions.size(), 1u);
    expect_valid(study, suggestions[0].config);
    study.done(suggestions[0], loss_of_config(suggestions[0].config));
  }
}

TEST_P(SamplerConformance, TakesSeveralObjectivesAndTrialsThatWereStoppedEarly) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "m": {"choice": ["a", "b"]}}, "steps": 9,
                           "objective": [{"minimize": "loss"}, {"maximize": "speed"}]})");
  const auto sampler = make(study);
  for (int round = 0; round < kRounds; ++round) {
    const auto suggestions = ask(*sampler, study);
    ASSERT_EQ(suggestions.size(), GetParam() == "grid" && round >= 10 ? 0u : 1u);
    if (suggestions.empty()) break;
    const std::int64_t trial = study.create(suggestions[0]);
    const double loss = loss_of_config(suggestions[0].config);
    study.start(trial, 1);
    study.report(trial, 1, {{"loss", loss + 2}, {"speed", loss}});
    if (round % 3 == 0) study.move(trial, TrialState::Stopped);
    if (round % 3 == 1) study.move(trial, TrialState::Paused);
    if (round % 3 == 2) study.report(trial, 9, {{"loss", loss}, {"speed", loss}}), study.move(trial, TrialState::Done);
  }
}

TEST_P(SamplerConformance, SaysThatConstraintsContradictEachOtherInBoundedTime) {
  for (const char* study_file :
       {R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "constraints": ["x < y", "y < x"]})",
        R"({"space": {"n": {"range": [1, 9], "integer": true}}, "constraints": ["n > 4", "n < 3"]})",
        R"({"space": {"a": {"value": 3}}, "constraints": ["a == 4"]})"}) {
    const HistoryForTest study(study_file);
    const auto sampler = make(study);
    const auto begin = std::chrono::steady_clock::now();
    const auto suggestions = sampler->suggest(study.history(), 1, key_of(study));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20)) << study_file;
    ASSERT_FALSE(suggestions) << study_file;
    EXPECT_EQ(suggestions.error().kind, ErrorKind::InvalidInput);
    EXPECT_NE(suggestions.error().message.find("constraints"), std::string::npos) << suggestions.error().message;
  }
}

TEST_P(SamplerConformance, AnswersTheSameFromTheSameHistoryWhateverItWasAskedBefore) {
  for (const SpaceForTest& space : spaces_for_test()) {
    SCOPED_TRACE(space.name);
    HistoryForTest study(study_of(space));
    const auto sampler = make(study);
    for (int round = 0; round < kRounds; ++round) {
      const auto suggestions = ask(*sampler, study);
      if (suggestions.empty()) break;
      if (round % 3 == 0) ask(*sampler, study, 2);  // a question without consequences
      if (round == 5)
        study.start(study.create(suggestions[0]));
      else if (round == 7)
        study.failed(suggestions[0]);
      else
        study.done(suggestions[0], loss_of_config(suggestions[0].config));
      if (round % 5 != 4) continue;
      const auto old_answer = ask(*sampler, study), fresh_answer = ask_fresh(study);
      ASSERT_EQ(old_answer.size(), fresh_answer.size());
      if (old_answer.empty()) break;
      EXPECT_TRUE(old_answer[0].config == fresh_answer[0].config)
          << old_answer[0].config.to_text() << " and " << fresh_answer[0].config.to_text();
      EXPECT_EQ(old_answer[0].reason, fresh_answer[0].reason);
    }
  }
}

TEST_P(SamplerConformance, AnswersAnEarlierHistoryAsItDidThen) {
  HistoryForTest study(study_of(spaces_for_test()[7]));
  const auto sampler = make(study);
  std::vector<std::pair<HistoryForTest, Config>> answers;
  for (int round = 0; round < 18; ++round) {
    const auto suggestions = ask(*sampler, study);
    answers.emplace_back(study, suggestions.at(0).config);
    study.done(suggestions.at(0), loss_of_config(suggestions.at(0).config));
  }
  for (const std::size_t round : {17u, 3u, 12u, 0u})
    EXPECT_TRUE(ask(*sampler, answers[round].first).at(0).config == answers[round].second) << "round " << round;
}

TEST_P(SamplerConformance, LetsTheSeedDecideExceptForAGridInOrder) {
  const HistoryForTest study(study_of(spaces_for_test()[6]));
  const auto sampler = make(study), other = make(study);
  const auto a = sampler->suggest(study.history(), 3, {1, 0, 0}), b = other->suggest(study.history(), 3, {2, 0, 0});
  ASSERT_TRUE(a && b);
  bool same = true;
  for (std::size_t i = 0; i < 3; ++i) same = same && (*a)[i].config == (*b)[i].config;
  EXPECT_EQ(same, GetParam() == "grid");
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const SamplerRow& row : sampler_table()) names.emplace_back(row.name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Table, SamplerConformance, testing::ValuesIn(names()),
                         [](const auto& each) { return each.param; });

}  // namespace
}  // namespace pegbox
