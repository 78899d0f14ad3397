// Tests of elastic weight consolidation, alone and in runs that learn a stream: what it holds, and that a pause changes
// no bit.
#include "train/consolidation.h"

#include <gmock/gmock.h>

#include "train/method/scratch_model.h"
#include "train/run.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::must;
using testing::rows_in_turn;
using testing::same_bits;

TrainConfig ewc_config(Json fields = Json::object()) {
  const Json common = {{"method", "full"},  {"consolidation", "ewc"}, {"ewc_strength", 3}, {"ewc_decay", 0.5},
                       {"fisher_rows", 12}, {"batch_size", 4},        {"tokens", 960},     {"learning_rate", 1e-2}};
  for (const auto& [name, value] : common.items())
    if (!fields.contains(name)) fields[name] = value;
  return must(read_train_config(Json::object(), fields, "test"));
}

TEST(Consolidation, HoldsTheFisherInformationOfALabel) {
  const text::TokenizedRows rows = testing::random_rows({9, 30, 4, 17}, 61, 5, 0.4);
  const BaseModel model = testing::random_model(testing::llama_config());
  Lanes lanes(2);
  const TrainConfig config = ewc_config(
      {{"consolidation", "none"}, {"ewc_strength", 1}, {"ewc_decay", 1}, {"fisher_rows", 128}, {"dropout", 0}});
  const auto run = must(TrainingRun::create(model, config, rows, lanes));
  Consolidation consolidation(ewc_config());
  const std::vector<std::int64_t> some = {0, 1, 3};
  consolidation.learn(run->learner(), some);
  double labels = 0;
  NamedTensors expected;
  for (const std::int64_t row : some) {  // by the passes of training: gradients of a row's mean loss
    const auto count = static_cast<double>(rows.label_tokens(row));
    labels += count;
    for (const auto& [name, gradient] : must(run->gradients({row}))) {
      const Tensor square = (gradient * count).square();
      expected[name] = expected.contains(name) ? expected[name] + square : square;
    }
  }
  const NamedTensors once = consolidation.state(run->parameters());
  for (const auto& [name, sum] : expected)
    EXPECT_LT(testing::relative_difference(once.at("fisher." + name), sum / labels), 1e-4) << name;
  std::map<std::string, Tensor> first;
  for (const auto& [name, tensor] : once) first[name] = tensor.clone();
  consolidation.learn(run->learner(), some);
  for (const auto& [name, sum] : expected)
    EXPECT_LT(testing::relative_difference(consolidation.state(run->parameters()).at("fisher." + name),
                                           first["fisher." + name] * 1.5),
              1e-4)
        << "decay 0.5, then the same again: " << name;
}

TEST(Consolidation, PullsBackAsItsInformationSays) {
  const text::TokenizedRows rows = testing::random_rows({9, 30}, 61, 5);
  const BaseModel model = testing::random_model(testing::llama_config());
  Lanes lanes(1);
  const auto run = must(TrainingRun::create(
      model, must(read_train_config(Json::object(), {{"method", "lora"}, {"rank", 4}}, "test")), rows, lanes));
  std::vector<Parameter>& parameters = run->learner().parameters();
  Consolidation consolidation(ewc_config());
  Tensors gradients;
  for (const Parameter& parameter : parameters) gradients.push_back(at::ones_like(parameter.value));
  consolidation.add_gradients(parameters, gradients);
  EXPECT_EQ(gradients[0].max().item<float>(), 1) << "nothing is held yet";
  consolidation.learn(run->learner(), std::vector<std::int64_t>{0, 1});
  for (Parameter& parameter : parameters) parameter.value.add_(0.25);
  consolidation.add_gradients(parameters, gradients);
  const NamedTensors held = consolidation.state(parameters);
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Tensor expected = 1 + 3 * 0.25 * held.at("fisher." + parameters[i].name);
    EXPECT_LT(testing::relative_difference(gradients[i], expected), 1e-5) << parameters[i].name;
  }
  Consolidation again(ewc_config());
  again.restore(held, parameters);
  for (const auto& [name, tensor] : again.state(parameters)) EXPECT_TRUE(same_bits(tensor, held.at(name))) << name;
  NamedTensors cut = held;
  cut.erase(cut.begin());
  again.restore(cut, parameters);
  EXPECT_TRUE(again.state(parameters).empty());
}

void expect_same_state(TrainingRun& a, TrainingRun& b) {
  const Snapshot x = a.snapshot(), y = b.snapshot();
  ASSERT_EQ(x.tensors.size(), y.tensors.size());
  for (const auto& [name, tensor] : x.tensors) EXPECT_TRUE(same_bits(tensor, y.tensors.at(name))) << name;
  EXPECT_EQ(x.state, y.state);
}

