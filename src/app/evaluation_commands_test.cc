// pegbox evaluate on outputs that are there already, as a person would call it.
#include <gmock/gmock.h>

#include "app/program_test_kit.h"

namespace pegbox {
namespace {

using ::testing::HasSubstr;

using EvaluationCommand = ProgramTest;

constexpr const char* kAnswers =
    "{\"output\": \"Paris\", \"reference\": \"paris\", \"topic\": \"towns\"}\n"
    "{\"output\": \"the Nile\", \"reference\": \"Nile.\", \"topic\": \"rivers\"}\n"
    "{\"output\": \"Thames\", \"reference\": \"Seine\", \"topic\": \"rivers\"}\n";

TEST_F(EvaluationCommand, MeasuresOutputsByFieldAndAgainstOthers) {
  write("answers.jsonl", kAnswers);
  write("others.jsonl",
        "{\"output\": \"Rome\", \"reference\": \"paris\"}\n{\"output\": \"Nile\", \"reference\": \"Nile.\"}\n"
        "{\"output\": \"Rhine\", \"reference\": \"Seine\"}\n");
  const Json json = json_of({"evaluate", "--outputs", "answers.jsonl", "--metrics", "exact_match,chrf", "--slice",
                             "topic", "--compare", "others.jsonl", "--json"});
  EXPECT_NEAR(json["results"]["answers"]["exact_match,none"].get<double>(), 2.0 / 3, 1e-12);
  EXPECT_EQ(json["higher_is_better"]["answers"]["chrf"], true);
  EXPECT_EQ(json["slices"]["answers"]["topic"]["rivers"]["rows"], 2);
  EXPECT_EQ(json["slices"]["answers"]["topic"]["rivers"]["exact_match"]["value"], 0.5);
  EXPECT_NEAR(json["comparisons"]["answers"]["exact_match"]["difference"].get<double>(), 1.0 / 3, 1e-12);
  EXPECT_EQ(json["comparisons"]["answers"]["exact_match"]["p_value"], 1) << "one row differs";
  const std::string text =
      pegbox({"evaluate", "--outputs", "answers.jsonl", "--metrics", "exact_match", "--slice", "topic"}).out;
  EXPECT_THAT(text, HasSubstr("topic=rivers"));
}

TEST_F(EvaluationCommand, SaysWhatItNeeds) {
  write("answers.jsonl", kAnswers);
  const auto refused = [&](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), "evaluate");
    const ProgramRun run = pegbox(arguments);
    EXPECT_EQ(run.code, 2) << run.out;
    EXPECT_THAT(run.err, HasSubstr(message));
  };
  refused({}, "--model is missing");
  refused({"--model", "m"}, "--data is missing");
  refused({"--outputs", "answers.jsonl", "--metrics", "bleuu"}, "did you mean bleu");
  refused({"--outputs", "answers.jsonl", "--slice", "topics"}, "did you mean topic");
  refused({"--outputs", "answers.jsonl", "--data", "d"}, "leave out");
  write("short.jsonl", "{\"output\": \"x\", \"reference\": \"paris\"}\n");
  refused({"--outputs", "answers.jsonl", "--compare", "short.jsonl"}, "not the same rows");
  write("broken.jsonl", "{\"output\": \"x\", \"reference\": \"y\"}\n{\"output\": 1, \"reference\": \"y\"}\n");
  refused({"--outputs", "broken.jsonl"}, "broken.jsonl:2");
}

TEST_F(EvaluationCommand, TheTableOfMetricsIsInItsDocument) {
  const auto written = read_file("docs/evaluation.md");
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(*written, HasSubstr(pegbox({"help", "--metrics"}).out)) << "write it again: pegbox help --metrics";
}

}  // namespace
}  // namespace pegbox
