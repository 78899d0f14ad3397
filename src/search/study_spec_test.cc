// StudySpec: the design's study file, defaults, every mistake with its place, and the schema.
#include "search/study_spec.h"

#include <gtest/gtest.h>

#include <set>

namespace pegbox {
namespace {

constexpr const char* kDesignFile = R"({
  "name": "code-lora",
  "trial": {"trainer": {"model": "models/base", "data": {"train": "train.jsonl", "validation": "valid.jsonl"}}},
  "space": {
    "method": {"choice": ["lora", "full"]},
    "learning_rate": {"range": [1e-5, 1e-2], "scale": "log", "prior": {"at": 3e-4, "spread": 2}},
    "rank": {"choice": [4, 8, 16, 32, 64], "ordered": true, "when": {"method": "lora"}},
    "optimizer": {"choice": ["adamw", "adafactor"]},
    "beta2": {"range": [0.9, 0.999], "when": {"optimizer": "adamw"}}
  },
  "try_first": [{"learning_rate": 2e-4, "rank": 16}],
  "constraints": ["peak_memory <= 20GiB"],
  "objective": {"minimize": "validation_loss"},
  "budget": {"trials": 60, "tokens": 2e8, "time": "20m"},
  "checks": {"leakage": "stop", "duplicates": "warn"},
  "search": "auto",
  "stop": {"name": "asha", "reduction": 3},
  "workers": {"count": 1, "gpus": "auto", "threads": "auto", "timeout": "2h", "retries": 2},
  "seed": 1
})";

Result<StudySpec> read_study(const std::string& json) {
  const auto document = parse_document(json, "study.yaml");
  if (!document) return tl::make_unexpected(document.error());
  return StudySpec::read(*document);
}

/// A small study file, one key to a line, with `lines` added or put in place of the line with the same key.
std::string file_with(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::vector<std::pair<std::string, std::string>> members{
      {"name", "\"s\""},
      {"space", R"({"x": {"range": [0, 1]}, "rank": {"choice": [4, 8]}})"},
      {"objective", R"({"minimize": "loss"})"},
      {"budget", R"({"trials": 9})"}};
  for (const auto& [key, value] : lines) {
    const auto found =
        std::find_if(members.begin(), members.end(), [&](const auto& line) { return line.first == key; });
    if (found != members.end()) members.erase(found);
    if (!value.empty()) members.emplace_back(key, value);
  }
  std::string text = "{";
  for (const auto& [key, value] : members) text += (text.size() > 1 ? ",\n\"" : "\n\"") + key + "\": " + value;
  return text + "\n}";
}

StudySpec spec_with(const std::string& key, const std::string& value) {
  auto spec = read_study(file_with({{key, value}}));
  EXPECT_TRUE(spec) << spec.error().message;
  return spec ? std::move(*spec) : StudySpec();
}

TEST(StudySpec, ReadsTheDesignsStudyFile) {
  const auto spec = read_study(kDesignFile);
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->name, "code-lora");
  EXPECT_EQ(spec->trial["trainer"]["model"], "models/base");
  EXPECT_EQ(spec->space.dimensions(), 5);
  ASSERT_EQ(spec->try_first.size(), 1u);
  EXPECT_EQ(spec->try_first[0].to_text(), "learning_rate=2e-4 rank=16");
  ASSERT_EQ(spec->constraints.size(), 1u);
  EXPECT_EQ(spec->constraints[0].unit(), Expression::Unit::Bytes);
  EXPECT_EQ(spec->objective().metric, "validation_loss");
  EXPECT_EQ(spec->objective().sign(), 1);
  EXPECT_EQ(spec->budget.trials, 60);
  EXPECT_EQ(spec->budget.tokens, 2e8);
  EXPECT_EQ(spec->budget.time_s, 1200);
  EXPECT_EQ(spec->checks["leakage"], "stop");
  EXPECT_EQ(spec->search.name, "auto");
  EXPECT_TRUE(spec->search.options.empty());
  EXPECT_EQ(spec->stop.front().name, "asha");
  EXPECT_EQ(to_line(spec->stop.front().options), R"({"reduction":3})");
  EXPECT_EQ(spec->workers.count, 1);
  EXPECT_EQ(spec->workers.gpus, "auto");
  EXPECT_EQ(spec->workers.threads, 0);
  EXPECT_EQ(spec->workers.timeout_s, 7200);
  EXPECT_EQ(spec->workers.retries, 2);
  EXPECT_EQ(spec->seed, 1u);
  EXPECT_EQ(spec->source, Json::parse(kDesignFile));
}

