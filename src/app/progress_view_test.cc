// Tests of what is shown of a running study: the picture in a terminal and the plain lines.
#include "app/progress_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/event_line.h"
#include "app/study_json.h"
#include "app/yaml_document.h"

namespace pegbox {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A study of which events are told one after another.
class ProgressViewTest : public testing::Test {
 protected:
  ProgressViewTest() {
    const auto document = parse_yaml(
        "name: a\nspace: {lr: {range: [0, 1]}}\nobjective: {minimize: loss}\nbudget: {trials: 10}\nsteps: 40\n", "s");
    tell(0, event::StudyCreated{document->json, "1"});
  }

  std::optional<std::string> tell(double at_s, Event::What what) {
    const Event event{state.event_count(), at_s, "tuner", std::move(what)};
    const auto applied = state.apply(event);
    EXPECT_TRUE(applied) << applied.error().message;
    return event_line(state, event);
  }

  void start(std::int64_t trial, double lr) {
    event::TrialCreated created;
    created.trial = trial;
    created.config = Config{{"lr", lr}};
    created.reason = {{"by", "random"}};
    tell(1, std::move(created));
    tell(1, event::TrialStarted{trial, {}, 0, 40, 0});
  }

  std::optional<std::string> end(std::int64_t trial, TrialState to, const std::string& detail = "") {
    event::TrialMoved moved;
    moved.trial = trial;
    moved.to = to;
    moved.detail = detail;
    if (to == TrialState::Failed) moved.failure = FailureKind::OutOfMemory;
    return tell(10, std::move(moved));
  }

  std::string picture(int width, bool unicode = true) const {
    std::string text;
    for (const std::string& line : render({.state = state,
                                           .now_s = 10,
                                           .terminal = {.is_terminal = true, .has_unicode = unicode, .width = width},
                                           .news = {"trial 0 done"}})) {
      EXPECT_LT(display_width(line), width) << line;
      text += line + "\n";
    }
    return text;
  }

