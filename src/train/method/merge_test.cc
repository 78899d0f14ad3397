// Tests of merging: the rules on a few numbers, adapters of several ranks and layers as one, and what is refused.
#include "train/method/merge.h"

#include <gmock/gmock.h>

#include <cmath>

#include "train/method/adapter_files.h"
#include "train/method/lora.h"
#include "train/method/merge_rule.h"
#include "train/named_numbers.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::must;

std::vector<float> merged(const std::string& rule, const std::vector<std::vector<float>>& tensors,
                          const std::vector<double>& weights, const MergeOptions& options = {}) {
  std::vector<WeightedTensor> all;
  for (std::size_t i = 0; i < tensors.size(); ++i) all.push_back({at::tensor(tensors[i]), weights[i], {7, 1, i}});
  const Tensor result = merge_tensors(all, merge_rule(rule), options).contiguous();
  return {result.const_data_ptr<float>(), result.const_data_ptr<float>() + result.numel()};
}

TEST(MergeRule, LinearIsTheWeightedSum) {
  EXPECT_THAT(merged("linear", {{1, 2}, {10, -20}}, {0.5, 0.25}), ElementsAre(3, -4));
}

TEST(MergeRule, MagnitudePruneKeepsTheLargestValuesOfEach) {
  EXPECT_THAT(merged("magnitude_prune", {{1, -4, 2, 3}, {8, 0, 0, -9}}, {1, 1}), ElementsAre(8, -4, 0, -6));
}

/// By hand: of each the two largest values, {0, -4, 0, 3} and {8, 6, 0, 0} and {0, -5, 1, 0}; signs of the sums are +,
/// -, + and +; means over those that have the sign.
TEST(MergeRule, TiesIsTheMeanOverThoseThatHaveThePrevailingSign) {
  const std::vector<std::vector<float>> values{{1, -4, 2, 3}, {8, 6, 0.5, 0.5}, {0, -5, 1, 0}};
  EXPECT_THAT(merged("ties", values, {1, 1, 1}), ElementsAre(8, -4.5, 1, 3));
  EXPECT_THAT(merged("ties", values, {1, 10, 3}), ElementsAre(80, -9.5, 3, 3));
}

TEST(MergeRule, TiesMayCountSignsInsteadOfAddingValues) {
  const std::vector<std::vector<float>> values{{9, 1}, {-1, 1}, {-2, 1}};
  EXPECT_THAT(merged("ties", values, {1, 1, 1}, {.density = 1}), ElementsAre(9, 1));
  EXPECT_THAT(merged("ties", values, {1, 1, 1}, {.density = 1, .counts_signs = true}), ElementsAre(-1.5, 1));
}

