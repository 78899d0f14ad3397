// Space: conditions, the transform on chosen spaces, completing what a person gave, counting.
#include "search/space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace pegbox {
namespace {

Result<Space> read_space(const std::string& json) {
  const auto document = parse_document("{\"space\":\n" + json + "}", "study.yaml");
  if (!document) return tl::make_unexpected(document.error());
  return Space::read(*document->root().at("space"));
}

Space space_of(const std::string& json) {
  auto space = read_space(json);
  EXPECT_TRUE(space) << space.error().message;
  return space ? std::move(*space) : Space();
}

constexpr const char* kDesignSpace = R"({
  "method": {"choice": ["lora", "full"]},
  "learning_rate": {"range": [1e-5, 1e-2], "scale": "log", "prior": {"at": 3e-4, "spread": 2}},
  "rank": {"choice": [4, 8, 16, 32, 64], "ordered": true, "when": {"method": "lora"}},
  "optimizer": {"choice": ["adamw", "adafactor"]},
  "beta2": {"range": [0.9, 0.999], "when": {"optimizer": "adamw"}}
})";

std::string space_error(const std::string& json) {
  const auto space = read_space(json);
  return space ? "no error" : space.error().message;
}

TEST(Space, ReadsTheDesignsExample) {
  const Space space = space_of(kDesignSpace);
  EXPECT_EQ(space.dimensions(), 5);
  EXPECT_EQ(space.axes()[1].kind, AxisKind::Continuous);
  EXPECT_EQ(space.axes()[1].levels, 0);
  EXPECT_EQ(space.axes()[2].kind, AxisKind::Ordered);
  EXPECT_EQ(space.axes()[2].levels, 5);
  EXPECT_TRUE(space.axes()[2].conditional);
  EXPECT_FALSE(space.axes()[0].conditional);
  EXPECT_TRUE(space.has_prior());
  EXPECT_EQ(space.cardinality(), 0);
  EXPECT_EQ(space.find("rank")->choices.size(), 5u);
  EXPECT_EQ(space.find("ranks"), nullptr);
}

TEST(Space, LeavesInactiveHyperparametersOut) {
  const Space space = space_of(kDesignSpace);
  const std::vector<double> lora{0.2, 0.5, 0.5, 0.9, 0.5}, full{0.7, 0.5, 0.5, 0.1, 0.5};
  EXPECT_EQ(space.from_unit(lora).to_text(), "method=lora learning_rate=3.16227766017e-4 rank=16 optimizer=adafactor");
  EXPECT_EQ(space.from_unit(full).to_text(), "method=full learning_rate=3.16227766017e-4 optimizer=adamw beta2=0.9495");
  const UnitPoint point = space.to_unit(space.from_unit(full));
  EXPECT_EQ(point.active, (std::vector<bool>{true, true, false, true, true}));
  EXPECT_EQ(point.at[2], 0.5);
  EXPECT_EQ(point.at[0], 0.75);
}

TEST(Space, FollowsChainsOfConditionsInAnyOrderOfTheFile) {
  const Space space = space_of(R"({
    "c": {"range": [0, 1], "when": {"b": 2}},
    "b": {"choice": [1, 2], "when": {"a": true}},
    "a": {"choice": [true, false]}
  })");
  EXPECT_EQ(space.from_unit(std::vector<double>{0.5, 0.9, 0.1}).to_text(), "c=0.5 b=2 a=true");
  EXPECT_EQ(space.from_unit(std::vector<double>{0.5, 0.1, 0.1}).to_text(), "b=1 a=true");
  EXPECT_EQ(space.from_unit(std::vector<double>{0.5, 0.9, 0.9}).to_text(), "a=false");
}

TEST(Space, RefusesConditionsThatCannotBeMet) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {R"({"a": {"value": 1, "when": {"b": 1}}, "b": {"value": 1, "when": {"a": 1}}})", "in a circle"},
      {R"({"a": {"choice": [1, 2], "when": {"a": 1}}})", "in a circle"},
      {R"({"method": {"choice": ["x"]}, "a": {"value": 1, "when": {"metod": "x"}}})", "did you mean method?"},
      {R"({"method": {"choice": ["x"]}, "a": {"value": 1, "when": {"method": "y"}}})", "none of x"},
      {R"({"b": {"range": [1, 4], "integer": true}, "a": {"value": 1, "when": {"b": [2, 5]}}})", "outside 1 to 4"},
      {R"({"b": {"range": [1, 4]}, "a": {"value": 1, "when": {"b": 2}}})", "countable values"},
      {R"({"b": {"simplex": ["x", "y"]}, "a": {"value": 1, "when": {"b": 2}}})", "countable values"},
  };
  for (const auto& [json, part] : cases) {
    EXPECT_NE(space_error(json).find(part), std::string::npos) << json << "\n" << space_error(json);
    EXPECT_NE(space_error(json).find("study.yaml:2 space."), std::string::npos) << space_error(json);
  }
}

