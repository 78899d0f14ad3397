// Constraints: before a trial over hyperparameters, limits and described values; after it over metrics.
#include "search/constraints.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pegbox {
namespace {

Space test_space() {
  const auto document = parse_document(R"({"space": {
    "method": {"choice": ["lora", "full"]},
    "rank": {"choice": [4, 8, 16], "when": {"method": "lora"}},
    "width": {"range": [64, 512], "step": 64},
    "mixture": {"simplex": ["a", "b"]}
  }})",
                                       "study.yaml");
  return *Space::read(*document->root().at("space"));
}

Constraints constraints_of(const std::vector<std::string>& texts) {
  std::vector<Expression> expressions;
  for (const std::string& text : texts) expressions.push_back(*Expression::parse(text, "test"));
  return Constraints(std::move(expressions), test_space());
}

Config lora(std::int64_t rank, std::int64_t width = 128) {
  return {{"method", std::string("lora")}, {"rank", rank}, {"width", width}, {"mixture.a", 0.25}, {"mixture.b", 0.75}};
}
Config full() { return {{"method", std::string("full")}, {"width", std::int64_t{128}}}; }

/// The violated constraint, "" if none is, "error" with its message.
std::string violated(const Constraints& constraints, const Config& config) {
  const auto result = constraints.violated(config);
  if (!result) return "error " + result.error().message;
  return result->value_or("");
}
std::string violated_by(const Constraints& constraints, const Config& config, const Metrics& metrics) {
  const auto result = constraints.violated_by(config, metrics);
  if (!result) return "error " + result.error().message;
  return result->value_or("");
}

TEST(Constraints, NamesTheFirstThatDoesNotHoldWithItsNumbers) {
  const Constraints constraints = constraints_of({"rank <= 8", "48 divides width", "mixture.a < 0.5"});
  EXPECT_EQ(violated(constraints, lora(16)), "rank <= 8 (rank = 16)");
  EXPECT_EQ(violated(constraints, lora(8)), "48 divides width (width = 128)");
  EXPECT_EQ(violated(constraints, lora(8, 192)), "");
  EXPECT_EQ(violated(Constraints(), lora(8)), "");
}

Constraints gates_of(const std::vector<std::string>& texts, const std::vector<std::string>& constraints = {}) {
  std::vector<Expression> gates;
  for (const std::string& text : texts) gates.push_back(*Expression::parse(text, "test"));
  std::vector<Expression> expressions;
  for (const std::string& text : constraints) expressions.push_back(*Expression::parse(text, "test"));
  return Constraints(std::move(expressions), test_space(), std::move(gates));
}

TEST(Constraints, GatesAreOfWhatWasMeasuredWhateverLimitsForetell) {
  Constraints gates = gates_of({"peak_memory <= 20GiB"});
  ASSERT_TRUE(gates.describe(Json::object(), {{"peak_memory", "rank * 10GiB"}}));
  EXPECT_EQ(violated(gates, lora(16)), "") << "a gate keeps nothing from being tried";
  EXPECT_EQ(violated_by(gates, lora(16), {{"peak_memory", 10.0 * (1 << 30)}}), "") << "the limit would say 160 GiB";
  EXPECT_EQ(violated_by(gates, lora(4), {{"peak_memory", 30.0 * (1 << 30)}}),
            "peak_memory <= 20GiB (peak_memory = 30 GiB)");
  EXPECT_EQ(violated_by(gates, lora(4), {}), "peak_memory <= 20GiB (peak_memory was not reported)");
}

TEST(Constraints, NameEveryGateThatDoesNotHold) {
  const Constraints gates = gates_of(
      {"toxicity <= 0.05", "leakage <= 0", "validation_loss[lang=de] <= 3", "rank < 8 or loss < 1"}, {"speed > 9"});
  const auto violations = gates.violations_by(
      lora(8), {{"toxicity", 0.25}, {"leakage", 0}, {"validation_loss[lang=de]", 3.5}, {"loss", 2}, {"speed", 1}});
  ASSERT_TRUE(violations) << violations.error().message;
  EXPECT_EQ(*violations, (std::vector<std::string>{"speed > 9 (speed = 1)", "toxicity <= 0.05 (toxicity = 0.25)",
                                                   "validation_loss[lang=de] <= 3 (validation_loss[lang=de] = 3.5)",
                                                   "rank < 8 or loss < 1 (loss = 2, rank = 8)"}));
  EXPECT_EQ(gates.gate_metrics(), (std::set<std::string>{"toxicity", "leakage", "validation_loss[lang=de]", "loss"}));
  EXPECT_EQ(violated_by(gates_of({"loss <= 3"}), full(), {{"loss", NAN}}), "loss <= 3 (loss = nan)");
}

TEST(Constraints, HoldForAnInactiveHyperparameter) {
  EXPECT_EQ(violated(constraints_of({"rank < 2"}), full()), "");
  EXPECT_EQ(violated(constraints_of({"method == 'lora' or width < 100"}), full()),
            "method == 'lora' or width < 100 (method = full, width = 128)");
}

