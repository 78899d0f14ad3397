// End-to-end tests of check, clean, augment, split, and of the checks of a study.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>

#include "app/program_test_kit.h"

namespace pegbox {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kTrain[] =
    "{\"text\": \"the first of the rows\"}\n{\"text\": \"a second row\"}\n{\"text\": \"a second row\"}\n{\"text\": "
    "\"bad \xEF\xBF\xBD\"}\n";

class DataCommands : public ProgramTest {
 protected:
  DataCommands() {
    write("train.jsonl", kTrain);
    write("test.jsonl", "{\"text\": \"The first of the rows.\"}\n{\"text\": \"another\"}\n");
  }
  std::string text_of(const std::string& name) const { return *read_file(folder() / name); }
};

TEST_F(DataCommands, CheckShowsWhatIsWrongAndFailsOnlyOnWhatItIsTold) {
  const ProgramRun run = pegbox({"check", "train.jsonl", "--test", "test.jsonl"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("warning: train, duplicates: 1 (25 %)"));
  EXPECT_THAT(run.out, HasSubstr("train.jsonl:3: the same as train.jsonl:2"));
  EXPECT_THAT(run.out, HasSubstr("warning: test, leakage: 1 (50 %)"));
  EXPECT_THAT(run.out, HasSubstr("train, garbled: 1"));
  EXPECT_EQ(pegbox({"check", "train.jsonl", "--test", "test.jsonl", "--fail-on", "leakage"}).code, 3);
  const Json report = json_of({"check", "train.jsonl", "--checks", "duplicates", "--json"});
  ASSERT_EQ(report["findings"].size(), 1u);
  EXPECT_EQ(report["findings"][0]["check"], "duplicates");
  EXPECT_EQ(report["parts"][0]["rows"], 4);
  EXPECT_EQ(report["parts"][0]["files"][0]["sha256"].get<std::string>().size(), 64u);
  EXPECT_THAT(pegbox({"check", "train.jsonl", "--checks", "leakages"}).err, HasSubstr("perhaps leakage"));
  EXPECT_THAT(pegbox({"check"}).err, HasSubstr("nothing to check is named"));
}

TEST_F(DataCommands, RefuseWhatWouldDoNothing) {
  const auto error_of = [&](const std::vector<std::string>& arguments) {
    const ProgramRun run = pegbox(arguments);
    EXPECT_EQ(run.code, 2) << run.out;
    return run.err;
  };
  EXPECT_THAT(error_of({"check", "train.jsonl", "--fail-on", "leakage"}), HasSubstr("--validation or --test"));
  EXPECT_THAT(error_of({"check", "train.jsonl", "--checks", "duplicates", "--fail-on", "empty"}),
              HasSubstr("empty would never be found"));
  EXPECT_THAT(error_of({"check", "train.jsonl", "--checks", ","}), HasSubstr("no check is named"));
  EXPECT_THAT(error_of({"clean", "train.jsonl", "--checks", "leakage", "--output", "o.jsonl"}), HasSubstr("--against"));
  write("run.yaml", "data: {train: train.jsonl}\n");
  EXPECT_THAT(error_of({"check", "run.yaml", "test.jsonl"}), HasSubstr("names its own data"));
}

TEST_F(DataCommands, CleanWritesWhatStaysAndAReport) {
  const ProgramRun run = pegbox({"clean", "train.jsonl", "--against", "test.jsonl", "--output", "clean.jsonl"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(text_of("clean.jsonl"), "{\"text\": \"a second row\"}\n");
  EXPECT_EQ(text_of("train.jsonl"), kTrain);
  EXPECT_THAT(run.out, HasSubstr("1 of 4 rows stay, in clean.jsonl"));
  const Json report = *parse_json(text_of(".clean.jsonl.report.json"), "report");
  EXPECT_EQ(report["removed"].size(), 3u);
  EXPECT_THAT(run.out, HasSubstr(report["sha256"].get<std::string>()));
  EXPECT_EQ(pegbox({"clean", "train.jsonl", "--output", "clean.jsonl"}).code, 2) << "the file exists";
  EXPECT_EQ(pegbox({"clean", "train.jsonl", "--output", "train.jsonl"}).code, 2);
  std::filesystem::remove(folder() / "clean.jsonl");
  EXPECT_THAT(pegbox({"clean", "train.jsonl", "--output", "clean.jsonl"}).err, HasSubstr(".clean.jsonl.report.json"))
      << "nothing is written over";
  write("caf\xE9.jsonl", kTrain);
  const ProgramRun latin = pegbox({"clean", "caf\xE9.jsonl", "--output", "other.jsonl"});
  EXPECT_EQ(latin.code, 0) << latin.err;
  EXPECT_EQ(parse_json(text_of(".other.jsonl.report.json"), "report")->at("kept"), 2);
}

TEST_F(DataCommands, SplitWritesPartsThatShareNothing) {
  std::string rows;
  for (int i = 0; i < 100; ++i) rows += fmt::format("{{\"text\": \"row {} of {}\"}}\n", i % 50, i % 50 * 7);
  write("rows.jsonl", rows);
  const Json report = json_of({"split", "rows.jsonl", "--output", "parts", "--fractions", "0.8,0.2", "--json"});
  EXPECT_EQ(report["groups"], 50);
  EXPECT_EQ(report["parts"][0]["rows"], 80);
  const ProgramRun check =
      pegbox({"check", "parts/train.jsonl", "--validation", "parts/validation.jsonl", "--fail-on", "leakage"});
  EXPECT_EQ(check.code, 0) << check.out;
  EXPECT_EQ(pegbox({"split", "rows.jsonl", "--output", "parts", "--fractions", "0.8"}).code, 2);
}

TEST_F(DataCommands, AnonymizeReplacesPersonalDataInEveryText) {
  write("mail.jsonl", "{\"prompt\": \"Mail ann@example.org\", \"completion\": \"Done, ann@example.org has it.\"}\n");
  const ProgramRun run = pegbox({"anonymize", "mail.jsonl", "--output", "safe.jsonl"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(text_of("safe.jsonl"), "{\"prompt\": \"Mail [EMAIL]\", \"completion\": \"Done, [EMAIL] has it.\"}\n");
  EXPECT_THAT(run.out, HasSubstr("1 of 1 rows changed"));
  EXPECT_EQ(pegbox({"anonymize", "mail.jsonl", "--output", "names.jsonl", "--kinds", "name,phone"}).code, 0);
  EXPECT_EQ(text_of("names.jsonl"), text_of("mail.jsonl"));
  const std::vector<std::string> surrogate = {"anonymize",   "mail.jsonl", "--output",
                                              "other.jsonl", "--method",   "surrogate"};
  EXPECT_EQ(pegbox(surrogate).code, 2) << "there is no secret";
  write("secret", "0123456789abcdef");
  auto with_secret = surrogate;
  with_secret.insert(with_secret.end(), {"--secret-file", "secret"});
  EXPECT_EQ(pegbox(with_secret).code, 0);
  const Json row = *parse_json(text_of("other.jsonl"), "row");
  const std::string mail = row["prompt"].get<std::string>().substr(5);
  EXPECT_THAT(mail, testing::EndsWith("@example.com"));
  EXPECT_EQ(row["completion"], "Done, " + mail + " has it.");
}

constexpr char kMixedLanguages[] =
    "{\"text\": \"The museum is closed on Monday, and on Tuesday it opens late.\"}\n"
    "{\"text\": \"The museum is open every day, and children need no ticket.\"}\n"
    "{\"text\": \"Das Museum ist heute bis um sechs Uhr offen, und der Eintritt kostet nichts.\"}\n";

TEST_F(DataCommands, CheckAndCleanKnowLanguages) {
  write("mixed.jsonl", kMixedLanguages);
  EXPECT_THAT(pegbox({"check", "mixed.jsonl"}).out, HasSubstr("mixed.jsonl:3: de, where most are en"));
  EXPECT_THAT(pegbox({"check", "mixed.jsonl", "--language", "German"}).out,
              HasSubstr("mixed.jsonl:1: en, where de is expected"));
  EXPECT_EQ(pegbox({"check", "mixed.jsonl", "--fail-on", "language"}).code, 3);
  EXPECT_EQ(pegbox({"clean", "mixed.jsonl", "--output", "de.jsonl", "--checks", "language", "--language", "de"}).code,
            0);
  EXPECT_THAT(text_of("de.jsonl"), testing::StartsWith("{\"text\": \"Das Museum"));
  EXPECT_THAT(pegbox({"check", "mixed.jsonl", "--language", "elvish"}).err, HasSubstr("a code such as en"));
  EXPECT_THAT(pegbox({"clean", "mixed.jsonl", "--output", "x.jsonl", "--language", "de"}).err,
              HasSubstr("name language among the --checks"));
}

TEST_F(DataCommands, CheckFindsLabelsThatAreLikelyWrong) {
  std::string rows;
  for (int i = 0; i < 60; ++i)
    rows += i % 2 == 0 ? fmt::format("{{\"text\": \"my card {} was lost\", \"label\": \"{}\"}}\n", i,
                                     i == 30 ? "rate" : "card")
                       : fmt::format("{{\"text\": \"which rate has euro {}\", \"label\": \"rate\"}}\n", i);
  write("asks.jsonl", rows);
  EXPECT_THAT(pegbox({"check", "asks.jsonl", "--checks", "label_errors"}).out,
              testing::AllOf(HasSubstr("label_errors: 1 ("), HasSubstr("asks.jsonl:31: rate here, likely card (")));
  EXPECT_EQ(pegbox({"clean", "asks.jsonl", "--output", "right.jsonl", "--checks", "label_errors"}).code, 0);
  EXPECT_THAT(text_of("right.jsonl"), Not(HasSubstr("card 30 ")));
}

TEST_F(DataCommands, AugmentWritesMarkedCopiesAndAReport) {
  write("asks.csv", "text,intent\nwhere is my new card now,card\nwhat is the best rate of today,rate\n");
  const std::vector<std::string> call = {"augment",      "asks.csv", "--columns",  "text=text", "--columns",
                                         "label=intent", "--output", "more.jsonl", "--copies",  "2"};
  const ProgramRun run = pegbox(call);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("4 copies of 2 rows, in more.jsonl"));
  EXPECT_THAT(run.out, HasSubstr("    where is my new card now"));
  const Json report = *parse_json(text_of(".more.jsonl.report.json"), "report");
  EXPECT_EQ(report["copies"], 4);
  EXPECT_EQ(report["strength"], 0.1);
  EXPECT_THAT(run.out, HasSubstr(report["sha256"].get<std::string>()));
  const std::string rows = text_of("more.jsonl");
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), 6);
  EXPECT_THAT(rows, HasSubstr(R"("row":"asks.csv:3","copy":2})"));
  EXPECT_EQ(pegbox(call).code, 2) << "nothing is written over";
  const auto error_of = [&](const std::vector<std::string>& more) {
    auto arguments = std::vector<std::string>{"augment", "asks.csv", "--output", "other.jsonl"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProgramRun refused = pegbox(arguments);
    EXPECT_EQ(refused.code, 2) << refused.out;
    return refused.err;
  };
  EXPECT_THAT(error_of({"--copies", "0"}), HasSubstr("1 or more"));
  EXPECT_THAT(error_of({"--seed", "-1"}), HasSubstr("[--seed] out of range; got -1; expected 0 or more"));
  EXPECT_THAT(error_of({"--columns", "label=intent"}), HasSubstr("only the fields that `columns` names are read"));
  EXPECT_THAT(error_of({"--strength", "2"}), HasSubstr("at most 1"));
  EXPECT_THAT(error_of({"--methods", "typo"}), HasSubstr("swap_characters"));
  EXPECT_THAT(error_of({}), HasSubstr("--fields text")) << "without --columns the rows have no label";
}

std::string checked_study(const std::string& checks) {
  return fmt::format(
      "name: checked\ntrial: {{command: \"echo loss {{x}}\", metric: {{loss: \"loss (\\\\S+)\"}}}}\n"
      "space: {{x: {{range: [0, 1]}}}}\nobjective: {{minimize: loss}}\nbudget: {{trials: 1}}\nsearch: random\n"
      "checks: {}\n",
      checks);
}

TEST_F(DataCommands, AStudyStopsBeforeItsFirstTrialWhereItsChecksSaySo) {
  const std::string checks = "{data: {train: train.jsonl, test: test.jsonl}, leakage: stop, duplicates: warn}";
  write("study.yaml", checked_study(checks));
  for (int time = 0; time < 2; ++time) {
    const ProgramRun stopped = pegbox({"tune", "study.yaml"});
    EXPECT_EQ(stopped.code, 3) << time;
    EXPECT_THAT(stopped.err, HasSubstr("checked stops before its trials, as its checks say: test, leakage: 1 (50 %)"));
    EXPECT_THAT(stopped.err, HasSubstr("train, duplicates: 1"));
    EXPECT_THAT(stopped.err, Not(HasSubstr("garbled"))) << "not asked for";
  }
  const Json show = json_of({"show", "checked", "--json"});
  EXPECT_TRUE(show["trials"].empty());
  EXPECT_EQ(show["checks"]["asked"], (Json{{"duplicates", "warn"}, {"leakage", "stop"}}));
  EXPECT_EQ(show["checks"]["findings"].size(), 2u);

  write("test.jsonl", "{\"text\": \"another\"}\n");
  const ProgramRun run = pegbox({"tune", "study.yaml"});
  EXPECT_EQ(run.code, 0) << run.err;
  const Json after = json_of({"show", "checked", "--json"});
  EXPECT_EQ(after["trials"].size(), 1u);
  EXPECT_NE(after["checks"]["parts"][1]["files"][0]["sha256"], show["checks"]["parts"][1]["files"][0]["sha256"]);
}

TEST_F(DataCommands, AStudyLooksAgainWherePartsOrColumnsChange) {
  const auto run_with = [&](const std::string& data) {
    write("study.yaml", checked_study("{data: {" + data + "}, duplicates: stop}"));
    return pegbox({"tune", "study.yaml"});
  };
  write("test.jsonl", "{\"text\": \"another\", \"note\": \"a\"}\n{\"text\": \"one more\", \"note\": \"a\"}\n");
  EXPECT_THAT(run_with("train: train.jsonl, test: test.jsonl").err, HasSubstr("train, duplicates"));
  EXPECT_THAT(run_with("train: test.jsonl, test: train.jsonl").err, HasSubstr("test, duplicates"));
  EXPECT_EQ(run_with("train: test.jsonl, columns: {text: note}").code, 3);
  EXPECT_EQ(run_with("train: test.jsonl").code, 0);
}

TEST_F(DataCommands, AStudyMayExpectALanguage) {
  write("mixed.jsonl", kMixedLanguages);
  write("study.yaml", checked_study("{data: mixed.jsonl, language: stop, expected_language: de}"));
  const ProgramRun stopped = pegbox({"tune", "study.yaml"});
  EXPECT_EQ(stopped.code, 3);
  EXPECT_THAT(stopped.err, HasSubstr("en, where de is expected"));
  write("study.yaml", checked_study("{data: mixed.jsonl, language: warn, expected_language: de}"));
  EXPECT_EQ(pegbox({"tune", "study.yaml"}).code, 0);
  EXPECT_EQ(json_of({"show", "checked", "--json"})["checks"]["asked"],
            (Json{{"language", "warn"}, {"expected_language", "de"}}));
}

TEST_F(DataCommands, CtrlCEndsTheChecksOfAStudy) {
  std::string rows;
  for (int i = 0; i < 400000; ++i) rows += fmt::format("{{\"text\": \"row {} of a long file\"}}\n", i);
  write("long.jsonl", rows);
  write("study.yaml", checked_study("{data: long.jsonl, near_duplicates: warn, language: warn}"));
  const auto child = start({"tune", "study.yaml"});
  std::error_code ignored;
  while (!std::filesystem::exists(folder() / "pegbox.db", ignored) && !child->poll())
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ::kill(child->process_id(), SIGINT);
  EXPECT_EQ(finish(*child).code, 130);
  EXPECT_EQ(json_of({"show", "checked", "--json"}).value("checks", Json()), Json()) << "half a look is none";
}

TEST_F(DataCommands, AStudysChecksAreReadStrictly) {
  const auto error_of = [&](const std::string& checks) {
    write("study.yaml", checked_study(checks));
    const ProgramRun run = pegbox({"tune", "study.yaml"});
    EXPECT_EQ(run.code, 2) << checks;
    return run.err;
  };
  EXPECT_THAT(error_of("{data: train.jsonl, leakages: stop}"), HasSubstr("perhaps leakage"));
  EXPECT_THAT(error_of("{data: train.jsonl, leakage: halt}"), HasSubstr("stop or warn"));
  EXPECT_THAT(error_of("{leakage: stop}"), HasSubstr("no data are known to check"));
  EXPECT_THAT(error_of("{data: nowhere.jsonl, leakage: stop}"), HasSubstr("nowhere.jsonl"));
  EXPECT_THAT(error_of("{data: train.jsonl, language: stop, expected_language: elvish}"), HasSubstr("elvish"));
  EXPECT_THAT(error_of("{data: train.jsonl, empty: stop, expected_language: en}"),
              HasSubstr("beside expected_language"));
}

}  // namespace
}  // namespace pegbox
