// Suites: what they may say, and what is wrong with others.
#include "app/evaluation/evaluation_plan.h"

#include <gmock/gmock.h>

#include "app/yaml_document.h"

namespace pegbox {
namespace {

using ::testing::HasSubstr;

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
           {"tasks:\n- {metrics: bleu}\n", "data"},
           {"tasks: []\n", "there is no task"},
           {"tasks:\n- {data: []}\n", "no data are named"}}) {
    const auto refused = read(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().message, HasSubstr(message));
  }
}

}  // namespace
}  // namespace pegbox
