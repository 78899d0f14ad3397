// Tests of parametrizations: the paper's table, factor by factor, and models that are written without factors.
#include "train/model/parametrization.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "text/packing.h"
#include "train/batch.h"
#include "train/method/scratch_model.h"
#include "train/model/initialize.h"
#include "train/optim/optimizer.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;
using testing::same_bits;

TrainConfig config_of(Json fields) {
  Json all = {{"method", "scratch"}, {"parametrization", "mup"},
              {"base_width", 32},    {"base_head_dim", 8},
              {"width", 128},        {"layers", 2},
              {"heads", 4},          {"initial_deviation", 0.05}};
  all.update(fields);
  return must(read_train_config(Json::object(), all, "test"));
}

Weights first_weights(const TrainConfig& config, const BaseModel& model) {
  return initialize_weights(model.decoder->config(), model.decoder->layout(), 3,
                            {config.initialization, config.initial_deviation, Parametrization::of(config)});
}

std::vector<Parameter> parameters_of(const TrainConfig& config, const BaseModel& model) {
  std::vector<Parameter> parameters;
  const Weights weights = first_weights(config, model);
  for (std::size_t i = 0; i < weights.size(); ++i)
    parameters.push_back({.name = model.decoder->layout().slots[i].name, .value = weights[i]});
  complete_parameters(config, model.decoder->layout(), parameters);
  return parameters;
}

Tensor logits_of(const ModelConfig& config, const Weights& weights) {
  const at::InferenceMode no_gradients;
  const ModelLayout layout = layout_of(config);
  const Decoder decoder(config, layout);
  const PlainNetwork network(decoder.layout(), weights);
  const text::TokenizedRows rows = testing::random_rows({17, 9}, config.vocabulary, 3);
  DropoutSource none;
  const Batch batch = to_batch(text::pack(rows, std::vector<std::int64_t>{0, 1}));
  return decoder.logits(network, decoder.hidden(network, batch, none, {}, /*all_rows=*/true)).clone();
}

double deviation_of(const Tensor& tensor) { return std::sqrt(tensor.square().mean().item<double>()); }

TEST(MaximalUpdateParametrization, HasTheFactorsOfThePapersTable) {
  for (const bool tied : {false, true}) {
    const TrainConfig config = config_of({{"tie_embeddings", tied}});
    const BaseModel model = must(scratch_model(config, 300, 0));
    EXPECT_EQ(model.decoder->config().output_factor, 0.25);
    EXPECT_NEAR(model.decoder->config().attention_scale(), std::sqrt(8.0) / 32, 1e-12);
    const ModelLayout& layout = model.decoder->layout();
    const auto parameters = parameters_of(config, model);
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const Parameter& parameter = parameters[i];
      const bool hidden = parameter.kind == ParameterKind::Matrix;
      EXPECT_EQ(parameter.rate, hidden ? 0.25 : 1) << parameter.name;
      EXPECT_EQ(parameter.rate * parameter.decay_factor, 1) << parameter.name;
      if (!layout.slots[i].is_matrix()) continue;
      double expected = hidden ? 0.05 / 2 : 0.05;
      if (layout.slots[i].role == TensorSlot::Role::ResidualLinear) expected /= 2;  // 2 layers
      EXPECT_NEAR(deviation_of(parameter.value), expected, 0.05 * expected) << parameter.name;
    }
  }
}

TEST(MaximalUpdateParametrization, IsTheStandardOneAtTheBaseWidth) {
  const TrainConfig config = config_of({{"width", 32}});
  TrainConfig standard = config;
  standard.parametrization = "standard";
  const BaseModel model = must(scratch_model(config, 61, 0)), usual = must(scratch_model(standard, 61, 0));
  EXPECT_FALSE(has_factors(model.decoder->config()));
  const auto ours = parameters_of(config, model), theirs = parameters_of(standard, usual);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    EXPECT_TRUE(same_bits(ours[i].value, theirs[i].value));
    EXPECT_EQ(ours[i].rate, 1);
  }
}

