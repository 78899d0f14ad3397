// Parameter: what each form of an entry means, and how each mistake is named.
#include "search/parameter.h"

#include <gtest/gtest.h>

namespace pegbox {
namespace {

/// An entry on line 3 of a file.
Result<Parameter> read_parameter(const std::string& json, const std::string& name = "rate") {
  const auto document = parse_document("{\n\"space\": {\n\"" + name + "\": " + json + "}}", "study.yaml");
  if (!document) return tl::make_unexpected(document.error());
  return Parameter::read(name, *document->root().at("space")->at(name));
}

std::string error_of_parameter(const std::string& json, const std::string& name = "rate") {
  const auto parameter = read_parameter(json, name);
  return parameter ? "no error" : parameter.error().message;
}

TEST(Parameter, ReadsRanges) {
  const auto rate =
      read_parameter(R"({"range": [1e-5, 1e-2], "scale": "log", "prior": {"at": 3e-4, "spread": 2, "source": "x"}})");
  ASSERT_TRUE(rate) << rate.error().message;
  EXPECT_EQ(rate->name, "rate");
  EXPECT_EQ(rate->kind, ParameterKind::Real);
  EXPECT_EQ(rate->low, 1e-5);
  EXPECT_EQ(rate->high, 1e-2);
  EXPECT_TRUE(rate->log_scale);
  EXPECT_EQ(rate->step, 0);
  EXPECT_EQ(rate->cardinality(), 0);
  EXPECT_EQ(rate->dimensions(), 1);
  EXPECT_EQ(rate->prior->at, Value(3e-4));
  EXPECT_EQ(rate->prior->spread, 2);
  EXPECT_EQ(rate->prior->source, "x");
  EXPECT_FALSE(read_parameter(R"({"range": [0, 1], "scale": "linear"})")->log_scale);
}

TEST(Parameter, IsAnIntegerOnlyWhereItSaysSoOrStepsByWholeNumbers) {
  const auto kind = [](const std::string& json) { return read_parameter(json)->kind; };
  EXPECT_EQ(kind(R"({"range": [1, 8]})"), ParameterKind::Real);
  EXPECT_EQ(kind(R"({"range": [1, 8], "integer": true})"), ParameterKind::Integer);
  EXPECT_EQ(kind(R"({"range": [1, 8], "step": 1})"), ParameterKind::Integer);
  EXPECT_EQ(kind(R"({"range": [1.0, 8], "step": 1})"), ParameterKind::Real);
  EXPECT_EQ(kind(R"({"range": [1, 8], "step": 1.0})"), ParameterKind::Real);
  EXPECT_EQ(kind(R"({"range": [1, 8], "step": 1, "integer": false})"), ParameterKind::Real);
  EXPECT_EQ(kind(R"({"range": [1e3, 8e3], "integer": true})"), ParameterKind::Integer);
  EXPECT_EQ(read_parameter(R"({"range": [1, 8], "integer": true})")->step, 1);
  EXPECT_EQ(read_parameter(R"({"range": [1, 8], "integer": true})")->cardinality(), 8);
  EXPECT_EQ(read_parameter(R"({"range": [64, 512], "step": 64})")->cardinality(), 8);
  EXPECT_EQ(read_parameter(R"({"range": [0, 1], "step": 0.3})")->cardinality(), 4);
}

TEST(Parameter, ReadsChoicesValuesAndSimplexes) {
  const auto method = read_parameter(R"({"choice": ["lora", "full"], "prior": {"weights": [3, 1]}})");
  EXPECT_EQ(method->kind, ParameterKind::Categorical);
  EXPECT_EQ(method->weights, (std::vector<double>{3, 1}));
  const auto rank = read_parameter(R"({"choice": [4, 8, 16], "ordered": true, "prior": {"at": 8, "spread": 1}})");
  EXPECT_EQ(rank->kind, ParameterKind::Ordered);
  EXPECT_EQ(rank->cardinality(), 3);
  EXPECT_EQ(rank->prior->at, Value(std::int64_t{8}));
  EXPECT_EQ(read_parameter(R"({"choice": [4, 8], "ordered": false})")->kind, ParameterKind::Categorical);
  for (const char* fixed : {R"({"value": 3})", "3"}) {
    EXPECT_EQ(read_parameter(fixed)->kind, ParameterKind::Fixed);
    EXPECT_EQ(read_parameter(fixed)->choices, std::vector<Value>{std::int64_t{3}});
    EXPECT_EQ(read_parameter(fixed)->dimensions(), 0);
    EXPECT_EQ(read_parameter(fixed)->cardinality(), 1);
  }
  EXPECT_EQ(read_parameter("true")->choices, std::vector<Value>{true});
  const auto mixture = read_parameter(R"({"simplex": ["books", "code", "web"]})");
  EXPECT_EQ(mixture->kind, ParameterKind::Simplex);
  EXPECT_EQ(mixture->config_names().front(), mixture->name + "." + mixture->components.front());
  EXPECT_EQ(mixture->config_names().size(), mixture->components.size());
  EXPECT_EQ(mixture->dimensions(), 2);
  EXPECT_EQ(mixture->cardinality(), 0);
}

TEST(Parameter, ReadsConditions) {
  const auto rank = read_parameter(R"({"range": [0, 1], "when": {"method": ["lora", "qlora"], "layers": 8}})");
  ASSERT_EQ(rank->when.size(), 2u);
  EXPECT_EQ(rank->when[0].parameter, "method");
  EXPECT_EQ(rank->when[0].values.size(), 2u);
  EXPECT_EQ(rank->when[1].values, std::vector<Value>{std::int64_t{8}});
}

TEST(Parameter, NamesEachMistakeWithItsPlace) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"range": [1, 1]})", "one value only"},
      {R"({"range": [2, 1]})", "the range is empty"},
      {R"({"range": [1]})", "two numbers"},
      {R"({"range": [1, 2, 3]})", "two numbers"},
      {R"({"range": 5})", "two numbers"},
      {R"({"range": ["a", 2]})", "number"},
      {R"({"range": [0, 1], "scale": "log"})", "cannot reach 0"},
      {R"({"range": [-1, 1], "scale": "log"})", "cannot reach 0"},
      {R"({"range": [0, 1], "scale": "lag"})", "did you mean log?"},
      {R"({"range": [0, 1], "scal": "log"})", "scale"},
      {R"({"range": [0, 1], "ordered": true})", "ordered"},
      {R"({"range": ["-inf", 1]})", "finite"},
      {R"({"range": [1e-200, 1], "scale": "log"})", "double precision"},
      {R"({"range": [1, 1.0000000000001]})", "12 digits"},
      {R"({"range": [0.5, 8], "integer": true})", "integer"},
      {R"({"range": [1, 8], "integer": true, "step": 0.5})", "integer"},
      {R"({"range": [1, 8], "step": 0})", "not positive"},
      {R"({"range": [1, 8], "step": 9})", "longer than the range"},
      {R"({"range": [0, 9e15], "integer": true})", "too many values"},
      {R"({"range": [1, 1e13], "integer": true, "scale": "log"})", "too fine for a log scale"},
      {R"({"range": [0, 1], "step": 1e-9})", "too fine for the bounds"},
      {R"({"choice": []})", "a list"},
      {R"({"choice": "a"})", "a list"},
      {R"({"choice": [1, 2, 1.0]})", "a choice twice"},
      {R"({"choice": [[1]]})", "not a value"},
      {R"({"choice": [1, 2], "orderd": true})", "ordered"},
      {R"({"choice": [1, 2], "prior": {"weights": [1]}})", "1 weights for 2 choices"},
      {R"({"choice": [1, 2], "prior": {"weights": [1, 0]}})", "not positive"},
      {R"({"choice": [1, 2], "prior": {"weights": [1, 2], "at": 1}})", "at"},
      {R"({"choice": [1, 2], "prior": {"at": 1, "spread": 1}})", "ordered: true"},
      {R"({"choice": [1, 2], "ordered": true, "prior": {"at": 3, "spread": 1}})", "none of 1, 2"},
      {R"({"range": [0, 1], "prior": {"at": 2, "spread": 1}})", "outside 0 to 1"},
      {R"({"range": [0, 1], "prior": {"at": 0.5, "spread": 0}})", "above 0"},
      {R"({"range": [1, 2], "scale": "log", "prior": {"at": 1.5, "spread": 1}})", "a factor above 1"},
      {R"({"range": [0, 1], "prior": {"at": 0.5}})", "spread"},
      {R"({"range": [0, 1], "prior": {"at": 0.5, "spred": 1}})", "spread"},
      {R"({"value": [1]})", "not a value"},
      {R"({"value": 1, "prior": {}})", "prior"},
      {R"({"value": 1, "choice": [1]})", "exactly one of"},
      {R"({"scale": "log"})", "exactly one of"},
      {R"({"rang": [0, 1]})", "range"},
      {"[1, 2]", "choice: [...]"},
      {"null", "not a hyperparameter"},
      {R"({"simplex": ["a"]})", "2 to 32"},
      {R"({"simplex": ["a", "a"]})", "twice"},
      {R"({"simplex": ["a", "b c"]})", "not a name"},
      {R"({"simplex": "a"})", "list of names"},
      {R"({"value": 1, "when": {}})", "not a condition"},
      {R"({"value": 1, "when": "method"})", "not a condition"},
      {R"({"value": 1, "when": {"method": []}})", "list of values"},
  };
  for (const auto& [json, part] : cases) {
    const std::string message = error_of_parameter(json);
    EXPECT_NE(message.find(part), std::string::npos) << json << "\n  " << message;
    EXPECT_NE(message.find("study.yaml:3"), std::string::npos) << json << "\n  " << message;
    EXPECT_NE(message.find("rate"), std::string::npos) << json << "\n  " << message;
  }
}