TEST(Constraints, EvaluateLimitsAndDescribedValues) {
  Constraints constraints = constraints_of({"peak_memory <= 20GiB", "duration < 1h", "parameters < 1e9"});
  EXPECT_EQ(violated(constraints, lora(16)), "") << "not described yet: about metrics";
  ASSERT_TRUE(constraints.describe(
      Json::parse(R"({"parameters": 2e9, "model": {"layers": 6}, "names": ["x"], "none": null, "rank": 64})"),
      {{"peak_memory", "base + rank * 2GiB"}, {"base", "model.layers * 1GiB"}, {"duration", "width * 1m"}}));
  EXPECT_EQ(violated(constraints, lora(16, 64)), "peak_memory <= 20GiB (peak_memory = 38 GiB)");
  EXPECT_EQ(violated(constraints, lora(4, 64)), "duration < 1h (duration = 1 h 4 m)");
  ASSERT_TRUE(constraints.describe(Json::parse(R"({"parameters": 2e9})"), {}));
  EXPECT_EQ(violated(constraints, lora(16)), "parameters < 1e9 (parameters = 2e+09)")
      << "what was described is replaced";
}

TEST(Constraints, TakeTheDescribedValueForAnInactiveHyperparameterInLimitsOnly) {
  Constraints constraints = constraints_of({"memory <= 10", "rank < 32"});
  ASSERT_TRUE(constraints.describe(Json::parse(R"({"rank": 64})"), {{"memory", "rank / 4"}}));
  EXPECT_EQ(violated(constraints, full()), "memory <= 10 (memory = 16)");
  Constraints without_limit = constraints_of({"rank < 32"});
  ASSERT_TRUE(without_limit.describe(Json::parse(R"({"rank": 64})"), {}));
  EXPECT_EQ(violated(without_limit, full()), "");
  EXPECT_EQ(violated(constraints, lora(16)), "");
  ASSERT_TRUE(constraints.describe(Json::object(), {{"memory", "rank / 4"}}));
  EXPECT_EQ(violated(constraints, full()), "") << "a limit on an inactive hyperparameter holds";
}

TEST(Constraints, PreferHyperparametersToLimitsToDescribedValues) {
  Constraints constraints = constraints_of({"width == 128", "memory == 1"});
  ASSERT_TRUE(constraints.describe(Json::parse(R"({"width": 5, "memory": 2})"), {{"width", "7"}, {"memory", "1"}}));
  EXPECT_EQ(violated(constraints, lora(4)), "");
}

TEST(Constraints, RefuseLimitsThatCannotBeEvaluatedAndKeepTheOldOnes) {
  Constraints constraints = constraints_of({"memory <= 10"});
  ASSERT_TRUE(constraints.describe(Json::object(), {{"memory", "rank"}}));
  const std::vector<std::pair<std::map<std::string, std::string>, std::string>> cases{
      {{{"memory", "rank +"}}, "ends too early"},
      {{{"memory", "rnk * 2"}}, "an unknown name; got rnk"},
      {{{"memory", "memory + 1"}}, "in a circle"},
      {{{"memory", "other"}, {"other", "memory"}}, "in a circle"},
  };
  for (const auto& [limits, part] : cases) {
    const auto result = constraints.describe(Json::object(), limits);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::InvalidInput);
    EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
    EXPECT_NE(result.error().message.find("[limit "), std::string::npos) << result.error().message;
  }
  EXPECT_EQ(violated(constraints, lora(16)), "memory <= 10 (memory = 16)");
}

TEST(Constraints, AboutMetricsWaitForTheTrial) {
  const Constraints constraints = constraints_of({"latency < 30ms", "accuracy > rank / 10"});
  EXPECT_EQ(violated(constraints, lora(4)), "");
  EXPECT_EQ(violated_by(constraints, lora(4), {{"latency", 0.02}, {"accuracy", 0.9}}), "");
  EXPECT_EQ(violated_by(constraints, lora(4), {{"latency", 0.25}, {"accuracy", 0.9}}),
            "latency < 30ms (latency = 250 ms)");
  EXPECT_EQ(violated_by(constraints, lora(16), {{"latency", 0.02}, {"accuracy", 0.9}}),
            "accuracy > rank / 10 (accuracy = 0.9, rank = 16)");
  EXPECT_EQ(violated_by(constraints, lora(4), {{"latency", 0.02}}), "accuracy > rank / 10 (accuracy was not reported)");
  EXPECT_EQ(violated_by(constraints, full(), {{"latency", 0.02}, {"accuracy", 0.9}}), "") << "rank is inactive";
  EXPECT_NE(violated_by(constraints, lora(4), {{"latency", std::nan("")}, {"accuracy", 0.9}}), "");
  EXPECT_EQ(violated_by(constraints_of({"rank < 2"}), lora(4), {}), "") << "not about a metric";
}

TEST(Constraints, PassFaultsOn) {
  Constraints constraints = constraints_of({"width / (rank - 4) > 1"});
  EXPECT_NE(violated(constraints, lora(4)).find("a division by zero"), std::string::npos);
  EXPECT_NE(violated(constraints_of({"method"}), lora(4)).find("the constraint is a text"), std::string::npos);
  constraints = constraints_of({"memory < 1"});
  ASSERT_TRUE(constraints.describe(Json::object(), {{"memory", "method + 1"}}));
  EXPECT_NE(violated(constraints, lora(4)).find("a text where a number is needed"), std::string::npos);
}

}  // namespace
}  // namespace pegbox