TEST(TrainingOnAStream, PausingAnywhereChangesNoBit) {
  const text::TokenizedRows rows = rows_in_turn();  // stages of 640 and 320 tokens
  const BaseModel model = testing::random_model(testing::llama_config());
  Lanes lanes(2);
  for (const Json& fields : std::vector<Json>{{{"dropout", 0.1}, {"replay", 0.25}},
                                              {{"method", "lora"}, {"rank", 4}, {"average", "ema"}},
                                              {{"optimizer", "schedule_free"}, {"schedule", "constant"}},
                                              {{"spike_deviations", 6}, {"spike_rollback", 2}}}) {
    const TrainConfig config = ewc_config(fields);
    const auto through = must(TrainingRun::create(model, config, rows, lanes));
    must(through->train_until(960));
    for (const std::int64_t pause : {300, 640, 720}) {
      SCOPED_TRACE(to_line(fields) + " at " + std::to_string(pause));
      const auto before = must(TrainingRun::create(model, config, rows, lanes));
      must(before->train_until(pause));
      const auto after = must(TrainingRun::create(model, config, rows, lanes));
      must(after->restore(before->snapshot()));
      must(after->train_until(960));
      expect_same_state(*through, *after);
    }
    EXPECT_EQ(through->stages().number(), 1u);
    EXPECT_TRUE(through->snapshot().tensors.contains("consolidation.fisher." + through->parameters()[0].name));
    EXPECT_EQ(static_cast<double>(through->bytes()), through->memory_need().parameters_bytes()) << to_line(fields);
  }
}

TEST(TrainingOnAStream, BeginsEachStageWithAFreshScheduleFromWhatWasJudged) {
  const text::TokenizedRows rows = rows_in_turn();
  const BaseModel model = testing::random_model(testing::llama_config());
  Lanes lanes(1);
  const TrainConfig config = ewc_config({{"schedule", "linear"}, {"warmup_fraction", 0}, {"average", "tail"}});
  const auto run = must(TrainingRun::create(model, config, rows, lanes));
  std::vector<double> rates;
  must(run->train_until(640, {}, [&](const StepReport& step) { rates.push_back(step.learning_rate); }));
  ASSERT_EQ(rates.size(), 10u);
  EXPECT_NEAR(rates.front(), 0.95e-2, 1e-9);
  EXPECT_NEAR(rates.back(), 0.05e-2, 1e-9);
  const double judged = must(run->evaluate(rows)).loss;
  const StepReport first = must(run->step());
  EXPECT_NEAR(first.learning_rate, 0.9e-2, 1e-9);
  const auto again = must(TrainingRun::create(model, config, rows, lanes));
  must(again->train_until(640));
  again->begin_step();
  EXPECT_EQ(must(again->evaluate(rows)).loss, judged) << "the mean of the last weights is where the next stage begins";
}

TEST(TrainingOnAStream, ForgetsLessWithReplayAndWithConsolidation) {
  const text::TokenizedRows rows = rows_in_turn({40, 40});
  const Json shape = {{"method", "scratch"}, {"width", 32},     {"layers", 2},           {"heads", 2},
                      {"tokens", 40000},     {"batch_size", 8}, {"learning_rate", 5e-3}, {"sequence_length", 16}};
  const auto losses = [&](Json fields) {
    fields.update(shape);
    const TrainConfig config = must(read_train_config(Json::object(), fields, "test"));
    const BaseModel model = must(scratch_model(config, 50, 0));
    Lanes lanes(2);
    const auto run = must(TrainingRun::create(model, config, rows, lanes));
    must(run->train_until(40000));
    return must(run->evaluate(rows)).set_losses;
  };
  const auto naive = losses(Json::object()), replay = losses({{"replay", 0.3}});
  // What is known by heart has next to no gradients: its Fisher information is tiny, and the strength makes up for it.
  const auto ewc = losses({{"consolidation", "ewc"}, {"ewc_strength", 1e6}, {"fisher_rows", 40}});
  EXPECT_GT(naive.at("a"), 2) << "the new rule takes the place of the old one";
  EXPECT_LT(naive.at("b"), 0.6);
  EXPECT_LT(replay.at("a"), 0.5 * naive.at("a"));
  EXPECT_LT(replay.at("b"), 1);
  EXPECT_LT(ewc.at("a"), 0.75 * naive.at("a"));
  EXPECT_LT(ewc.at("b"), 0.6);
}

}  // namespace
}  // namespace pegbox::train