TEST(Space, RefusesEmptyAndAutomaticSpacesAndNamesTwice) {
  EXPECT_NE(space_error("\"auto\"").find("space: auto arrives with a later version"), std::string::npos);
  EXPECT_NE(space_error("{}").find("no hyperparameters"), std::string::npos);
  EXPECT_NE(space_error("[1]").find("no hyperparameters"), std::string::npos);
  EXPECT_NE(space_error(R"({"m": {"simplex": ["a", "b"]}, "m.a": 1})").find("the name is taken"), std::string::npos);
  Parameter x;
  x.name = "x";
  EXPECT_FALSE(Space::create({x, x}));
  x.high = x.low;
  EXPECT_FALSE(Space::create({x}));
}

TEST(Space, NamesMixtureWeights) {
  const Space space = space_of(R"({"mixture": {"simplex": ["books", "code", "web"]}, "x": {"range": [0, 1]}})");
  EXPECT_EQ(space.dimensions(), 3);
  const Config config = space.from_unit(std::vector<double>{0.25, 0.5, 0.75});
  EXPECT_EQ(config.to_text(), "mixture.books=0.5 mixture.code=0.25 mixture.web=0.25 x=0.75");
  EXPECT_TRUE(space.contains(config));
}

TEST(Space, TakesConfigurationsOfAnotherSpaceAsWellAsItCan) {
  const Space space = space_of(kDesignSpace);
  const Config foreign{
      {"method", std::string("lora")}, {"learning_rate", 5.0}, {"rank", std::int64_t{7}}, {"new", 1.0}};
  const UnitPoint point = space.to_unit(foreign);
  EXPECT_EQ(point.at[1], 1);
  EXPECT_EQ(point.active, (std::vector<bool>{true, true, false, false, false}));
  EXPECT_FALSE(space.contains(foreign));
  EXPECT_FALSE(space.contains(Config{}));
  EXPECT_TRUE(space.contains(space.from_unit(point.at)));
  const Config inactive{{"method", std::string("full")}, {"rank", std::int64_t{8}}};
  EXPECT_FALSE(space.to_unit(inactive).active[2]);
  EXPECT_EQ(space.to_unit(inactive).at[2], 0.5);
}

Result<Config> complete(const Space& space, const Config& given, std::uint64_t trial = 0) {
  Rng rng({1, stream_id("complete"), trial});
  return space.complete(given, "try_first", rng);
}

TEST(Space, CompletesAConfigurationAndDrawsTheRest) {
  const Space space = space_of(kDesignSpace);
  std::set<std::string> drawn;
  for (std::uint64_t trial = 0; trial < 50; ++trial) {
    const auto config = complete(space, Config{{"learning_rate", 2e-4}, {"rank", 16.0}}, trial);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_TRUE(space.contains(*config)) << config->to_text();
    EXPECT_EQ(*config->find("learning_rate"), Value(2e-4));
    EXPECT_EQ(*config->find("rank"), Value(std::int64_t{16})) << "as the space writes it";
    EXPECT_EQ(*config->find("method"), Value(std::string("lora"))) << "rank needs it";
    EXPECT_EQ(space.from_unit(space.to_unit(*config).at), *config);
    drawn.insert(config->to_text());
  }
  EXPECT_GT(drawn.size(), 20u);
  EXPECT_EQ(*complete(space, Config{}, 3), *complete(space, Config{}, 3));
}

TEST(Space, DrawsParentsOfWhatWasGivenThroughChains) {
  const Space space = space_of(R"({
    "c": {"range": [0, 1], "when": {"b": [5, 17]}},
    "d": {"range": [0, 1], "when": {"b": [17, 900]}},
    "b": {"range": [1, 1000], "integer": true, "when": {"a": true}},
    "a": {"choice": [true, false], "prior": {"weights": [0.001, 1]}}
  })");
  std::set<std::int64_t> seen;
  for (std::uint64_t trial = 0; trial < 200; ++trial) {
    const auto config = complete(space, Config{{"c", 0.25}}, trial);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_TRUE(space.contains(*config));
    EXPECT_EQ(*config->find("a"), Value(true));
    seen.insert(std::get<std::int64_t>(*config->find("b")));
    EXPECT_EQ(*complete(space, Config{{"c", 0.25}, {"d", 0.5}}, trial)->find("b"), Value(std::int64_t{17}));
  }
  for (const std::int64_t b : seen) EXPECT_TRUE(b == 5 || b == 17) << b;
  EXPECT_FALSE(complete(space, Config{{"c", 0.25}, {"a", false}}));
  EXPECT_FALSE(complete(space, Config{{"c", 0.25}, {"b", std::int64_t{6}}}));
}