/// A model with all kinds of weights away from where they begin, and with factors.
void expect_the_same_without_factors(ModelConfig config) {
  config.score_factor = 0.6;
  config.output_factor = 0.3;
  if (config.scaled_embeddings) config.token_scale = 2.5;
  ASSERT_TRUE(has_factors(config));
  const BaseModel model = testing::random_model(config);
  const PlainModel plain = without_factors(config, model.decoder->layout(), model.weights);
  EXPECT_FALSE(has_factors(plain.config));
  const Tensor ours = logits_of(config, model.weights);
  EXPECT_LT(testing::relative_difference(logits_of(plain.config, plain.weights), ours), 1e-5) << config.family;
  ModelConfig forgotten = config;
  forgotten.score_factor = forgotten.output_factor = 1;
  forgotten.token_scale = 0;
  EXPECT_GT(testing::relative_difference(logits_of(forgotten, model.weights), ours), 0.01) << config.family;
}

TEST(MaximalUpdateParametrization, IsWrittenAsAModelWithoutFactorsThatAnswersTheSame) {
  for (ModelConfig config : {testing::llama_config(), testing::gpt2_config(), testing::gemma_config()})
    for (const bool tied : {false, true}) {
      config.tied_embeddings = tied;
      expect_the_same_without_factors(config);
    }
}

TEST(MaximalUpdateParametrization, DecaysWeightsAlikeAtEveryWidth) {
  for (const std::string optimizer : {"adamw", "lion", "adafactor", "schedule_free"})
    for (const std::int64_t width : {32, 128}) {
      Json fields = {{"width", width}, {"optimizer", optimizer}, {"weight_decay", 0.5}};
      const TrainConfig config = config_of(fields);
      const BaseModel model = must(scratch_model(config, 61, 0));
      const auto parameters = parameters_of(config, model);
      const auto stepper = make_optimizer(config, parameters);
      std::vector<Tensor> before, zeros;
      for (const Parameter& parameter : parameters) {
        before.push_back(parameter.value.clone());
        zeros.push_back(at::zeros_like(parameter.value));
      }
      stepper->step(zeros, 0.1);
      const auto averages = stepper->averages();
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (!parameters[i].decay) continue;
        const Tensor left = parameters[i].value.div(before[i]);
        EXPECT_LT(left.max().item<double>() - left.min().item<double>(), 1e-4)
            << optimizer << ' ' << parameters[i].name;
        static std::map<std::string, double> expected;  // of the first width
        const double factor = left.mean().item<double>();
        const auto [found, is_first] = expected.emplace(optimizer + parameters[i].name, factor);
        EXPECT_LT(factor, 0.9999);
        if (!is_first) {
          EXPECT_NEAR(found->second, factor, 1e-5) << optimizer << ' ' << parameters[i].name;
        }
      }
    }
}

TEST(MaximalUpdateParametrization, IsRefusedWhereItsRatesAreNotKnown) {
  const auto message = [](Json fields) {
    Json all = {{"method", "scratch"}, {"parametrization", "mup"}};
    all.update(fields);
    const auto config = read_train_config(Json::object(), all, "trial 7");
    return config ? std::string("accepted") : config.error().message;
  };
  EXPECT_THAT(message({{"optimizer", "muon"}}), HasSubstr("Adam"));
  EXPECT_THAT(message({{"optimizer", "sgd"}}), HasSubstr("Adam"));
  EXPECT_THAT(message({{"method", "lora"}}), HasSubstr("parametrization only with method scratch"));
  EXPECT_THAT(message({{"parametrization", "standard"}, {"base_width", 64}}), HasSubstr("base_width only with"));
  EXPECT_EQ(message({{"shape", "gemma2"}, {"tie_embeddings", true}}), "accepted");
}

}  // namespace
}  // namespace pegbox::train
