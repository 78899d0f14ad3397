// End-to-end tests: the built program on real studies of shell programs, from the first trial to the last.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "app/program_test_kit.h"

namespace pegbox {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A study of a shell program that takes `seconds` for each of its three reports.
std::string study_of(int trials, const std::string& seconds, const std::string& more = "") {
  return fmt::format(
      "name: shell\n"
      "trial: {{command: \"sh train.sh {{x}} {}\"}}\n"
      "space: {{x: {{range: [0, 10]}}}}\n"
      "objective: {{minimize: loss}}\n"
      "budget: {{trials: {}}}\n"
      "search: random\nstop: none\n{}",
      seconds, trials, more);
}

class EndToEnd : public ProgramTest {
 protected:
  EndToEnd() {
    write("train.sh",
          "for step in 1 2 3; do\n"
          "  sleep $2\n"
          "  echo \"{\\\"step\\\": $step, \\\"loss\\\": $(awk -v x=$1 -v s=$step 'BEGIN {print (x-3)^2 + 1/s}')}\" "
          ">&$PEGBOX_REPORT_FD\n"
          "  echo at step $step\n"
          "done\n");
  }
};

TEST_F(EndToEnd, TunesToItsBudgetAndShowsWhatItFound) {
  write("study.yaml", study_of(6, "0"));
  const ProgramRun tuned = pegbox({"tune", "study.yaml"});
  EXPECT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_THAT(tuned.out, HasSubstr("best: trial"));
  EXPECT_THAT(tuned.err, HasSubstr("Finished: 6 trials"));
  EXPECT_THAT(tuned.err, Not(HasSubstr("\x1b")));

  const Json list = json_of({"list", "--json"});
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0]["name"], "shell");
  EXPECT_EQ(list[0]["state"], "finished");
  EXPECT_EQ(list[0]["trials"]["done"], 6);

  const Json show = json_of({"show", "shell", "--json"});
  ASSERT_EQ(show["trials"].size(), 6u);
  double lowest = 1e9;
  for (const Json& trial : show["trials"]) {
    EXPECT_EQ(trial["state"], "done");
    EXPECT_EQ(trial["reports"].size(), 3u);
    lowest = std::min(lowest, trial["metrics"]["loss"].get<double>());
  }
  const Json best = json_of({"best", "--json"});
  EXPECT_EQ(best["metrics"]["loss"], lowest);
  const double x = best["config"]["x"].get<double>();
  EXPECT_NEAR(lowest, (x - 3) * (x - 3) + 1.0 / 3, 1e-3);
  EXPECT_THAT(pegbox({"logs", "shell", "0"}).out, HasSubstr("at step 3"));
  EXPECT_THAT(pegbox({"show"}).out, HasSubstr("6 of 6 trials"));
  EXPECT_THAT(pegbox({"show", "--trial", "2"}).out, HasSubstr("trial 2 of shell: done"));
}