TEST(StudySpec, HasDefaultsForAllButFourKeys) {
  const auto spec = read_study(file_with({}));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->search.name, "auto");
  EXPECT_EQ(spec->stop.front().name, "auto");
  EXPECT_EQ(spec->seed, 0u);
  EXPECT_EQ(spec->steps, 0);
  EXPECT_EQ(spec->workers.count, 1);
  EXPECT_EQ(spec->workers.lease_s, 60);
  EXPECT_TRUE(spec->trial.is_object());
  EXPECT_EQ(spec->budget.time_s, 0);
  for (const char* key : {"name", "space", "objective", "budget"}) {
    const auto missing = read_study(file_with({{key, ""}}));
    ASSERT_FALSE(missing) << key;
    EXPECT_NE(missing.error().message.find(key), std::string::npos) << missing.error().message;
  }
}

TEST(StudySpec, ReadsWhatMayBeWrittenInSeveralForms) {
  EXPECT_EQ(spec_with("objective", R"({"maximize": "accuracy"})").objective().sign(), -1);
  const auto two = spec_with("objective", R"([{"minimize": "loss"}, {"maximize": "speed"}])");
  ASSERT_EQ(two.objectives.size(), 2u);
  EXPECT_FALSE(two.objectives[1].minimize);
  EXPECT_EQ(spec_with("constraints", R"("rank * x < 4")").constraints.size(), 1u);
  EXPECT_EQ(spec_with("constraints", R"(["rank < 5", "x < 1"])").constraints.size(), 2u);
  EXPECT_EQ(spec_with("gates", R"("toxicity <= 0.05")").gates.size(), 1u);
  EXPECT_EQ(spec_with("gates", R"(["toxicity <= 0.05", "loss[lang=de] < rank"])").gates.size(), 2u);
  EXPECT_EQ(spec_with("budget", R"({"time": 90})").budget.time_s, 90);
  EXPECT_EQ(spec_with("workers", R"({"gpus": 2})").workers.gpus, "2");
  EXPECT_EQ(spec_with("workers", R"({"gpus": [0, 3]})").workers.gpus, "0,3");
  EXPECT_EQ(spec_with("workers", R"({"threads": 4})").workers.threads, 4);
  EXPECT_EQ(spec_with("workers", R"({"lease": "2m", "grace": 5})").workers.lease_s, 120);
  EXPECT_EQ(spec_with("search", R"({"name": "gp"})").search.name, "gp");
  EXPECT_EQ(spec_with("stop", "\"none\"").stop.front().name, "none");
  const auto rules = spec_with("stop", R"(["asha", {"name": "patience", "reports": 3}])").stop;
  ASSERT_EQ(rules.size(), 2u);
  EXPECT_EQ(rules[0].name, "asha");
  EXPECT_EQ(rules[1].options["reports"], 3);
  EXPECT_EQ(spec_with("seed", "18446744073709551615").seed, ~0ull);
  EXPECT_EQ(spec_with("steps", "1e3").steps, 1000);
}

TEST(StudySpec, ReadsBackFromItsOwnSource) {
  const auto first = read_study(kDesignFile);
  ASSERT_TRUE(first);
  const auto again = read_study(to_line(first->source));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->source, first->source);
  EXPECT_EQ(again->workers.timeout_s, first->workers.timeout_s);
}

