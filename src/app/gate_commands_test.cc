// End-to-end tests of gates: what does not meet them is never the best, and everybody says why.
#include <gmock/gmock.h>

#include <set>

#include "app/program_test_kit.h"

namespace pegbox {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// The better the loss of x, the worse its toxicity; the leak depends on y.
class GateCommands : public ProgramTest {
 protected:
  GateCommands() {
    write("train.sh",
          "awk -v x=$1 -v y=$2 'BEGIN {printf \"{\\\"loss\\\": %.9g, \\\"speed\\\": %.9g, \\\"toxicity\\\": %.9g, "
          "\\\"leakage\\\": %.9g, \\\"loss[lang=de]\\\": %.9g}\\n\", 10 - x, 5 + y - x / 2, x / 100, (y > 5 ? y - 5 : "
          "0), "
          "10 - x + y}' >&$PEGBOX_REPORT_FD\n");
  }
  void study(const std::string& gates, const std::string& objective = "{minimize: loss}") {
    write("gated.yaml",
          "trial: {command: \"sh train.sh {x} {y}\"}\n"
          "space: {x: {range: [0, 10]}, y: {range: [0, 10]}}\n"
          "objective: " +
              objective +
              "\nbudget: {trials: 24}\nsearch: gp\n"
              "try_first: [{x: 9, y: 9}, {x: 1, y: 1}]\ngates: " +
              gates + "\n");
  }
};

TEST_F(GateCommands, RefuseWhatTheyRefuseEverywhereAndSayWhy) {
  study("[toxicity <= 0.05, leakage <= 0]");
  const ProgramRun tuned = pegbox({"tune", "gated.yaml"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_THAT(tuned.err, HasSubstr("(refused: toxicity <= 0.05 (toxicity = 0.09))"));
  const Json best = json_of({"best", "gated", "--json"});
  EXPECT_LE(best["metrics"]["toxicity"], 0.05);
  EXPECT_EQ(best["metrics"]["leakage"], 0);
  EXPECT_LT(best["metrics"]["loss"], 6.5) << "5 is what the gates leave";
  ASSERT_FALSE(best["refused"].empty());
  EXPECT_EQ(best["refused"][0]["trial"], 0);
  EXPECT_EQ(best["refused"][0]["reasons"], Json({"toxicity <= 0.05 (toxicity = 0.09)", "leakage <= 0 (leakage = 4)"}));
  for (const Json& each : best["refused"]) EXPECT_LT(each["metrics"]["loss"], best["metrics"]["loss"]);
  EXPECT_THAT(pegbox({"best", "gated"}).out, HasSubstr("refused              trial 0: toxicity <= 0.05"));
  EXPECT_THAT(pegbox({"list"}).out, HasSubstr(" refused"));
  EXPECT_GE(json_of({"list", "--json"})[0]["refused"], best["refused"].size());
  EXPECT_THAT(pegbox({"show", "gated"}).out, AllOf(HasSubstr("done (refused)"), HasSubstr("refused: ")));
  EXPECT_THAT(pegbox({"show", "gated", "--trial", "0"}).out,
              HasSubstr("does not meet        leakage <= 0 (leakage = 4)"));
  const Json shown = json_of({"show", "gated", "--json"});
  EXPECT_EQ(shown["gates"], Json({"toxicity <= 0.05", "leakage <= 0"}));
  EXPECT_TRUE(shown["trials"][0].contains("refused"));
  EXPECT_FALSE(shown["trials"][1].contains("refused"));
  const Json card = json_of({"card", "gated", "--json"});
  EXPECT_EQ(card["gates"], shown["gates"]);
  EXPECT_EQ(card["refused"][0]["trial"], 0);
  EXPECT_THAT(pegbox({"card", "gated"}).out, AllOf(HasSubstr("gate: leakage"), HasSubstr("refused: ")));
  ASSERT_EQ(pegbox({"report", "gated", "--output", "gated.html"}).code, 0);
  EXPECT_THAT(*read_file(folder() / "gated.html"), HasSubstr("may not be the best"));
  EXPECT_EQ(pegbox({"replay", "gated"}).code, 0);
}

TEST_F(GateCommands, KeepAFrontOfThreeObjectivesWithinTwoGates) {
  study("[\"loss[lang=de] <= 9\", leakage <= 0]", "[{minimize: loss}, {maximize: speed}, {minimize: toxicity}]");
  ASSERT_EQ(pegbox({"tune", "gated.yaml", "--quiet"}).code, 0);
  const Json best = json_of({"best", "gated", "--json"});
  ASSERT_GE(best["front"].size(), 3u);
  std::set<std::int64_t> refused;
  for (const Json& each : best["refused"]) refused.insert(each["trial"].get<std::int64_t>());
  EXPECT_TRUE(refused.contains(0));
  for (const Json& each : best["front"]) {
    EXPECT_LE(each["metrics"]["loss[lang=de]"], 9);
    EXPECT_EQ(each["metrics"]["leakage"], 0);
    EXPECT_FALSE(refused.contains(each["trial"].get<std::int64_t>()));
  }
}

TEST_F(GateCommands, LeaveNoBestWhereNothingMeetsThem) {
  study("[toxicity < 0]");
  const ProgramRun tuned = pegbox({"tune", "gated.yaml", "--quiet"});
  EXPECT_EQ(tuned.code, 3);
  EXPECT_THAT(tuned.err, HasSubstr("no trial meets the gates; trial 0: toxicity < 0 (toxicity = 0.09)"));
  EXPECT_THAT(pegbox({"list"}).out, AllOf(HasSubstr("24 refused"), Not(HasSubstr("(trial"))));
}

TEST_F(GateCommands, OfAMistypedMetricEndTheStudyEarly) {
  study("[toxicty <= 0.05]");
  const ProgramRun tuned = pegbox({"tune", "gated.yaml", "--quiet"});
  EXPECT_EQ(tuned.code, 3);
  EXPECT_THAT(tuned.err, AllOf(HasSubstr("which no trial has reported"), HasSubstr("did you mean 'toxicity'")));
  EXPECT_LE(count_of("gated", "done"), 6);
  study("[x <= 3]");
  const ProgramRun refused = pegbox({"tune", "gated.yaml", "--dry-run"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("what may be tried is said by constraints"));
}

}  // namespace
}  // namespace pegbox