  StudyState state;
};

TEST_F(ProgressViewTest, ShowsBudgetBestRunningTrialsWithCurvesAndNews) {
  start(0, 0.5);
  tell(2, event::TrialReported{0, 40, {{"loss", 1.5}}});
  end(0, TrialState::Done);
  start(1, 0.25);
  for (int step = 1; step <= 8; ++step) tell(3, event::TrialReported{1, step, {{"loss", 9.0 - step}}});
  const std::string text = picture(100);
  for (const char* part : {"10 % of the budget", "1 of 10 trials", "lowest loss 1.5 (trial 0)", "█▇▆▅▄▃▂▁",
                           "step 8 of 40", "lr=0.25", "trial 0 done", "about"})
    EXPECT_THAT(text, HasSubstr(part));
}

TEST_F(ProgressViewTest, CountsTokensWhereTheTrainersStepsAreTokens) {
  Json study = state.spec().source;
  study["trial"] = {{"trainer", {{"model", "base"}}}};
  tell(1, event::StudyChanged{study});
  start(0, 0.5);
  tell(2, event::TrialReported{0, 24'000, {{"loss", 1.5}}});
  EXPECT_THAT(picture(100), HasSubstr("24 k of 40 tokens"));
  EXPECT_THAT(*end(0, TrialState::Paused, "paused at step 24000: others are ahead"),
              HasSubstr("trial 0 paused at 24 k tokens: others are ahead, loss 1.5"));
  EXPECT_EQ(*tell(3, event::TrialStarted{0, {}, 24'000, 80'000, 0}), "trial 0 goes on from 24 k tokens to 80 k");
}

TEST_F(ProgressViewTest, NeverGrowsWiderThanTheTerminalNorUsesUnicodeWhereThereIsNone) {
  start(0, 0.123456789);
  tell(2, event::TrialReported{0, 1, {{"loss", 2}}});
  for (int width : {20, 40, 200}) picture(width);
  for (char c : picture(60, false)) EXPECT_LT(static_cast<unsigned char>(c), 128);
}

TEST_F(ProgressViewTest, SumsUpTrialsThatDoNotFit) {
  for (int i = 0; i < 12; ++i) start(i, 0.01 * i);
  EXPECT_THAT(picture(100), HasSubstr("and 4 more"));
  EXPECT_LE(render({.state = state, .now_s = 10, .terminal = {}, .news = std::vector<std::string>(6, "x")}).size(),
            24u);
}

TEST_F(ProgressViewTest, TellsEndsAndPromotionsInPlainLines) {
  start(0, 0.5);
  EXPECT_EQ(tell(2, event::TrialReported{0, 10, {{"loss", 1.5}}}), std::nullopt);
  EXPECT_THAT(*end(0, TrialState::Paused, "paused at step 10: others are ahead"),
              HasSubstr("trial 0 paused at step 10: others are ahead, loss 1.5"));
  EXPECT_EQ(*tell(3, event::TrialStarted{0, {}, 10, 40, 0}), "trial 0 goes on from step 10 to 40");
  tell(4, event::TrialReported{0, 40, {{"loss", 1.25}}});
  EXPECT_EQ(*end(0, TrialState::Done), "trial 0 done: loss 1.25 (lowest so far); lr=0.5");
  start(1, 0.75);
  tell(5, event::TrialReported{1, 40, {{"loss", 2}}});
  EXPECT_THAT(*end(1, TrialState::Done), Not(HasSubstr("lowest")));
}

TEST_F(ProgressViewTest, TellsFailuresWithTheirKindAndOneLine) {
  start(0, 0.5);
  EXPECT_EQ(*end(0, TrialState::Failed, "no memory\nand much more"),
            "trial 0 failed (out-of-memory): no memory; lr=0.5");
}

TEST_F(ProgressViewTest, EstimatesWhatIsLeftFromTheBudgetUsed) {
  EXPECT_EQ(budget_used_fraction(state.history(), 0), 0);
  start(0, 0.5);
  end(0, TrialState::Stopped);
  EXPECT_DOUBLE_EQ(budget_used_fraction(state.history(), 10), 0.1);
  EXPECT_THAT(status_line(state.history(), 10), HasSubstr("about 1 m 30 s left"));
}

TEST_F(ProgressViewTest, GivesStudiesTrialsAndTheBestAsJson) {
  start(0, 0.5);
  tell(2, event::TrialReported{0, 40, {{"loss", 1.5}, {"loss_error", 0.5}}});
  end(0, TrialState::Done);
  start(1, 0.25);
  const Json summary = study_summary(state, true);
  EXPECT_EQ(summary["state"], "running");
  EXPECT_EQ(summary["trials"]["done"], 1);
  EXPECT_EQ(summary["trials"]["running"], 1);
  EXPECT_EQ(summary["best"]["trial"], 0);
  EXPECT_EQ(study_summary(state, false)["state"], "interrupted");
  const Json details = study_details(state, false);
  ASSERT_EQ(details["trials"].size(), 2u);
  EXPECT_EQ(details["trials"][0]["state"], "done");
  EXPECT_EQ(details["trials"][0]["config"]["lr"], 0.5);
  EXPECT_EQ(details["trials"][0]["reports"][0]["step"], 40);
  EXPECT_EQ(details["trials"][0]["reason"]["by"], "random");
  const auto best = best_details(state, {.database = "x.db", .files = "x.files"});
  ASSERT_TRUE(best);
  EXPECT_EQ((*best)["trial"], 0);
  EXPECT_EQ((*best)["interval"]["metric"], "loss");
  EXPECT_DOUBLE_EQ((*best)["interval"]["low"].get<double>(), 1.5 - 1.96 * 0.5);
  EXPECT_TRUE((*best)["folder"].is_null());
  EXPECT_EQ((*best)["in_space"], true);
}

TEST(EventLine, SaysWhyATrialFailed) {
  EXPECT_EQ(in_one_line("exit code 1; the end of its output:\nTraceback:\n  File\nValueError: bad lr\n\n"),
            "exit code 1: ValueError: bad lr");
  EXPECT_EQ(in_one_line("killed by SIGKILL"), "killed by SIGKILL");
  EXPECT_EQ(in_one_line("Traceback (most recent call last):\n  x\n  KeyError: 'a'"),
            "Traceback (most recent call last): KeyError: 'a'");
  EXPECT_EQ(in_one_line("a\n\n"), "a");
  EXPECT_EQ(in_one_line(""), "");
  EXPECT_LE(in_one_line("a:\n" + std::string(1000, 'x')).size(), 160u);
}

TEST_F(ProgressViewTest, DoesNotInventAnInterval) {
  start(0, 0.5);
  tell(2, event::TrialReported{0, 40, {{"loss", 1.5}}});
  end(0, TrialState::Done);
  const auto best = best_details(state, {.database = "x.db", .files = "x.files"});
  ASSERT_TRUE(best);
  EXPECT_TRUE((*best)["interval"]["low"].is_null());
}

}  // namespace
}  // namespace pegbox