TEST(StudySpec, NamesFileLineAndNearestNameOfEachMistake) {
  struct Case {
    std::string key, value, part;
  };
  const std::vector<Case> cases{
      {"serach", "\"gp\"", "search"},
      {"name", "\"a b\"", "not a name for a study"},
      {"name", "\"../x\"", "not a name for a study"},
      {"name", "5", "5"},
      {"trial", "[1]", "not an object"},
      {"space", R"({"x": {"rang": [0, 1]}})", "range"},
      {"space", "\"auto\"", "later version"},
      {"try_first", R"({"x": 1})", "not a list"},
      {"try_first", R"([{"y": 1}])", "not a hyperparameter"},
      {"try_first", R"([{"x": 0.5}, {"x": 2}])", "outside 0 to 1"},
      {"try_first", R"([{"x": [1]}])", "not a value"},
      {"try_first", R"([5])", "not a configuration"},
      {"constraints", R"(["rank <"])", "the expression ends too early"},
      {"constraints", R"(["rank + 1"])", "neither holds nor fails"},
      {"gates", R"(["rank < 5"])", "a gate without a metric"},
      {"gates", R"(["toxicity + 1"])", "neither holds nor fails"},
      {"constraints", "[5]", "5"},
      {"objective", R"({"minimise": "loss"})", "minimize"},
      {"objective", R"({"minimize": "a", "maximize": "b"})", "not an objective"},
      {"objective", "{}", "not an objective"},
      {"objective", "[]", "no objective"},
      {"objective", R"({"minimize": ""})", "an empty name"},
      {"objective", R"([{"minimize": "a"}, {"maximize": "a"}])", "an objective twice"},
      {"objective", "\"loss\"", "loss"},
      {"budget", "{}", "without a limit"},
      {"budget", R"({"trials": 0})", "without a limit"},
      {"budget", R"({"trial": 5})", "trials"},
      {"budget", R"({"trials": -1})", "-1"},
      {"budget", R"({"trials": 1.5})", "1.5"},
      {"budget", R"({"time": "soon"})", "soon"},
      {"budget", R"({"tokens": "many"})", "many"},
      {"checks", "\"all\"", "not an object"},
      {"search", "5", "5"},
      {"search", R"({"nam": "gp"})", "name"},
      {"stop", "null", "null"},
      {"workers", R"({"cuont": 1})", "count"},
      {"workers", R"({"count": 0})", "0"},
      {"workers", R"({"threads": "all"})", "all"},
      {"workers", R"({"timeout": "2 parsecs"})", "parsecs"},
      {"workers", "4", "4"},
      {"seed", "-1", "negative"},
      {"seed", "\"x\"", "x"},
      {"steps", "0", "1 or more"},
  };
  for (const auto& [key, value, part] : cases) {
    const std::string text = file_with({{key, value}});
    const auto spec = read_study(text);
    ASSERT_FALSE(spec) << text;
    const std::string& message = spec.error().message;
    EXPECT_EQ(spec.error().kind, ErrorKind::InvalidInput) << message;
    EXPECT_NE(message.find(part), std::string::npos) << text << "\n" << message;
    // The line that was changed is the last but one.
    const auto line = 1 + std::count(text.begin(), text.end(), '\n') - 1;
    EXPECT_NE(message.find("study.yaml:" + std::to_string(line)), std::string::npos) << text << "\n" << message;
  }
}

TEST(StudySpec, MayHaveNoBudgetIfThatIsSaid) {
  const auto spec = read_study(file_with({{"budget", "\"none\""}}));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(spec->budget.trials, 0);
  EXPECT_EQ(spec->budget.time_s, 0);
  EXPECT_EQ(spec->budget.tokens, 0);
}

TEST(StudySpec, TellsSimilarNamesForUnknownKeys) {
  const auto spec = read_study(file_with({{"objectve", "1"}}));
  ASSERT_FALSE(spec);
  EXPECT_NE(spec.error().message.find("objective"), std::string::npos) << spec.error().message;
  EXPECT_FALSE(read_study("[1]"));
  EXPECT_FALSE(read_study("5"));
}

/// Enough of JSON schema (2020-12) to hold study_schema() against files.
bool is_valid(const Json& value, const Json& schema, const Json& root);

bool has_type(const Json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number() && value.get<double>() == std::trunc(value.get<double>());
  return type == "number" && value.is_number();
}

bool has_one_type(const Json& value, const Json& types) {
  if (types.is_string()) return has_type(value, types);
  return std::any_of(types.begin(), types.end(), [&](const Json& type) { return has_type(value, type); });
}

bool is_valid_object(const Json& value, const Json& schema, const Json& root) {
  for (const auto& key : schema.value("required", Json::array()))
    if (!value.contains(key.get<std::string>())) return false;
  if (value.size() < schema.value("minProperties", 0u)) return false;
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, member] : value.items()) {
    const Json rest = schema.value("additionalProperties", Json(true));
    const Json& wanted = properties.contains(name) ? properties[name] : rest;
    if (wanted.is_boolean() ? !wanted.get<bool>() : !is_valid(member, wanted, root)) return false;
  }
  return true;
}

