// Tests of what is known of a parameter by its name: kind, matrices in it, decay and rate.
#include "train/optim/parameter.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "train/method/method.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::ElementsAre;
using testing::must;

std::map<std::string, Parameter> completed(const ModelConfig& model, Json fields) {
  const BaseModel base = testing::random_model(model);
  const TrainConfig config = must(read_train_config(Json::object(), fields, "test"));
  auto method = must(make_method(config, base));
  std::vector<Parameter> parameters = method->initial_parameters(1);
  complete_parameters(config, base.decoder->layout(), parameters);
  std::map<std::string, Parameter> named;
  for (const Parameter& parameter : parameters) named.emplace(parameter.name, parameter);
  return named;
}

TEST(Parameters, AreOfTheKindOfTheirTensor) {
  const auto parameters = completed(testing::gpt2_config(), {{"method", "full"}});
  EXPECT_EQ(parameters.at("embedding.weight").kind, ParameterKind::Table);
  EXPECT_EQ(parameters.at("positions.weight").kind, ParameterKind::Table);
  EXPECT_EQ(parameters.at("layers.1.attention_norm.weight").kind, ParameterKind::Norm);
  EXPECT_EQ(parameters.at("final_norm.bias").kind, ParameterKind::Norm);
  EXPECT_EQ(parameters.at("layers.0.feed_input.bias").kind, ParameterKind::Bias);
  EXPECT_EQ(parameters.at("layers.0.feed_input.weight").kind, ParameterKind::Matrix);
  ModelConfig untied = testing::llama_config();
  untied.tied_embeddings = false;
  EXPECT_EQ(completed(untied, {{"method", "full"}}).at("head.weight").kind, ParameterKind::Table);
}

TEST(Parameters, HoldTheMatricesOfTheirFiles) {
  const auto full = completed(testing::llama_config(), {{"method", "full"}});
  EXPECT_THAT(full.at("layers.0.attention_input.weight").rows, ElementsAre(32, 16, 16));
  EXPECT_THAT(full.at("layers.0.feed_input.weight").rows, ElementsAre(48, 48));
  EXPECT_THAT(full.at("layers.0.feed_output.weight").rows, ElementsAre());
  const auto all = completed(testing::llama_config(), {{"rank", 4}});
  EXPECT_THAT(all.at("group.0.lora_A").rows, ElementsAre(4, 4, 4));
  EXPECT_THAT(all.at("group.0.lora_B").rows, ElementsAre(32, 16, 16));
  const auto some = completed(testing::llama_config(), {{"rank", 4}, {"target", "q_proj, v_proj,down_proj"}});
  EXPECT_THAT(some.at("group.0.lora_A").rows, ElementsAre(4, 4));
  EXPECT_THAT(some.at("group.0.lora_B").rows, ElementsAre(32, 16));
  EXPECT_THAT(some.at("group.3.lora_B").rows, ElementsAre());
}

TEST(Parameters, DecayUnlessTheyAreExcluded) {
  const auto decays = [](const std::string& excluded) {
    const auto parameters = completed(testing::gpt2_config(), {{"method", "full"}, {"decay_exclude", excluded}});
    std::vector<bool> decay;
    for (const char* name : {"embedding.weight", "positions.weight", "layers.0.attention_norm.weight",
                             "layers.0.attention_input.bias", "layers.0.attention_input.weight"})
      decay.push_back(parameters.at(name).decay);
    return decay;
  };
  EXPECT_THAT(decays("norms,biases"), ElementsAre(true, true, false, false, true));
  EXPECT_THAT(decays("embeddings"), ElementsAre(false, false, true, true, true));
  EXPECT_THAT(decays("biases, embeddings"), ElementsAre(false, false, true, false, true));
  EXPECT_THAT(decays("none"), ElementsAre(true, true, true, true, true));
}

TEST(Parameters, HaveRatesThatFallTowardsTheEmbedding) {
  ModelConfig untied = testing::llama_config();
  untied.tied_embeddings = false;
  const auto full = completed(untied, {{"method", "full"}, {"layer_rate_decay", 0.8}});
  EXPECT_DOUBLE_EQ(full.at("head.weight").rate, 1);
  EXPECT_DOUBLE_EQ(full.at("final_norm.weight").rate, 1);
  EXPECT_DOUBLE_EQ(full.at("layers.1.feed_output.weight").rate, 0.8);
  EXPECT_DOUBLE_EQ(full.at("layers.0.feed_norm.weight").rate, 0.8 * 0.8);
  EXPECT_DOUBLE_EQ(full.at("embedding.weight").rate, std::pow(0.8, 3));
  const auto lora = completed(untied, {{"layer_rate_decay", 0.8}, {"lora_b_rate", 4}});
  EXPECT_DOUBLE_EQ(lora.at("group.0.lora_A").rate, 0.8 * 0.8);
  EXPECT_DOUBLE_EQ(lora.at("group.0.lora_B").rate, 4 * 0.8 * 0.8);
  EXPECT_DOUBLE_EQ(lora.at("group.7.lora_A").rate, 0.8);
}

}  // namespace
}  // namespace pegbox::train