TEST(Space, DrawsAsManyNumbersWhateverWasGiven) {
  const Space space = space_of(kDesignSpace);
  Rng some({1}), all({1});
  ASSERT_TRUE(space.complete(Config{}, "", some));
  ASSERT_TRUE(space.complete(Config{{"rank", std::int64_t{8}}, {"learning_rate", 1e-3}}, "", all));
  EXPECT_EQ(some.position(), all.position());
}

TEST(Space, RefusesWhatDoesNotFitByName) {
  const Space space = space_of(R"({"method": {"choice": ["lora", "full"]}, "rank": {"choice": [4, 8], "when":
    {"method": "lora"}}, "layers": {"range": [1, 8], "integer": true}, "m": {"simplex": ["a", "b"]}, "n": 3})");
  const std::vector<std::pair<Config, std::string>> cases{
      {{{"metod", std::string("lora")}}, "did you mean method?"},
      {{{"method", std::string("qlora")}}, "none of lora, full"},
      {{{"layers", 2.5}}, "not an integer"},
      {{{"layers", std::string("2")}}, "not a number"},
      {{{"layers", std::int64_t{9}}}, "outside 1 to 8"},
      {{{"method", std::string("full")}, {"rank", std::int64_t{4}}}, "expected method = lora"},
      {{{"m", 1.0}}, "not a hyperparameter"},
      {{{"m.a", 0.5}}, "the weight of b is missing"},
      {{{"m.a", 0.5}, {"m.b", 0.4}}, "do not sum to 1"},
      {{{"m.a", 1.5}, {"m.b", -0.5}}, "not a weight"},
      {{{"n", std::int64_t{4}}}, "fixed to 3"},
  };
  for (const auto& [config, part] : cases) {
    const auto completed = complete(space, config);
    ASSERT_FALSE(completed) << completed->to_text();
    EXPECT_EQ(completed.error().kind, ErrorKind::InvalidInput);
    EXPECT_NE(completed.error().message.find(part), std::string::npos) << completed.error().message;
    EXPECT_NE(completed.error().message.find("[try_first]"), std::string::npos) << completed.error().message;
  }
  const auto kept = complete(space, Config{{"m.a", 1.0 / 3}, {"m.b", 2.0 / 3}, {"layers", 2.0}, {"n", 3.0}});
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(*kept->find("layers"), Value(std::int64_t{2}));
  EXPECT_EQ(*kept->find("n"), Value(std::int64_t{3}));
  EXPECT_EQ(*kept->find("m.a"), Value(0.333333333));
}

TEST(Space, DrawsMissingValuesFromThePrior) {
  const Space space =
      space_of(R"({"rate": {"range": [1e-5, 1e-1], "scale": "log", "prior": {"at": 1e-3, "spread": 2}}})");
  double sum = 0, squares = 0;
  constexpr int kTrials = 4000;
  for (std::uint64_t trial = 0; trial < kTrials; ++trial) {
    const double log = std::log2(as_number(*complete(space, Config{}, trial)->find("rate")) / 1e-3);
    sum += log;
    squares += log * log;
  }
  EXPECT_NEAR(sum / kTrials, 0, 0.08);
  EXPECT_NEAR(squares / kTrials, 1, 0.12);
}

TEST(Space, CountsItsConfigurations) {
  const auto count = [](const std::string& json) { return space_of(json).cardinality(); };
  EXPECT_EQ(count(R"({"a": {"choice": [1, 2, 3]}, "b": {"range": [1, 4], "integer": true}, "c": 7})"), 12);
  EXPECT_EQ(count(R"({"m": {"choice": ["x", "y"]}, "r": {"choice": [1, 2, 3], "when": {"m": "x"}}})"), 4);
  EXPECT_EQ(count(R"({"m": {"choice": ["x", "y"]}, "r": {"range": [0, 1], "when": {"m": "x"}}})"), 0);
  EXPECT_EQ(count(R"({"m": {"simplex": ["x", "y"]}})"), 0);
  EXPECT_EQ(count(R"({"a": {"range": [0, 999999999], "integer": true}, "b": {"range": [1, 1000000], "step": 1}})"),
            1'000'000'000'000'000);
  EXPECT_EQ(count(R"({"a": {"range": [0, 999999999], "integer": true}, "b": {"range": [1, 1000001], "step": 1}})"), 0);
}

TEST(Space, WithoutPriorsLeavesCoordinatesAlone) {
  const Space space = space_of(R"({"a": {"range": [0, 1]}, "m": {"simplex": ["x", "y", "z"]}})");
  std::vector<double> at{0.1, 0.2, 0.3};
  space.apply_prior(at);
  EXPECT_EQ(at, (std::vector<double>{0.1, 0.2, 0.3}));
  EXPECT_FALSE(space.has_prior());
  EXPECT_EQ(space.log_prior({at, {true, true, true}}), 0);
}

}  // namespace
}  // namespace pegbox
