// End-to-end tests of pegbox watch.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>

#include "app/program_test_kit.h"

namespace pegbox {
namespace {

using testing::HasSubstr;
using testing::Not;

class WatchCommand : public ProgramTest {
 protected:
  void append(int count, const std::string& output, int rating) const {
    std::ofstream log(folder() / "log.jsonl", std::ios::app);
    for (int i = 0; i < count; ++i)
      log << fmt::format("{{\"prompt\": \"question {}\", \"output\": \"{}\", \"rating\": {}}}\n", i % 7, output,
                         rating);
  }
  std::string text_of(const std::string& name) const { return *read_file(folder() / name); }
};

constexpr char kWatch[] = "logs: log.jsonl\nreference: {records: 100}\nwindow: 50\n";

TEST_F(WatchCommand, EndsWithThreeWhereItRaisedAnAlarm) {
  write("watch.yaml", kWatch);
  append(200, "Yes.", 1);
  const ProgramRun calm = pegbox({"watch", "watch.yaml", "--once"});
  EXPECT_EQ(calm.code, 0) << calm.err;
  EXPECT_THAT(calm.out, HasSubstr("window 2, records 151 to 200: no drift"));
  append(50, "I cannot help with that.", 0);
  const ProgramRun alarmed = pegbox({"watch", "watch.yaml", "--once"});
  EXPECT_EQ(alarmed.code, 3) << alarmed.err;
  EXPECT_THAT(alarmed.out, HasSubstr("alarm: refusals: "));
  EXPECT_THAT(alarmed.out, HasSubstr("alarm: window 3: "));
  const ProgramRun after = pegbox({"watch", "watch.yaml", "--once"});
  EXPECT_EQ(after.code, 0) << "nothing is new";
}

TEST_F(WatchCommand, PrintsJsonLines) {
  write("watch.yaml", kWatch);
  append(150, "Yes.", 1);
  const ProgramRun run = pegbox({"watch", "watch.yaml", "--once", "--json"});
  EXPECT_EQ(run.code, 0) << run.err;
  const std::size_t end = run.out.find('\n');
  const auto window = parse_json(run.out.substr(0, end), "window"),
             last = parse_json(run.out.substr(end + 1), "summary");
  ASSERT_TRUE(window && last) << run.out;
  EXPECT_EQ(window->at("records"), (Json{101, 150}));
  EXPECT_EQ(last->at("summary")["records"], 150);
}

TEST_F(WatchCommand, RunsTheAlarmCommandWithoutAShell) {
  write("watch.yaml",
        std::string(kWatch) + "groups: model\nalarm: {command: [tee, -a, 'alarms; touch shell.jsonl']}\n");
  append(150, "Yes.", 1);
  append(50, "No; $(touch injected) `touch injected`", 0);
  const ProgramRun run = pegbox({"watch", "watch.yaml", "--once"});
  EXPECT_EQ(run.code, 3) << run.err;
  const std::string alarms = text_of("alarms; touch shell.jsonl");
  EXPECT_TRUE(parse_json(alarms.substr(0, alarms.find('\n')), "alarm")) << alarms;
  EXPECT_FALSE(std::filesystem::exists(folder() / "injected"));
  EXPECT_FALSE(std::filesystem::exists(folder() / "shell.jsonl"));
}

TEST_F(WatchCommand, SaysThatAnAlarmCommandFailed) {
  append(150, "Yes.", 1);
  append(50, "No.", 0);
  const auto with_command = [&](const std::string& state, const std::string& alarm) {
    write("watch.yaml", std::string(kWatch) + "state: " + state + "\nalarm: " + alarm + "\n");
    return pegbox({"watch", "watch.yaml", "--once"});
  };
  EXPECT_THAT(with_command("a", "{command: [sh, -c, 'echo no route >&2; exit 7']}").err,
              HasSubstr("exit code 7; got no route"));
  EXPECT_THAT(with_command("b", "{command: [no-such-program]}").err, HasSubstr("no-such-program"));
  EXPECT_THAT(with_command("c", "{command: [sleep, '60'], timeout: 0.2}").err, HasSubstr("took longer than 200 ms"));
}

TEST_F(WatchCommand, FollowsALogUntilItIsInterrupted) {
  write("watch.yaml", kWatch);
  const auto child = start({"watch", "watch.yaml"});
  const auto seen = [&](const std::string& what) {
    std::error_code ignored;
    return std::filesystem::exists(folder() / "watch.state.json", ignored) &&
           text_of("watch.state.json").find(what) != std::string::npos;
  };
  append(120, "Yes.", 1);
  EXPECT_TRUE(wait_until([&] { return seen("\"records\":120,"); }));
  const ProgramRun second = pegbox({"watch", "watch.yaml", "--once"});
  EXPECT_EQ(second.code, 2) << "the state has an owner";
  std::filesystem::rename(folder() / "log.jsonl", folder() / "log.jsonl.1");
  append(40, "Yes.", 1);
  EXPECT_TRUE(wait_until([&] { return seen("\"records\":160,"); }));
  child->signal_group(SIGINT);
  const ProgramRun run = finish(*child);
  EXPECT_EQ(run.code, 130) << run.err;
  EXPECT_THAT(run.err, HasSubstr("was renamed after line 120"));
  EXPECT_THAT(run.out, HasSubstr("window 1, records 101 to 150: no drift"));
}

TEST_F(WatchCommand, SaysWhatIsWrong) {
  write("watch.yaml", "logs: log.jsonl\nwindw: 50\n");
  EXPECT_THAT(pegbox({"watch", "watch.yaml", "--once"}).err, HasSubstr("watch.yaml:2"));
  write("watch.yaml", kWatch);
  const ProgramRun none = pegbox({"watch", "watch.yaml", "--once"});
  EXPECT_EQ(none.code, 2);
  EXPECT_THAT(none.err, HasSubstr("there is no log yet"));
  append(3, "Yes.", 1);
  std::ofstream(folder() / "log.jsonl", std::ios::app) << "broken\n";
  const ProgramRun broken = pegbox({"watch", "watch.yaml", "--once"});
  EXPECT_EQ(broken.code, 2);
  EXPECT_THAT(broken.err, HasSubstr("log.jsonl:4"));
}

TEST_F(WatchCommand, SaysHowManyLabelledTextsItNeeds) {
  append(3, "Yes.", 1);
  write("labelled.jsonl", "{\"text\": \"vile\", \"label\": \"bad\"}\n{\"text\": \"fine\", \"label\": \"good\"}\n");
  write("watch.yaml", std::string(kWatch) + "safety: {offensive: {data: labelled.jsonl, positive: bad}}\n");
  const ProgramRun run = pegbox({"watch", "watch.yaml", "--once"});
  EXPECT_EQ(run.code, 2);
  EXPECT_THAT(run.err, HasSubstr("labelled.jsonl] too few"));
  EXPECT_THAT(run.err, HasSubstr("1 positive and 1 other ones; expected at least 5 of each"));
}

TEST_F(WatchCommand, WritesExamples) {
  write("watch.yaml", kWatch);
  append(3, "Yes.", 1);
  append(2, "No.", 0);
  const Json report = json_of({"watch", "watch.yaml", "--examples", "feedback", "--json"});
  EXPECT_EQ(report["kept"]["rows"], 3);
  EXPECT_EQ(report["bad"], 2);
  EXPECT_FALSE(std::filesystem::exists(folder() / "watch.state.json"));
  EXPECT_EQ(pegbox({"watch", "watch.yaml", "--examples", "feedback"}).code, 2) << "nothing is written over";
  EXPECT_THAT(pegbox({"watch", "watch.yaml", "--examples", "feedback"}).err, Not(HasSubstr("--output")));
  EXPECT_THAT(pegbox({"watch", "watch.yaml", "--examples", "more", "--once"}).err, HasSubstr("call it twice"));
}

}  // namespace
}  // namespace pegbox
