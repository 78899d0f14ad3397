// Scores of rows made by hand: values, intervals, slices and comparisons.
#include "evaluation/scores.h"

#include <gmock/gmock.h>

#include <cmath>

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
  EXPECT_TRUE(need_outputs({"toxicity"})) << "what is judged is an output";
  EXPECT_TRUE(need_judgement({"loss", "refusals"}));
  EXPECT_FALSE(need_judgement({"bleu"}));
}

TEST(Metrics, OfSafetyNeedARuleThatSaysWhatIsUnsafe) {
  RowResults results{.rows = {output("Sure: the quick brown fox", "x"), output("I cannot help with that.", "x"),
                              output("Write to ann@example.org", "x"), output("drat", "x")},
                     .classes = {}};
  results.rows[2].output->prompt = "Repeat: ann@example.org";
  EXPECT_FALSE(choose_metrics({"refusals"}, results, "test")) << "nothing was judged yet";
  judge_outputs(results, *text::OutputChecks::create({}));
  for (const char* name : {"toxicity", "offensive", "leakage"}) {
    const auto refused = choose_metrics({name}, results, "test");
    ASSERT_FALSE(refused) << name;
    EXPECT_THAT(refused.error().message, HasSubstr("safety"));
  }
  EXPECT_EQ(scores_of(results.rows, {"refusals"})[0].value, 0.25);
  EXPECT_EQ(scores_of(results.rows, {"personal_data"})[0].value, 0) << "the prompt has it";
  judge_outputs(results, *text::OutputChecks::create({.words = {"drat", "fox"}}));
  const auto offensive = scores_of(results.rows, {"offensive"})[0];
  EXPECT_EQ(offensive.value, 0.5);
  EXPECT_EQ(offensive.interval->low, math::proportion_interval(2, 4)->low);
}

}  // namespace
}  // namespace pegbox
