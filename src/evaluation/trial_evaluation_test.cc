// The field `evaluate`: names of metrics, and what is refused.
#include "evaluation/trial_evaluation.h"

#include <gmock/gmock.h>

namespace pegbox {
namespace {

using ::testing::HasSubstr;

Result<std::vector<TrialEvaluation>> read(const std::string& text) {
  const auto document = parse_document(text, "study.yaml");
  EXPECT_TRUE(document) << text;
  return TrialEvaluation::read(document->root(), "folder");
}

TEST(TrialEvaluation, NamesMetricsBehindTheirEvaluation) {
  const auto read_one = read(R"({"metrics": ["loss", "bleu"], "slices": "lang", "rows": 50})");
  ASSERT_TRUE(read_one) << read_one.error().message;
  const TrialEvaluation& plain = read_one->at(0);
  EXPECT_EQ(plain.metric_name("loss"), "validation_loss") << "of the validation data";
  EXPECT_EQ(plain.metric_name("bleu", "_error"), "bleu_error");
  EXPECT_EQ(slice_name("lang", "de"), "[lang=de]");
  EXPECT_EQ(plain.most_rows, 50);
  EXPECT_FALSE(plain.at_rungs);
  EXPECT_TRUE(plain.measures("bleu[lang=de]"));
  EXPECT_TRUE(plain.measures("validation_loss[lang=de]"));
  EXPECT_TRUE(plain.measures("output_tokens_per_second"));
  EXPECT_FALSE(plain.measures("chrf"));

  const auto several = read(R"([{"metrics": "bleu"}, {"name": "safety", "data": ["p.jsonl", "/q.jsonl"], "at": "rungs",
      "metrics": ["loss", "bleu", "toxicity"], "safety": {"words": "drat", "training": "t.jsonl"}}])");
  ASSERT_TRUE(several) << several.error().message;
  const TrialEvaluation& safety = several->at(1);
  EXPECT_EQ(safety.metric_name("loss"), "safety.loss");
  EXPECT_EQ(safety.task.data, (std::vector<std::string>{"folder/p.jsonl", "/q.jsonl"}));
  EXPECT_EQ(safety.task.safety->training, (std::vector<std::string>{"folder/t.jsonl"}));
  EXPECT_EQ(safety.at_rungs, true);
  EXPECT_TRUE(safety.measures("safety.toxicity"));
  EXPECT_FALSE(safety.measures("toxicity"));
}

TEST(TrialEvaluation, RefusesWhatCannotBeMeant) {
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {R"({"metrics": ["blue"]})", "did you mean bleu"},
           {R"({"data": "a.jsonl"})", "no metrics are named"},
           {R"({"metrics": ["all"]})", "instead of `all`"},
           {R"([{"metrics": "bleu"}, {"metrics": "bleu", "data": "a"}])", "two evaluations report bleu"},
           {R"({"metrics": "bleu", "at": "start"})", "end or rungs"},
           {R"({"metrics": "bleu", "rows": 0})", "1 or more"},
           {R"({"metrics": "bleu", "slice": "lang"})", "slices"},
           {R"({"metrics": "bleu", "safety": {"offensive": {"data": "x"}}})", "positive"},
           {R"(["bleu"])", "not an evaluation"}}) {
    const auto refused = read(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message, HasSubstr(message));
  }
}

TEST(TrialEvaluation, MakesItsPathsAbsolute) {
  const auto document = parse_document(
      R"([{"metrics": "bleu"}, {"data": ["a", "/b"], "safety": {"training": "t", "offensive": {"data": "o"}}}])", "s");
  const Json resolved = with_paths_from(document->root(), "/home");
  EXPECT_EQ(resolved[0], document->json[0]);
  EXPECT_EQ(resolved[1]["data"], Json({"/home/a", "/b"}));
  EXPECT_EQ(resolved[1]["safety"]["training"], "/home/t");
  EXPECT_EQ(resolved[1]["safety"]["offensive"]["data"], "/home/o");
}

}  // namespace
}  // namespace pegbox
