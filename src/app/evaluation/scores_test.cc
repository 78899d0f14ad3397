// Scores of rows made by hand: values, intervals, slices and comparisons; and suites.
#include "app/evaluation/scores.h"

#include <gmock/gmock.h>

#include <cmath>

#include "app/evaluation/evaluation_plan.h"
#include "app/yaml_document.h"
#include "math/proportion.h"

namespace pegbox {
namespace {

using ::testing::HasSubstr;

RowResult likelihood(double nll, std::int64_t tokens) {
  return {.likelihood = RowLikelihood{
              .nll = nll, .end_nll = 1, .label_tokens = tokens, .right_tokens = 1, .bytes = 8, .words = 2}};
}

RowResult output(const std::string& text, const std::string& reference) {
  return {.output = RowOutput{text, reference}};
}

std::vector<Score> scores_of(const std::vector<RowResult>& rows, const std::vector<std::string>& names,
                             const std::vector<RowResult>& other = {}) {
  const auto metrics = choose_metrics(names, {.rows = rows, .classes = {}}, "test");
  EXPECT_TRUE(metrics) << metrics.error().message;
  return Scorer(rows, other, *metrics, {.resamples = 300, .seed = 1}).of_all();
}

TEST(Scores, LossesAreOfSumsAndNotMeansOfRows) {
  const auto scores = scores_of({likelihood(3, 2), likelihood(7, 8)}, {"all"});
  const auto value = [&](std::string_view name) {
    for (const Score& score : scores)
      if (score.metric->name == name) return score.value;
    return static_cast<double>(NAN);
  };
  EXPECT_EQ(scores.size(), 6u) << "those of likelihoods";
  EXPECT_DOUBLE_EQ(value("loss"), 1);
  EXPECT_DOUBLE_EQ(value("perplexity"), std::exp(1));
  EXPECT_DOUBLE_EQ(value("word_perplexity"), std::exp(8.0 / 4)) << "without the end tokens";
  EXPECT_DOUBLE_EQ(value("bits_per_byte"), 8.0 / 16 / std::log(2));
  EXPECT_DOUBLE_EQ(value("byte_perplexity"), std::exp(8.0 / 16));
  EXPECT_DOUBLE_EQ(value("token_accuracy"), 0.2);
}

TEST(Scores, ProportionsHaveExactIntervalsAndMcNemarsTest) {
  std::vector<RowResult> ours, theirs;
  for (int i = 0; i < 20; ++i) {
    ours.push_back(output(i < 15 ? "yes" : "no", "yes"));
    theirs.push_back(output(i < 6 ? "yes" : "no", "yes"));
  }
  const auto scores = scores_of(ours, {"exact_match"}, theirs);
  ASSERT_EQ(scores.size(), 1u);
  EXPECT_EQ(scores[0].value, 0.75);
  EXPECT_EQ(scores[0].interval->low, math::proportion_interval(15, 20)->low);
  EXPECT_NEAR(*scores[0].standard_error, std::sqrt(0.75 * 0.25 / 19), 1e-12);
  ASSERT_TRUE(scores[0].difference);
  EXPECT_NEAR(scores[0].difference->paired.difference, 0.45, 1e-12);
  EXPECT_EQ(scores[0].difference->paired.p_value, math::mcnemar_p_value(9, 0));
  EXPECT_EQ(scores[0].difference->test, "mcnemar");
}

TEST(Scores, OfASliceAreOfItsRowsAlone) {
  const std::vector<RowResult> rows = {output("a b", "a b"), output("x", "y"), output("a", "a")};
  const auto metrics = choose_metrics({"f1"}, {.rows = rows, .classes = {}}, "test");
  const Scorer scorer(rows, {}, *metrics);
  const std::vector<math::RowNumber> slice = {0, 2}, single = {1};
  EXPECT_EQ(scorer.of(slice)[0].value, 1);
  EXPECT_EQ(scorer.of(single)[0].value, 0);
  EXPECT_FALSE(scorer.of(single)[0].interval) << "one row says nothing of others";
}

TEST(Metrics, AreInOneTableThatIsConsistent) {
  for (const Metric& metric : metrics()) {
    EXPECT_EQ(find_metric(metric.name), &metric) << "names differ";
    EXPECT_LT(metric.low, metric.high) << metric.name;
    EXPECT_THAT(metrics_markdown(), HasSubstr("`" + std::string(metric.name) + "`"));
    EXPECT_NE(metric.prepare, nullptr);
  }
  EXPECT_THAT(check_metric_names({"bleuu"}, "--metrics").error().message, HasSubstr("did you mean bleu"));
  EXPECT_TRUE(need_outputs({"loss", "chrf"}));
  EXPECT_FALSE(need_outputs({"loss", "acc"}));
}

TEST(EvaluationPlan, ReadsASuiteAndNamesItsMistakes) {
  const auto read = [](const std::string& text) {
    return EvaluationPlan::read(*parse_yaml(text, "suite.yaml"), "folder");
  };
  const auto plan = read(
      "model: base\ntasks:\n- data: a.jsonl\n- {name: b, data: [a.jsonl, /c], metrics: [bleu], set: {most_tokens: "
      "4}}\n");
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->model, "folder/base");
  EXPECT_EQ(plan->adapter, "");
  EXPECT_EQ(plan->tasks[0].name, "a");
  EXPECT_EQ(plan->tasks[1].data, (std::vector<std::string>{"folder/a.jsonl", "/c"}));
  EXPECT_EQ(plan->tasks[1].set["most_tokens"], 4);
  for (const auto& [text, message] : std::vector<std::pair<std::string, std::string>>{
           {"tasks:\n- {data: a, metrics: blue}\n", "did you mean bleu"},
           {"tasks:\n- {data: a, metric: bleu}\n", "suite.yaml:2"},
           {"tasks:\n- {data: a}\n- {data: b/a}\n", "two tasks have the name a"},
           {"tasks: []\n", "there is no task"},
           {"tasks:\n- {data: []}\n", "no data are named"}}) {
    const auto refused = read(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message, HasSubstr(message));
  }
}

}  // namespace
}  // namespace pegbox