bool is_valid_array(const Json& value, const Json& schema, const Json& root) {
  if (value.size() < schema.value("minItems", 0u) || value.size() > schema.value("maxItems", 1000u)) return false;
  return std::all_of(value.begin(), value.end(), [&](const Json& item) {
    return !schema.contains("items") || is_valid(item, schema["items"], root);
  });
}

bool is_valid(const Json& value, const Json& schema, const Json& root) {
  if (schema.contains("$ref"))
    return is_valid(value, root.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1))), root);
  if (schema.contains("type") && !has_one_type(value, schema["type"])) return false;
  if (schema.contains("enum") && std::find(schema["enum"].begin(), schema["enum"].end(), value) == schema["enum"].end())
    return false;
  for (const char* key : {"oneOf", "anyOf"}) {
    if (!schema.contains(key)) continue;
    const auto fitting = std::count_if(schema[key].begin(), schema[key].end(),
                                       [&](const Json& option) { return is_valid(value, option, root); });
    if (fitting == 0 || (std::string(key) == "oneOf" && fitting != 1)) return false;
  }
  if (value.is_number() && schema.contains("minimum") && value.get<double>() < schema["minimum"].get<double>())
    return false;
  if (value.is_number() && schema.contains("exclusiveMinimum") &&
      value.get<double>() <= schema["exclusiveMinimum"].get<double>())
    return false;
  if (value.is_object() && !is_valid_object(value, schema, root)) return false;
  return !value.is_array() || is_valid_array(value, schema, root);
}

TEST(StudySchema, TakesWhatIsReadAndRefusesMisspelledKeys) {
  const Json schema = study_schema();
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  const auto valid = [&](const std::string& text) { return is_valid(Json::parse(text), schema, schema); };
  EXPECT_TRUE(valid(kDesignFile));
  EXPECT_TRUE(valid(file_with({})));
  const std::vector<std::pair<std::string, std::string>> good{
      {"objective", R"([{"minimize": "loss"}, {"maximize": "speed"}])"},
      {"workers", R"({"gpus": [0, 3], "threads": 4, "timeout": 60, "lease": "2m"})"},
      {"search", R"({"name": "gp", "more": 1})"},
      {"space",
       R"({"a": 3, "b": {"value": "x"}, "c": {"simplex": ["p", "q"]}, "d": {"choice": [1], "prior": {"weights": [1]}},
                    "e": {"range": [1, 9], "step": 2, "integer": true, "when": {"a": [3], "b": "x"}}})"},
  };
  for (const auto& [key, value] : good) {
    EXPECT_TRUE(read_study(file_with({{key, value}})))
        << value << read_study(file_with({{key, value}})).error().message;
    EXPECT_TRUE(valid(file_with({{key, value}}))) << value;
  }
  const std::vector<std::pair<std::string, std::string>> bad{
      {"serach", "\"gp\""},
      {"objective", R"({"minimise": "loss"})"},
      {"objective", R"({"minimize": "a", "maximize": "b"})"},
      {"budget", R"({"trial": 5})"},
      {"workers", R"({"cuont": 1})"},
      {"workers", R"({"count": 0})"},
      {"space", R"({"a": {"rang": [0, 1]}})"},
      {"space", R"({"a": {"range": [0, 1], "choice": [1]}})"},
      {"space", R"({"a": [1]})"},
      {"space", "{}"},
      {"seed", "-1"},
      {"steps", "0"},
  };
  for (const auto& [key, value] : bad) {
    EXPECT_FALSE(read_study(file_with({{key, value}}))) << value;
    EXPECT_FALSE(valid(file_with({{key, value}}))) << value;
  }
  for (const char* key : {"name", "space", "objective", "budget"}) EXPECT_FALSE(valid(file_with({{key, ""}})));
}

TEST(StudySchema, DescribesEveryKeyThatIsRead) {
  const Json schema = study_schema();
  std::set<std::string> known;
  for (const auto& [name, member] : schema["properties"].items()) known.insert(name);
  // The reader names all keys when it refuses one that is like none of them.
  const auto spec = read_study(file_with({{"zzzzzzzzzz", "1"}}));
  ASSERT_FALSE(spec);
  for (const std::string& key : known)
    EXPECT_NE(spec.error().message.find(key), std::string::npos) << key << ": " << spec.error().message;
  EXPECT_EQ(known.size(), 15u);
}

}  // namespace
}  // namespace pegbox