TEST_F(EndToEnd, SaysBeforeARunWhatAutoStandsForAndWhy) {
  write("study.yaml", study_of(6, "0", "steps: 64\n"));
  std::string file = *read_file(folder() / "study.yaml");
  file.replace(file.find("search: random\nstop: none\n"), 26, "");
  write("study.yaml", file);
  const ProgramRun plan = pegbox({"tune", "study.yaml", "--dry-run"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("auto: gp, for "));
  EXPECT_THAT(plan.out, HasSubstr("auto: asha, for trials pause and resume"));
  file.replace(file.find("steps: 64\n"), 10, "");
  write("study.yaml", file);
  EXPECT_THAT(pegbox({"tune", "study.yaml", "--dry-run"}).out, HasSubstr("length of a full trial is not known"));
}

TEST_F(EndToEnd, RefusesAStoppingRuleThatCouldNeverAct) {
  write("study.yaml", study_of(2, "0"));
  std::string file = *read_file(folder() / "study.yaml");
  file.replace(file.find("stop: none"), 10, "stop: asha");
  write("study.yaml", file);
  const ProgramRun tuned = pegbox({"tune", "study.yaml"});
  EXPECT_NE(tuned.code, 0);
  EXPECT_THAT(tuned.err, HasSubstr("needs the length of a full trial"));
  file.replace(file.find("stop: asha"), 10, "steps: 3\nstop: asha");
  write("study.yaml", file);
  EXPECT_EQ(pegbox({"tune", "study.yaml", "--accept-changes"}).code, 0);
}

TEST_F(EndToEnd, ResumesPausedTrialsUnderALargerBudget) {
  write("study.yaml", study_of(4, "0"));
  std::string file = *read_file(folder() / "study.yaml");
  file.replace(file.find("stop: none"), 10, "steps: 3\nstop: {name: asha, min: 1}");
  write("study.yaml", file);
  EXPECT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  EXPECT_EQ(json_of({"list", "--json"})[0]["trials"]["paused"], 2) << "one of three goes on, and then the best of all";
  EXPECT_EQ(pegbox({"gc", "--dry-run"}).code, 0);
  file.replace(file.find("trials: 4"), 9, "trials: 16");
  write("study.yaml", file);
  EXPECT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  const Json show = json_of({"show", "shell", "--json"});
  std::int64_t done = 0;
  for (const Json& trial : show["trials"]) done += trial["state"] == "done";
  EXPECT_EQ(done, 5) << "of sixteen";
  EXPECT_EQ(pegbox({"stop", "shell"}).code, 0);
  EXPECT_FALSE(json_of({"list", "--json"})[0]["trials"].value("paused", 0)) << "given up, and gc may free their files";
}

TEST_F(EndToEnd, SaysHowSureItIsOfTheBest) {
  write("study.yaml", study_of(12, "0"));
  EXPECT_EQ(pegbox({"tune", "study.yaml", "--quiet"}).code, 0);
  const Json best = json_of({"best", "--json"});
  EXPECT_LE(best["interval"]["low"], best["expected"]);
  EXPECT_GE(best["interval"]["high"], best["expected"]);
  EXPECT_GE(best["beats_runner_up"]["probability"], 0.3);
  EXPECT_LE(best["beats_runner_up"]["probability"], 1);
  EXPECT_TRUE(best["beats_default"].is_null()) << "there is none";
  EXPECT_FALSE(best.contains("no_expectation"));
  EXPECT_THAT(pegbox({"best"}).out, HasSubstr("better than the next"));
}

TEST_F(EndToEnd, SaysThatFewTrialsDoNotTellTheBest) {
  write("study.yaml", study_of(3, "0"));
  EXPECT_EQ(pegbox({"tune", "study.yaml", "--quiet"}).code, 0);
  const Json best = json_of({"best", "--json"});
  EXPECT_EQ(best["trial"], best["lowest"]);
  EXPECT_TRUE(best["interval"]["low"].is_null());
  EXPECT_THAT(pegbox({"best"}).out, HasSubstr("not enough trials to say"));
  const ProgramRun asked = pegbox({"what-if"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("not enough trials to say"));
}

TEST_F(EndToEnd, ReplaysOtherStrategies) {
  write("study.yaml", study_of(10, "0"));
  EXPECT_EQ(pegbox({"tune", "study.yaml", "--quiet"}).code, 0);
  const Json found = json_of({"what-if", "--json", "--draws", "2"});
  EXPECT_GT(found["strategies"].size(), 8u);
  for (const Json& each : found["strategies"]) {
    EXPECT_EQ(each["after"].back()["trials"], 10) << each;
    EXPECT_LE(each["after"].back()["low"], each["after"].back()["high"]) << each;
  }
  const ProgramRun shown = pegbox({"what-if", "--draws", "2", "--trials", "5"});
  EXPECT_THAT(shown.out,
              testing::AllOf(HasSubstr("(the study's)"), HasSubstr("Assumed:"), HasSubstr("not replayed: pbt")));
  EXPECT_EQ(pegbox({"what-if", "--draws", "1"}).code, 2);
  const ProgramRun unknown = pegbox({"what-if", "shel"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("shell")) << "the nearest name";
}

TEST_F(EndToEnd, StartsFromEarlierStudies) {
  std::string earlier = study_of(12, "0");
  write("earlier.yaml", earlier.replace(earlier.find("search: random"), 14, "search: gp"));
  ASSERT_EQ(pegbox({"tune", "earlier.yaml"}).code, 0);
  std::string file = study_of(2, "0", "transfer: shell\n");
  file.replace(file.find("name: shell"), 11, "name: later");
  write("later.yaml", file);
  EXPECT_THAT(pegbox({"tune", "later.yaml", "--dry-run"}).out, HasSubstr("starts from  shell"));
  const ProgramRun tuned = pegbox({"tune", "later.yaml"});
  EXPECT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_THAT(tuned.err, HasSubstr("It starts from 12 trials of shell by x."));
  const Json show = json_of({"show", "later", "--json"});
  EXPECT_EQ(show["transfer"][0]["study"], "shell");
  EXPECT_EQ(show["trials"][0]["reason"]["by"], "transfer");
  const Json trials = json_of({"show", "shell", "--json"})["trials"];
  const auto lowest =
      std::ranges::min_element(trials, {}, [](const Json& trial) { return trial["metrics"]["loss"].get<double>(); });
  EXPECT_EQ(show["trials"][0]["config"], (*lowest)["config"]);

  file.replace(file.find("transfer: shell"), 15, "transfer: shel");
  file.replace(file.find("name: later"), 11, "name: third");
  write("third.yaml", file);
  const ProgramRun refused = pegbox({"tune", "third.yaml"});
  EXPECT_EQ(refused.code, 2) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("did you mean shell?"));
  EXPECT_EQ(json_of({"list", "--json"}).size(), 2u) << "nothing was made";
}

TEST_F(EndToEnd, PrintsOnlyTheResultWhenAskedToBeQuiet) {
  write("study.yaml", study_of(2, "0"));
  const ProgramRun tuned = pegbox({"tune", "study.yaml", "--quiet", "--json", "--log-file", "run.log"});
  EXPECT_EQ(tuned.err, "");
  EXPECT_TRUE(parse_json(tuned.out, "output"));
  const auto log = read_file(folder() / "run.log");
  ASSERT_TRUE(log);
  EXPECT_THAT(*log, HasSubstr("trial 1 done"));
}

TEST_F(EndToEnd, GoesOnAfterSigkillWithoutLosingATrial) {
  write("study.yaml", study_of(8, "0.05", "workers: {count: 2}\n"));
  Json before = Json::array();
  for (int kill_after : {2, 4}) {
    const auto child = start({"tune", "study.yaml", "--quiet"});
    ASSERT_TRUE(wait_for_done("shell", kill_after));
    ::kill(child->process_id(), SIGKILL);
    EXPECT_EQ(finish(*child).code, 128 + SIGKILL);
    const Json shown = json_of({"show", "--json"});
    EXPECT_EQ(shown["state"], "interrupted");
    const ProgramRun replayed = pegbox({"what-if"});
    EXPECT_EQ(replayed.code, 2);
    EXPECT_THAT(replayed.err, HasSubstr("the study is not finished; got interrupted"));
    for (const Json& trial : before) {
      if (trial["state"] != "done") continue;
      EXPECT_EQ(trial, shown["trials"][trial["number"].get<std::size_t>()]);
    }
    before = shown["trials"];
  }
  EXPECT_EQ(pegbox({"tune", "study.yaml", "--quiet"}).code, 0);
  const Json after = json_of({"show", "--json"});
  EXPECT_EQ(after["state"], "finished");
  ASSERT_EQ(after["trials"].size(), 8u);
  for (const Json& trial : after["trials"]) EXPECT_EQ(trial["state"], "done");
}

TEST_F(EndToEnd, PausesCleanlyOnCtrlCAndSaysHowToGoOn) {
  write("study.yaml", study_of(4, "0.1"));
  const auto child = start({"tune", "study.yaml"});
  ASSERT_TRUE(wait_for_done("shell", 1));
  ::kill(child->process_id(), SIGINT);
  const ProgramRun run = finish(*child);
  EXPECT_EQ(run.code, 130);
  EXPECT_THAT(run.err, HasSubstr("pausing: waiting for running trials"));
  EXPECT_THAT(run.err, HasSubstr("The same command goes on: pegbox tune study.yaml"));
  EXPECT_EQ(json_of({"list", "--json"})[0]["state"], "paused");
  EXPECT_EQ(count_of("shell", "running"), 0);
  EXPECT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  EXPECT_EQ(count_of("shell", "done"), 4);
}

TEST_F(EndToEnd, EndsAtOnceOnASecondCtrlC) {
  write("study.yaml",
        "name: stubborn\ntrial: {command: \"trap '' TERM; echo $$ > pid; while :; do sleep 0.1; done; : {x}\"}\n"
        "space: {x: {range: [0, 1]}}\nobjective: {minimize: loss}\nbudget: {trials: 1}\n"
        "workers: {grace: 60s}\n");
  const auto child = start({"tune", "study.yaml"});
  std::error_code ignored;
  ASSERT_TRUE(wait_until([&] { return std::filesystem::exists(folder() / "pid", ignored); }));
  ::kill(child->process_id(), SIGINT);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_FALSE(child->poll()) << "it waits for its program to leave";
  ::kill(child->process_id(), SIGINT);
  const SystemClock clock;
  const double asked_s = clock.now_s();
  EXPECT_EQ(finish(*child).code, 130);
  EXPECT_LT(clock.now_s() - asked_s, 5);
  const int orphan = std::atoi(read_file(folder() / "pid")->c_str());
  EXPECT_TRUE(wait_until([&] { return ::kill(orphan, 0) != 0; })) << "its child dies with it";
}

TEST_F(EndToEnd, IsPausedAndStoppedFromAnotherProcess) {
  write("study.yaml", study_of(50, "0.05"));
  const auto first = start({"tune", "study.yaml"});
  ASSERT_TRUE(wait_for_done("shell", 1));
  EXPECT_EQ(pegbox({"pause", "shell", "--wait"}).code, 0);
  EXPECT_EQ(finish(*first).code, 130);
  EXPECT_EQ(json_of({"list", "--json"})[0]["state"], "paused");
  EXPECT_EQ(pegbox({"pause", "shell"}).code, 2) << "nobody runs it";
  EXPECT_EQ(pegbox({"list"}).code, 0);

  const auto second = start({"tune", "study.yaml"});
  const auto done = count_of("shell", "done");
  ASSERT_TRUE(wait_for_done("shell", done + 1));
  EXPECT_EQ(pegbox({"stop", "shell", "--wait"}).code, 0);
  EXPECT_EQ(finish(*second).code, 0);
  EXPECT_EQ(json_of({"list", "--json"})[0]["state"], "stopped");
}

TEST_F(EndToEnd, StopsAPausedStudyThatNobodyRuns) {
  write("study.yaml", study_of(50, "0.1"));
  const auto child = start({"tune", "study.yaml"});
  ASSERT_TRUE(wait_for_done("shell", 1));
  ::kill(child->process_id(), SIGTERM);
  EXPECT_EQ(finish(*child).code, 130);
  EXPECT_EQ(count_of("shell", "waiting"), 1);
  EXPECT_EQ(pegbox({"stop", "shell"}).code, 0);
  EXPECT_EQ(count_of("shell", "waiting"), 0);
  EXPECT_EQ(json_of({"list", "--json"})[0]["state"], "stopped");
}

TEST_F(EndToEnd, LetsOnlyOneProcessRunAStudy) {
  write("study.yaml", study_of(50, "0.1"));
  const auto first = start({"tune", "study.yaml", "--quiet"});
  ASSERT_TRUE(wait_for_done("shell", 1));
  const ProgramRun second = pegbox({"tune", "study.yaml"});
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.err, HasSubstr("another process runs the study"));
  EXPECT_EQ(pegbox({"delete", "shell", "--yes"}).code, 2);
  ::kill(first->process_id(), SIGINT);
  EXPECT_EQ(finish(*first).code, 130);
}

TEST_F(EndToEnd, GoesOnWithALargerBudgetAndRefusesOtherChangesUntilAccepted) {
  write("study.yaml", study_of(2, "0"));
  EXPECT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  write("study.yaml", study_of(4, "0"));
  EXPECT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  EXPECT_EQ(count_of("shell", "done"), 4);

  std::string changed = study_of(6, "0");
  changed.replace(changed.find("[0, 10]"), 7, "[0, 20]");
  write("study.yaml", changed);
  const ProgramRun refused = pegbox({"tune", "study.yaml"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("space.x.range: [0,10] -> [0,20]"));
  EXPECT_THAT(refused.err, HasSubstr("--accept-changes"));
  EXPECT_EQ(count_of("shell", "done"), 4);
  EXPECT_EQ(pegbox({"tune", "study.yaml", "--accept-changes"}).code, 0);
  EXPECT_EQ(count_of("shell", "done"), 6);
  EXPECT_EQ(json_of({"best", "--json"})["in_space"], true);

  changed.replace(changed.find("[0, 20]"), 7, "[90, 99]");
  changed.replace(changed.find("trials: 6"), 9, "trials: 7");
  write("study.yaml", changed);
  EXPECT_EQ(pegbox({"tune", "study.yaml", "--accept-changes"}).code, 0);
  EXPECT_EQ(json_of({"best", "--json"})["in_space"], false);
  EXPECT_THAT(pegbox({"best"}).out, HasSubstr("outside the present space"));
}

TEST_F(EndToEnd, SaysWhatItWouldRunWithoutRunningIt) {
  write("study.yaml", study_of(6, "0"));
  const ProgramRun plan = pegbox({"tune", "study.yaml", "--dry-run"});
  EXPECT_EQ(plan.code, 0);
  EXPECT_THAT(plan.out, HasSubstr("6 trials"));
  EXPECT_FALSE(std::filesystem::exists(folder() / "pegbox.db"));
}

TEST_F(EndToEnd, BacksUpCollectsGarbageAndDeletes) {
  write("study.yaml", study_of(3, "0"));
  EXPECT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  EXPECT_EQ(pegbox({"backup", "copy.db"}).code, 0);
  EXPECT_EQ(json_of({"list", "--json", "--store", "copy.db"})[0]["trials"]["done"], 3);
  ASSERT_TRUE(make_folder(folder() / "pegbox.files/left-over"));
  EXPECT_EQ(pegbox({"gc", "--dry-run"}).code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder() / "pegbox.files/left-over"));
  EXPECT_EQ(pegbox({"gc"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder() / "pegbox.files/left-over"));
  EXPECT_THAT(pegbox({"logs", "shell", "1"}).out, HasSubstr("at step 3")) << "logs stay";

  EXPECT_EQ(pegbox({"delete", "shell"}).code, 2) << "without a terminal it must be told";
  EXPECT_EQ(pegbox({"delete", "shell", "--yes"}).code, 0);
  EXPECT_EQ(json_of({"list", "--json"}).size(), 0u);
  EXPECT_FALSE(std::filesystem::exists(folder() / "pegbox.files/shell"));
}

TEST_F(EndToEnd, ExportsAStudyForOtherPrograms) {
  write("study.yaml", study_of(6, "0"));
  ASSERT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  const Json shown = json_of({"show", "--json"});
  const auto json = pegbox({"export", "--to", "json"});
  EXPECT_EQ(parse_json(json.out, "json").value()["trials"], shown["trials"]);
  const auto written = pegbox({"export", "--to", "csv", "-o", "trials.csv"});
  EXPECT_EQ(written.code, 0) << written.err;
  const std::string table = read_file(folder() / "trials.csv").value();
  EXPECT_EQ(std::ranges::count(table, '\n'), 1 + std::ssize(shown["trials"]));
  EXPECT_EQ(pegbox({"export", "--to", "csv"}).out, table);
  const auto wrong = pegbox({"export", "--to", "xls"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.err.find("expected csv, json"), std::string::npos) << wrong.err;
  EXPECT_EQ(pegbox({"export", "--to", "csv", "--as", "other"}).code, 2);
}

TEST_F(EndToEnd, SaysWhatAPythonWithoutOptunaLacks) {
  write("bare-python", "#!/bin/sh\nexec python3 -I -S \"$@\"\n");
  std::filesystem::permissions(folder() / "bare-python", std::filesystem::perms::owner_all);
  const auto run = [&](const std::string& python) {
    auto child = Subprocess::start({.arguments = {PEGBOX_PROGRAM, "import", "optuna.db"},
                                    .environment = {{"NO_COLOR", "1"}, {"PEGBOX_PYTHON", python}},
                                    .folder = folder()});
    return finish(**child);
  };
  const auto bare = run((folder() / "bare-python").string());
  EXPECT_EQ(bare.code, 2) << bare.err;
  EXPECT_NE(bare.err.find("lacks a package; got pegbox;"), std::string::npos) << bare.err;
  EXPECT_NE(bare.err.find("pip install .[optuna]"), std::string::npos) << bare.err;
  EXPECT_EQ(run("/nowhere/python").code, 2);
}

TEST_F(EndToEnd, WritesAStudyFileThatRuns) {
  EXPECT_EQ(pegbox({"init", "--command", "sh train.sh {x} 0", "--name", "mine"}).code, 0);
  EXPECT_EQ(pegbox({"init", "--command", "true"}).code, 2) << "a file is never replaced";
  std::string text = *read_file(folder() / "study.yaml");
  text.replace(text.find("{time: 30m}"), 11, "{trials: 2}");
  write("study.yaml", text);
  EXPECT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  EXPECT_EQ(count_of("mine", "done"), 2);
}

TEST_F(EndToEnd, RunsAWorkerOfTheProtocol) {
  write("worker.sh",
        "echo worker speaks >&2\n"
        "echo '{\"ready\": {\"protocol\": 1, \"slots\": 1, \"describes\": false}}'\n"
        "while read -r line; do\n"
        "  case $line in\n"
        "    *start*) n=$(echo \"$line\" | sed 's/.*\"trial\":\\([0-9]*\\).*/\\1/')\n"
        "      echo \"{\\\"done\\\": {\\\"trial\\\": $n, \\\"step\\\": 1, \\\"metrics\\\": {\\\"loss\\\": $n}}}\" ;;\n"
        "    *quit*) exit 0 ;;\n"
        "  esac\ndone\n");
  write("study.yaml",
        "name: w\ntrial: {worker: sh worker.sh}\nspace: {x: {range: [0, 1]}}\n"
        "objective: {maximize: loss}\nbudget: {trials: 3}\n");
  const ProgramRun run = pegbox({"tune", "study.yaml"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(json_of({"best", "--json"})["trial"], 2);
  EXPECT_THAT(pegbox({"logs", "w"}).out, HasSubstr("worker speaks"));
  EXPECT_THAT(pegbox({"logs", "w", "1"}).out, HasSubstr("worker speaks"));
}

TEST_F(EndToEnd, SaysThatATrialPrintedNothing) {
  write("study.yaml",
        "name: mute\ntrial: {command: \"echo '{{\\\"step\\\": 1, \\\"loss\\\": {x}}}' >&$PEGBOX_REPORT_FD\"}\n"
        "space: {x: {range: [0, 1]}}\nobjective: {minimize: loss}\nbudget: {trials: 1}\n");
  const ProgramRun tuned = pegbox({"tune", "study.yaml"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_THAT(tuned.err, HasSubstr("Finished: 1 trial."));
  const ProgramRun logs = pegbox({"logs", "mute", "0"});
  EXPECT_EQ(logs.code, 0);
  EXPECT_EQ(logs.out, "");
  EXPECT_THAT(logs.err, HasSubstr("trial 0 printed nothing."));
}

TEST_F(EndToEnd, LooksAtARunningStudyWithoutDisturbingIt) {
  write("study.yaml", study_of(50, "0.05"));
  const auto child = start({"tune", "study.yaml"});
  ASSERT_TRUE(wait_for_done("shell", 1));
  EXPECT_EQ(json_of({"list", "--json"})[0]["state"], "running");
  const ProgramRun refused = pegbox({"pause", "--trial", "0"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("trial 0 has ended"));
  ::kill(child->process_id(), SIGINT);
  EXPECT_EQ(finish(*child).code, 130);
  ASSERT_TRUE(remove_tree(folder() / "pegbox.db.shell.lock"));
  EXPECT_EQ(json_of({"list", "--json"})[0]["state"], "paused");
  EXPECT_EQ(pegbox({"show"}).code, 0);
  EXPECT_EQ(pegbox({"gc", "--dry-run"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder() / "pegbox.db.shell.lock")) << "looking leaves nothing behind";
}

/// What the program draws on a terminal of its own, 80 columns wide.
std::string drawn_on_a_terminal(const Path& folder, bool no_color) {
  const winsize size{.ws_row = 30, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    ::setenv("TERM", "xterm", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    no_color ? ::setenv("NO_COLOR", "1", 1) : ::unsetenv("NO_COLOR");
    if (::chdir(folder.c_str()) == 0) ::execl(PEGBOX_PROGRAM, PEGBOX_PROGRAM, "tune", "study.yaml", nullptr);
    ::_exit(127);
  }
  std::string drawn;
  char buffer[4096];
  for (ssize_t count; (count = ::read(terminal, buffer, sizeof buffer)) > 0;)
    drawn.append(buffer, static_cast<std::size_t>(count));
  int status = 0;
  ::waitpid(child, &status, 0);
  ::close(terminal);
  EXPECT_EQ(WEXITSTATUS(status), 0) << drawn;
  return drawn;
}

TEST_F(EndToEnd, SaysWhichConstraintNoTrialMeets) {
  write("study.yaml",
        "name: s\ntrial: {command: 'echo loss 1', metric: {loss: 'loss (\\S+)'}}\nspace: {x: {range: [0, 1]}}\n"
        "constraints: ['memory <= 1GiB']\nobjective: {minimize: loss}\nbudget: {trials: 2}\n");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"tune", "study.yaml"}, {"best", "s"}})
    EXPECT_THAT(pegbox(command).err,
                HasSubstr("no trial meets the constraints; trial 0: memory <= 1GiB (memory was not reported)"));
}

TEST_F(EndToEnd, RedrawsAPictureOnATerminal) {
  write("study.yaml", study_of(3, "0.2"));
  const std::string drawn = drawn_on_a_terminal(folder(), false);
  for (const char* part : {"\x1b[1mrunning\x1b[0m", "A\r", "of 3 trials", "step 1", "100 % of the budget"})
    EXPECT_THAT(drawn, HasSubstr(part));
  for (std::size_t start = 0; start < drawn.size();) {
    const std::size_t end = std::min(drawn.find('\n', start), drawn.size());
    EXPECT_LE(end - start, 80u * 4) << "one line of 80 columns";
    start = end + 1;
  }
}

TEST_F(EndToEnd, DrawsWithoutColorsWhereNoneAreWanted) {
  write("study.yaml", study_of(1, "0.1"));
  const std::string drawn = drawn_on_a_terminal(folder(), true);
  EXPECT_THAT(drawn, HasSubstr("1 of 1 trials"));
  for (std::size_t at = drawn.find("\x1b["); at != std::string::npos; at = drawn.find("\x1b[", at + 1))
    EXPECT_NE(drawn[drawn.find_first_not_of("0123456789;", at + 2)], 'm') << drawn;
}

TEST(Reference, OfTheCommandsIsInStep) {
  const auto written = read_file("docs/commands.md");
  ASSERT_TRUE(written) << written.error().message;
  auto child =
      Subprocess::start({.arguments = {PEGBOX_PROGRAM, "help", "--markdown"}, .environment = {}, .folder = {}});
  ASSERT_TRUE(child);
  EXPECT_EQ(run_to_end(**child, 60).out, *written) << "write it again: pegbox help --markdown > docs/commands.md";
}

TEST_F(EndToEnd, CompletesInBash) {
  write(
      "complete.sh",
      fmt::format(
          "source <({0} completions bash)\nCOMP_WORDS=(pegbox tu); COMP_CWORD=1; _pegbox; echo \"${{COMPREPLY[@]}}\"\n"
          "COMP_WORDS=(pegbox tune --dr); COMP_CWORD=2; _pegbox; echo \"${{COMPREPLY[@]}}\"\n"
          "COMP_WORDS=(pegbox completions f); COMP_CWORD=2; _pegbox; echo \"${{COMPREPLY[@]}}\"\n",
          PEGBOX_PROGRAM));
  auto child = Subprocess::start({.arguments = {"bash", "complete.sh"}, .environment = {}, .folder = folder()});
  ASSERT_TRUE(child);
  EXPECT_EQ(finish(**child).out, "tune\n--dry-run\nfish\n");
}

}  // namespace
}  // namespace pegbox
