// End-to-end tests of importance, replay, report and card: on a study that ran, was killed, and went on.
#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>

#include "app/program_test_kit.h"

namespace pegbox {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr char kStudy[] =
    "name: told\n"
    "trial: {command: \"sh train.sh {x} {kind}\"}\n"
    "space: {x: {range: [0, 10]}, kind: {choice: [plain, \"<b>bold</b>\"]}}\n"
    "objective: {minimize: loss}\n"
    "budget: {trials: 12}\n"
    "search: gp\nsteps: 9\nstop: {name: asha, reduction: 3}\nworkers: {count: 2}\n";

class AccountCommands : public ProgramTest {
 protected:
  AccountCommands() {
    write("train.sh",
          "for step in 1 3 9; do\n"
          "  echo \"{\\\"step\\\": $step, \\\"loss\\\": $(awk -v x=$1 -v s=$step 'BEGIN {print (x-3)^2 + 1/s}')}\" "
          ">&$PEGBOX_REPORT_FD\n"
          "  sleep 0.02\n"
          "done\n");
    write("study.yaml", kStudy);
  }
};

TEST_F(AccountCommands, TellAStudyThatWasKilledAndWentOn) {
  const auto child = start({"tune", "study.yaml", "--quiet"});
  const SystemClock clock;
  for (const double until_s = clock.now_s() + 20; clock.now_s() < until_s;) {
    const ProgramRun shown = pegbox({"list", "--json"});
    if (shown.code == 0 && shown.out.find("\"trial\":") != std::string::npos) break;
  }
  ::kill(child->process_id(), SIGKILL);
  finish(*child);
  EXPECT_EQ(pegbox({"report"}).code, 0) << "of a study that is not finished";
  ASSERT_EQ(pegbox({"tune", "study.yaml", "--quiet"}).code, 0);

  const ProgramRun replayed = pegbox({"replay"});
  EXPECT_EQ(replayed.code, 0) << replayed.out;
  EXPECT_THAT(replayed.out, AllOf(HasSubstr("(12 configurations, "), HasSubstr("no difference")));
  const Json decisions = json_of({"replay", "told", "--json"});
  EXPECT_EQ(decisions["differences"], 0);
  EXPECT_GT(decisions["decisions"]["verdicts"], 3);
  EXPECT_TRUE(decisions["first"].is_null());

  EXPECT_THAT(pegbox({"importance"}).out, HasSubstr("x explains "));
  const Json mattered = json_of({"importance", "told", "--method", "ped-anova", "--json"});
  EXPECT_EQ(mattered["parameters"][0]["parameter"], "x");
  EXPECT_EQ(pegbox({"importance", "--metric", "los"}).code, 2);
  EXPECT_EQ(pegbox({"importance", "--trees", "1"}).code, 2);

  const Json health = json_of({"diagnose", "told", "--json"});
  EXPECT_EQ(health.size(), 12u);
  EXPECT_THAT(health[0]["unjudged"].get<std::string>(), HasSubstr("of loss, and a curve needs 5"));
  EXPECT_THAT(pegbox({"diagnose"}).out, HasSubstr("told: 12 trials looked at, 0 with findings"));
  EXPECT_EQ(pegbox({"diagnose", "told", "12"}).code, 2);

  EXPECT_EQ(json_of({"report", "--json", "--output", "page.html"})["file"], "page.html");
  const auto page = read_file(folder() / "page.html");
  ASSERT_TRUE(page);
  EXPECT_THAT(*page, AllOf(HasSubstr("&lt;b&gt;bold&lt;/b&gt;"), HasSubstr("<svg"), HasSubstr("asha")));
  EXPECT_EQ(page->find("<b>"), std::string::npos);

  const Json card = json_of({"card", "--json"});
  EXPECT_EQ(card["trials"].size(), 12u);
  EXPECT_THAT(pegbox({"card"}).out, AllOf(HasSubstr("# told"), HasSubstr("pegbox tune told.json")));
  write("told.json", card["repeat"]["study_file"].dump());
  EXPECT_EQ(pegbox({"tune", "told.json", "--dry-run"}).code, 0) << "what the card says to run";
}

TEST_F(AccountCommands, TrainTrialsAgainAndFindWhatIsNotTheSame) {
  ASSERT_EQ(pegbox({"tune", "study.yaml", "--quiet"}).code, 0);
  const ProgramRun same = pegbox({"replay", "told", "--retrain"});
  EXPECT_EQ(same.code, 0) << same.out << same.err;
  EXPECT_THAT(same.out, AllOf(HasSubstr("the same bits"), HasSubstr("tolerance 0 of the larger value"),
                              HasSubstr("\nno difference\n")));
  EXPECT_FALSE(std::filesystem::exists(folder() / "pegbox.files" / "told" / "retrained"));
  const std::int64_t done = count_of("told", "done");
  EXPECT_EQ(std::ssize(json_of({"replay", "--retrain", "--json"})["retrained"]["trials"]), done);
  const Json two = json_of({"replay", "--retrain", "--best", "2", "--json"})["retrained"];
  EXPECT_EQ(std::ssize(two["trials"]), std::min<std::int64_t>(done, 2));
  EXPECT_EQ(two["differences"], 0);
  EXPECT_EQ(json_of({"replay", "--retrain", "--trials", "1,0", "--json"})["retrained"]["trials"][0]["trial"], 1);

  const std::string script = *read_file(folder() / "train.sh");
  std::string other = script;
  other.replace(other.find("1/s"), 3, "(s > 2 ? 1.001 : 1)/s");
  write("train.sh", other);
  const ProgramRun differs = pegbox({"replay", "told", "--retrain", "--best", "1"});
  EXPECT_EQ(differs.code, 3) << differs.out;
  EXPECT_THAT(differs.out, AllOf(HasSubstr("differs from step 3 on"), HasSubstr("\n1 difference\n")));
  EXPECT_EQ(pegbox({"replay", "told", "--retrain", "--best", "1", "--tolerance", "0.1"}).code, 0);
  write("train.sh", "exit 4\n");
  const ProgramRun fails = pegbox({"replay", "told", "--retrain", "--best", "1"});
  EXPECT_EQ(fails.code, 3);
  EXPECT_THAT(fails.out, HasSubstr("did not come as far as then: exit code 4"));

  EXPECT_THAT(pegbox({"replay", "--trials", "1"}).err, HasSubstr("--retrain beside it"));
  EXPECT_THAT(pegbox({"replay", "--retrain", "--trials", "one"}).err, HasSubstr("no number of a trial; got one"));
  EXPECT_THAT(pegbox({"replay", "--retrain", "--trials", "99"}).err, HasSubstr("no such trial; got 99"));
}

TEST_F(AccountCommands, GoFromTheDefaultToTheBestAndLookAroundIt) {
  ASSERT_EQ(pegbox({"tune", "study.yaml", "--quiet"}).code, 0);
  const Json cost = json_of({"ablate", "told", "--dry-run", "--json"});
  EXPECT_EQ(cost["from"]["x"], 5.0) << "the middle of the space";
  EXPECT_EQ(cost["repeats"], 3);
  EXPECT_EQ(count_of("told-ablation", "done"), 0);
  const Json found = json_of({"ablate", "told", "--repeats", "2", "--json"});
  EXPECT_EQ(found["state"], "finished");
  const Json& steps = found["steps"];
  ASSERT_GE(steps.size(), 2u);
  EXPECT_EQ(steps[1]["changed"][0], "x");
  EXPECT_NEAR(steps[0]["value"].get<double>(), 4 + 1.0 / 9, 1e-4);
  EXPECT_EQ(steps.back()["config"], cost["to"]);
  EXPECT_GT(count_of("told-ablation", "done"), 3);
  EXPECT_EQ(json_of({"ablate", "told", "--json"})["steps"], steps) << "nothing is run again";
  EXPECT_THAT(pegbox({"ablate", "told"}).out, AllOf(HasSubstr("(where it begins)"), HasSubstr("x made it better.")));
  EXPECT_THAT(pegbox({"ablate", "told", "--repeats", "5"}).err,
              HasSubstr("begun with other configurations or repeats"));
  EXPECT_EQ(pegbox({"replay", "told-ablation"}).code, 0);
  EXPECT_THAT(pegbox({"ablate", "told", "--repeats", "-1"}).err, HasSubstr("expected 1 to 1000"));

  const Json around = json_of({"sensitivity", "told", "--within", "0.5", "--json"});
  EXPECT_EQ(around["margin"], 0.5);
  EXPECT_EQ(around["best"]["config"], cost["to"]);
  EXPECT_EQ(around["parameters"][0]["parameter"], "x");
  EXPECT_THAT(pegbox({"sensitivity", "told"}).out, HasSubstr("all ranges at once: "));
  EXPECT_THAT(pegbox({"sensitivity", "told", "--within", "-1"}).err, HasSubstr("0 or more"));
}

TEST_F(AccountCommands, SayWhatWasWrongWithATrial) {
  write("train.sh",
        "for step in 1 2 3 4 5 6 7 8; do\n"
        "  echo \"{\\\"step\\\": $step, \\\"loss\\\": $(awk -v s=$step 'BEGIN {print 3 + (s - 3)^2}')}\" "
        ">&$PEGBOX_REPORT_FD\n"
        "done\n");
  write("rise.yaml",
        "name: rise\ntrial: {command: sh train.sh}\nspace: {x: {range: [0, 1]}}\nobjective: {minimize: loss}\n"
        "budget: {trials: 2}\nsearch: random\nstop: none\n");
  ASSERT_EQ(pegbox({"tune", "rise.yaml", "--quiet"}).code, 0);
  const Json health = json_of({"diagnose", "rise", "1", "--json"});
  ASSERT_EQ(health.size(), 1u);
  EXPECT_EQ(health[0]["trial"], 1);
  EXPECT_EQ(health[0]["findings"][0]["name"], "diverged");
  EXPECT_THAT(pegbox({"diagnose", "rise"}).out, AllOf(HasSubstr("7 at step 1, 28 at step 8"), HasSubstr("bears on")));
}

TEST_F(AccountCommands, TellAStudyWithoutAnyResult) {
  write("train.sh", "exit 1\n");
  pegbox({"tune", "study.yaml", "--quiet"});
  EXPECT_EQ(pegbox({"report"}).code, 0);
  EXPECT_TRUE(json_of({"card", "--json"})["best"].is_null());
  EXPECT_EQ(pegbox({"replay"}).code, 0);
  EXPECT_THAT(pegbox({"diagnose"}).out, HasSubstr("no trial has reported anything yet"));
  const ProgramRun asked = pegbox({"importance"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("too few trials to say what matters"));
  EXPECT_EQ(pegbox({"report", "tol"}).code, 2);
}

}  // namespace
}  // namespace pegbox