TEST(MergeRule, DareKeepsAPartOfTheValuesAndTheirSumInTheMean) {
  const std::vector<float> ones(20'000, 1.0f);
  const auto first = merged("dare_linear", {ones}, {1}, {.density = 0.25});
  double sum = 0;
  std::size_t kept = 0;
  for (const float value : first) {
    sum += value;
    kept += value != 0;
    EXPECT_TRUE(value == 0 || value == 4);
  }
  EXPECT_NEAR(static_cast<double>(kept) / 20'000, 0.25, 0.02);  // six standard deviations
  EXPECT_NEAR(sum / 20'000, 1, 0.08);
  EXPECT_EQ(first, merged("dare_linear", {ones}, {1}, {.density = 0.25}));
  const auto both = merged("dare_linear", {ones, ones}, {1, 1}, {.density = 0.25});
  EXPECT_GT(std::ranges::count(both, 4.0f), 5'000) << "masks of two adapters are alike";
}

TEST(MergeRule, AtFullDensityNothingIsThinned) {
  const std::vector<std::vector<float>> values{{1, -4, 2}, {3, 5, -6}};
  for (const char* rule : {"magnitude_prune", "dare_linear"})
    EXPECT_EQ(merged(rule, values, {0.5, 2}, {.density = 1}), merged("linear", values, {0.5, 2})) << rule;
  EXPECT_EQ(merged("dare_ties", values, {0.5, 2}, {.density = 1}), merged("ties", values, {0.5, 2}, {.density = 1}));
}

/// Adapters of random values on one base.
class Merge : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const Json& fields) {
    Json all = {{"method", "lora"}, {"rank", 3}, {"scale", 2}};
    if (fields.is_object()) all.update(fields);
    const auto method = must(make_method(must(read_train_config(Json::object(), all, "test")), model_));
    Tensors values;
    for (const Parameter& parameter : method->initial_parameters(1))
      values.push_back(testing::random_tensor(parameter.value.sizes().vec(), ++seed_, 0.3));
    must(method->save(folder_.path() / name, values));
    adapters_[name] = (folder_.path() / name).string();
    return adapters_[name];
  }
  Result<std::unique_ptr<Method>> make(Json fields) {
    fields["method"] = "merge";
    if (!fields.contains("adapters")) fields["adapters"] = adapters_;
    PEGBOX_TRY(const TrainConfig config, read_train_config(Json::object(), fields, "test"));
    return make_method(config, model_);
  }
  std::string refusal(const Json& fields) {
    const auto method = make(fields);
    return method ? "" : method.error().message;
  }
  Weights weights_of(const std::string& name) {
    const Adapter adapter = must(load_adapter(folder_.path() / name, model_));
    return must(adapter.method->merged(adapter.values));
  }
  /// The base with Σ weight (W_name - W).
  void expect_sum(const Json& fields, const std::map<std::string, double>& parts, double tolerance = 1e-5) {
    const Weights result = must(must(make(fields))->merged({}));
    for (std::size_t i = 0; i < result.size(); ++i) {
      Tensor expected = model_.weights[i].clone();
      for (const auto& [name, weight] : parts) expected += (weights_of(name)[i] - model_.weights[i]) * weight;
      EXPECT_LT(testing::relative_difference(result[i], expected), tolerance) << i;
    }
  }

  TemporaryFolder folder_ = must(TemporaryFolder::create("merge"));
  BaseModel model_ = testing::random_model(testing::llama_config());
  Json adapters_ = Json::object();
  std::uint64_t seed_ = 10;
};

TEST_F(Merge, CatIsExactlyTheSumOfUpdates) {
  write("a", {{"rank", 3}});
  write("b", {{"rank", 5}, {"rslora", true}});
  write("c", {{"rank", 2}, {"target", "q_proj,down_proj"}});
  expect_sum({{"merge", "cat"}, {"adapter_weights", {{"a", 0.5}, {"b", 2}, {"c", -1}}}},
             {{"a", 0.5}, {"b", 2}, {"c", -1}});
  expect_sum({{"merge", "cat"}}, {{"a", 1.0 / 3}, {"b", 1.0 / 3}, {"c", 1.0 / 3}});
}

TEST_F(Merge, SvdOfAFullRankIsTheSameSum) {
  write("a", {{"rank", 3}});
  write("b", {{"rank", 5}});
  expect_sum(
      {{"merge", "svd"}, {"merge_rank", 8}, {"adapter_weights.a", 0.5}, {"adapter_weights.b", -2}, {"merge_scale", 3}},
      {{"a", 1.5}, {"b", -6}}, 1e-4);
}

TEST_F(Merge, OneAdapterOfWeightOneIsItself) {
  write("a", {});
  write("b", {});
  for (const char* rule : {"linear", "svd", "cat"})
    expect_sum({{"merge", rule}, {"adapter_weights", {{"a", 1}}}}, {{"a", 1}}, 1e-4);
  expect_sum({{"merge", "linear"}, {"adapter_weights", {{"b", -0.5}}}}, {{"b", -0.5}});
}

TEST_F(Merge, WritesAnAdapterThatIsReadAgain) {
  write("a", {});
  write("b", {{"target", "attention"}});
  const auto method = must(make({{"merge", "ties"}, {"merge_density", 0.4}}));
  must(method->save(folder_.path() / "both", {}));
  const Weights again = weights_of("both"), own = must(method->merged({}));
  for (std::size_t i = 0; i < own.size(); ++i) EXPECT_LT(testing::relative_difference(again[i], own[i]), 1e-6) << i;
}

TEST_F(Merge, HasNothingToTrain) {
  write("a", {});
  const auto method = must(make({}));
  EXPECT_EQ(method->parameter_count(), 0);
  EXPECT_FALSE(method_trains("merge"));
}

TEST_F(Merge, RefusesWhatDoesNotFit) {
  write("a", {{"rank", 3}});
  write("b", {{"rank", 5}});
  EXPECT_THAT(refusal({{"merge", "ties"}}), HasSubstr("ties adds factors, which have one rank; got a: 3, b: 5"));
  EXPECT_THAT(refusal({{"merge", "cat"}, {"adapter_weights", {{"d", 1}}}}),
              HasSubstr("no adapter has this name; got d; expected a, b"));
  EXPECT_THAT(refusal({{"merge", "cat"}, {"merge_density", 0.2}}), HasSubstr("merge cat has no merge_density"));
  EXPECT_THAT(refusal({{"adapters", Json::array()}}), HasSubstr("there is nothing to merge"));
  EXPECT_THAT(refusal({{"adapters", {adapters_["a"], adapters_["a"]}}}), HasSubstr("an adapter is there twice"));
  write("d", {{"dora", true}});
  EXPECT_THAT(refusal({{"merge", "cat"}}), HasSubstr("(DoRA) are no sum of updates"));
  const auto other = must(make_method(must(read_train_config({}, {{"method", "ia3"}}, "test")), model_));
  Tensors values;
  for (const Parameter& parameter : other->initial_parameters(1)) values.push_back(parameter.value);
  must(other->save(folder_.path() / "e", values));
  EXPECT_THAT(refusal({{"adapters", {(folder_.path() / "e").string()}}}),
              HasSubstr("only updates of LoRA are merged; got IA3"));
}

TEST_F(Merge, RefusesAdaptersOfAnotherBase) {
  write("a", {});
  ModelConfig wider = testing::llama_config();
  wider.feed_forward = 64;
  model_ = testing::random_model(wider);
  EXPECT_THAT(refusal({}), HasSubstr("the adapter belongs to another base model"));
}

TEST(AdapterFolders, HaveTheNamesOfTheirFoldersOrTheirPathsWhereTwoAreAlike) {
  using Folders = std::map<std::string, std::string>;
  EXPECT_EQ(must(adapter_folders("x/a,y/b/")), (Folders{{"a", "x/a"}, {"b", "y/b/"}}));
  EXPECT_EQ(must(adapter_folders("[\"x/a\",\"y/a\"]")), (Folders{{"x/a", "x/a"}, {"y/a", "y/a"}}));
  EXPECT_EQ(must(adapter_folders("{\"k\":\"y/a\"}")), (Folders{{"k", "y/a"}}));
}

TEST(NamedNumbers, AreReadFromObjectsAndMembers) {
  Json fields = {{"w", {{"a", 0.5}}}, {"w.b", 2}, {"other", 1}};
  fold_named_numbers(fields, "w");
  EXPECT_EQ(fields, (Json{{"w", "a=0.5,b=2"}, {"other", 1}}));
  EXPECT_EQ(must(read_named_numbers("a=0.5,b=2", "w", "a weight")),
            (std::map<std::string, double>{{"a", 0.5}, {"b", 2}}));
  EXPECT_FALSE(read_named_numbers("a=x", "w", "a weight"));
}

}  // namespace
}  // namespace pegbox::train