TEST(Parameter, RefusesNamesThatNothingCanWrite) {
  for (const char* name : {"1st", " x", "a b", "x=y", "-x", "\xc3\xa9"})
    EXPECT_NE(error_of_parameter("1", name).find("not a name"), std::string::npos) << name;
  for (const char* name : {"learning_rate", "optimizer.beta2", "_x", "lr-1", "model/lr"})
    EXPECT_TRUE(read_parameter("1", name)) << name;
}

TEST(Parameter, SaysWhyAValueIsNone) {
  const auto why = [](const std::string& json, const Value& value) { return read_parameter(json)->why_not(value); };
  EXPECT_EQ(why(R"({"range": [0, 1]})", 0.123456789012345678), "");
  EXPECT_EQ(why(R"({"range": [0, 1]})", std::int64_t{1}), "");
  EXPECT_EQ(why(R"({"range": [0, 1]})", std::string("0.5")), "it is not a number");
  EXPECT_EQ(why(R"({"range": [0, 1]})", true), "it is not a number");
  EXPECT_EQ(why(R"({"range": [0, 1]})", std::nan("")), "it is outside 0 to 1");
  EXPECT_EQ(why(R"({"range": [1, 8], "integer": true})", 8.0), "");
  EXPECT_EQ(why(R"({"range": [1, 8], "integer": true})", 2.5), "it is not an integer");
  EXPECT_EQ(why(R"({"range": [0, 1], "step": 0.1})", 0.30000000000000004), "");
  EXPECT_EQ(why(R"({"range": [0, 1], "step": 0.1})", 0.25).find("it is not a whole number of steps"), 0u);
  EXPECT_EQ(why(R"({"choice": ["a", "b"]})", std::string("c")), "it is none of a, b");
  EXPECT_EQ(why(R"({"choice": [1, 2]})", 2.0), "");
  EXPECT_EQ(why("3", std::int64_t{4}), "its value is fixed to 3");
}

TEST(Parameter, ChecksWhatWasMadeByHandAlike) {
  Parameter parameter;
  parameter.name = "x";
  EXPECT_TRUE(parameter.check("here"));
  parameter.kind = ParameterKind::Categorical;
  EXPECT_FALSE(parameter.check("here"));
  parameter.choices = {1.0, std::nan("")};
  EXPECT_FALSE(parameter.check("here"));
  parameter.choices = {1.0, 2.0};
  EXPECT_TRUE(parameter.check("here"));
  parameter.weights = {1};
  EXPECT_FALSE(parameter.check("here"));
  parameter.weights = {};
  parameter.prior = Prior{1.0, 1, ""};
  const auto result = parameter.check("here");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::InvalidInput);
  EXPECT_NE(result.error().message.find("[here]"), std::string::npos) << result.error().message;
}

}  // namespace
}  // namespace pegbox
