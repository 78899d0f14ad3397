// End-to-end tests of what people get wrong: one clear message with the next step, the right exit code, nothing lost.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "app/program_test_kit.h"

namespace pegbox {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kGood =
    "name: good\ntrial: {command: \"echo loss: {x}\", metric: {loss: \"loss: (\\\\S+)\"}}\n"
    "space: {x: {range: [0, 1]}}\nobjective: {minimize: loss}\nbudget: {trials: 2}\nsearch: random\n";

class BadInput : public ProgramTest {
 protected:
  /// Tunes the good study with one part replaced.
  ProgramRun tune_with(const std::string& part, const std::string& by) {
    std::string text = kGood;
    text.replace(text.find(part), part.size(), by);
    write("study.yaml", text);
    return pegbox({"tune", "study.yaml"});
  }

  void expect_refused(const ProgramRun& run, int code, const std::vector<std::string>& parts) {
    EXPECT_EQ(run.code, code) << run.err;
    for (const std::string& part : parts) EXPECT_THAT(run.err, HasSubstr(part));
  }
};

TEST_F(BadInput, NamesLineAndNearestNameOfAMisspelledKey) {
  expect_refused(tune_with("objective", "objectiv"), 2, {"study.yaml", "objective"});
  expect_refused(tune_with("search: random", "search: randm"), 2, {"study.yaml:6 search]", "'random'"});
  expect_refused(tune_with("search: random", "search: {name: gp, centrl: no}"), 2,
                 {"study.yaml:6 search.centrl]", "\"central\""});
  expect_refused(tune_with("search: random", "search: {name: gp, region: true}"), 2,
                 {"study.yaml:6 search.region] unknown choice; got true; expected one of whole, trust"});
  expect_refused(tune_with("search: random", "search: {name: gp, beta: 3}"), 2,
                 {"no other acquisition has a beta; got acquisition improvement; expected acquisition: confidence"});
  expect_refused(tune_with("search: random", "stop: [median, asah]"), 2, {"study.yaml:6 stop.1]", "'asha'"});
  expect_refused(tune_with("budget: {trials", "budget: {trails"), 2, {"study.yaml:5", "trials"});
  EXPECT_FALSE(std::filesystem::exists(folder() / "pegbox.db")) << "nothing was begun";
}

TEST_F(BadInput, NamesWrongTypesAndRanges) {
  expect_refused(tune_with("[0, 1]", "[1, 0]"), 2, {"study.yaml:3", "x"});
  expect_refused(tune_with("{trials: 2}", "{trials: many}"), 2, {"study.yaml:5", "many"});
  expect_refused(tune_with("{range: [0, 1]}", "{range: 3}"), 2, {"study.yaml:3"});
  expect_refused(tune_with("{trials: 2}", "{}"), 2, {"budget"});
}

TEST_F(BadInput, RefusesFilesThatAreNoStudies) {
  expect_refused(pegbox({"tune", "missing.yaml"}), 2, {"missing.yaml"});
  write("empty.yaml", "");
  expect_refused(pegbox({"tune", "empty.yaml"}), 2, {"empty"});
  write("binary.yaml", std::string("name: \0\x01\x02", 9));
  expect_refused(pegbox({"tune", "binary.yaml"}), 2, {"binary"});
  write("list.yaml", "- a\n- b\n");
  expect_refused(pegbox({"tune", "list.yaml"}), 2, {"list.yaml"});
  expect_refused(pegbox({"tune"}), 2, {"--model"});
}

TEST_F(BadInput, SaysThatAModelOrDataAreMissing) {
  expect_refused(tune_with("command: \"echo loss: {x}\", metric: {loss: \"loss: (\\\\S+)\"}",
                           "trainer: {model: no-model, data: no.txt}"),
                 2, {"study.yaml:2", "no-model"});
  expect_refused(pegbox({"tune", "--model", "no-model", "--data", "no.txt", "--budget", "1m"}), 2, {"no-model"});
}

TEST_F(BadInput, SaysThatTheTrialCommandDoesNotExist) {
  expect_refused(tune_with("echo loss: {x}", "no-such-program {x}"), 2, {"no-such-program"});
}

TEST_F(BadInput, ReadsPatternsBeforeAnythingIsBegun) {
  expect_refused(tune_with("loss: (\\\\S+)", "loss: (\\\\S+"), 2, {"study.yaml:2 trial.metric", "loss"});
  EXPECT_FALSE(std::filesystem::exists(folder() / "pegbox.db")) << "nothing was begun";
}

TEST_F(BadInput, StopsNothingThatHasEnded) {
  write("study.yaml", kGood);
  ASSERT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  expect_refused(pegbox({"stop", "good"}), 2, {"ended already", "finished"});
}

TEST_F(BadInput, EndsAStudyWhoseProgramsAllCrash) {
  const ProgramRun run = tune_with("echo loss: {x}", "echo about to crash; exit 3; : {x}");
  EXPECT_EQ(run.code, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("exit code 3"));
  EXPECT_THAT(pegbox({"logs", "good", "0"}).out, HasSubstr("about to crash"));
}

TEST_F(BadInput, EndsAStudyWhoseProgramsPrintGarbage) {
  const ProgramRun run = tune_with("echo loss: {x}", "head -c 100000 /dev/urandom; : {x}");
  EXPECT_EQ(run.code, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("reported no metric"));
}

TEST_F(BadInput, SaysInOneLineWhyATrialFailed) {
  const ProgramRun run = tune_with("echo loss: {x}", "printf '\\x1b[31mbegin\\nValueError: bad lr\\n'; exit 1; : {x}");
  EXPECT_EQ(run.code, 3) << run.err;
  EXPECT_THAT(run.err, HasSubstr("exit code 1: ValueError: bad lr; x="));
  EXPECT_THAT(run.err, Not(HasSubstr("\x1b")));
  const std::string shown = pegbox({"show", "--trial", "0"}).out;
  EXPECT_THAT(shown, HasSubstr("ValueError: bad lr"));
  EXPECT_THAT(shown, Not(HasSubstr("\x1b")));
  EXPECT_THAT(pegbox({"logs", "good", "0"}).out, HasSubstr("\x1b")) << "as it was, where it is no terminal";
}

TEST_F(BadInput, SaysThatAResultCouldNotBeWritten) {
  write("study.yaml", kGood);
  ASSERT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  for (const char* arguments : {"best good --json", "help"}) {
    auto child =
        Subprocess::start({.arguments = {"sh", "-c", fmt::format("{} {} > /dev/full", PEGBOX_PROGRAM, arguments)},
                           .environment = {},
                           .folder = folder()});
    ASSERT_TRUE(child);
    const ProgramRun run = finish(**child);
    EXPECT_EQ(run.code, 3) << arguments;
    EXPECT_THAT(run.err, HasSubstr("standard output"));
  }
}

TEST_F(BadInput, EndsProgramsThatHang) {
  const ProgramRun run = tune_with("search: random", "search: random\nworkers: {timeout: 300ms, grace: 200ms}");
  EXPECT_EQ(run.code, 0) << run.err;
  std::string text = kGood;
  text.replace(text.find("echo loss: {x}"), 14, "sleep 60; : {x}");
  text.replace(text.find("name: good"), 10, "name: hang");
  write("hang.yaml", text + "workers: {timeout: 300ms, grace: 200ms}\n");
  const ProgramRun hung = pegbox({"tune", "hang.yaml"});
  EXPECT_EQ(hung.code, 3) << hung.err;
  EXPECT_EQ(count_of("hang", "failed"), 2);
  EXPECT_EQ(json_of({"show", "hang", "--json"})["trials"][0]["failure"], "timeout");
}

TEST_F(BadInput, LeavesAStoreAloneThatIsNone) {
  write("pegbox.db", std::string(5000, 'x'));
  write("study.yaml", kGood);
  const ProgramRun run = pegbox({"tune", "study.yaml"});
  EXPECT_NE(run.code, 0);
  EXPECT_THAT(run.err, HasSubstr("pegbox.db"));
  EXPECT_EQ(*read_file(folder() / "pegbox.db"), std::string(5000, 'x'));
}

TEST_F(BadInput, NamesUnknownStudiesTrialsAndStores) {
  expect_refused(pegbox({"list"}), 2, {"there are no studies here"});
  write("study.yaml", kGood);
  ASSERT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  expect_refused(pegbox({"show", "goood"}), 2, {"did you mean good"});
  expect_refused(pegbox({"show", "good", "--trial", "9"}), 2, {"no such trial"});
  expect_refused(pegbox({"show", "good", "--trial", "-1"}), 2, {"no such trial", "0 to 1"});
  expect_refused(pegbox({"logs", "good", "9"}), 2, {"no such trial"});
  expect_refused(pegbox({"stop", "good", "--trial", "9"}), 2, {"no such trial"});
  expect_refused(pegbox({"stop", "good", "--trial", "1"}), 2, {"trial 1 has ended", "done"});
  expect_refused(pegbox({"list", "--store=", "--json"}), 2, {"nothing after --store="});
  expect_refused(pegbox({"backup", "pegbox.db"}), 2, {"the store itself"});
  expect_refused(pegbox({"backup", "study.yaml"}), 2, {"not a pegbox store"});
  expect_refused(pegbox({"list", "--store", "mysql://x"}), 2, {"--store"});
  expect_refused(pegbox({"list", "--store", "."}), 2, {"folder"});
  expect_refused(pegbox({"tune", "study.yaml", "--log-file", "study.yaml/x.log"}), 3, {"--log-file"});
}

}  // namespace
}  // namespace pegbox
