// Tests of whole runs with every optimizer and everything that watches over steps: pauses change no bit, losses fall,
// what is evaluated is what is saved.
#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <numeric>

#include "train/method/scratch_model.h"
#include "train/model/model_files.h"
#include "train/run.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::must;
using testing::same_bits;

class Steps : public ::testing::Test {
 protected:
  TrainConfig config_with(Json fields) {
    Json all = {{"method", "full"},      {"batch_size", 5}, {"tokens", 6000},
                {"learning_rate", 3e-3}, {"seed", 3},       {"dropout", 0.1}};
    all.update(fields);
    return must(read_train_config(Json::object(), all, "test"));
  }
  std::unique_ptr<TrainingRun> run(const TrainConfig& config) {
    return must(TrainingRun::create(model_, config, rows_, lanes_));
  }

  /// Trains as a worker does: with an evaluation at each multiple of evaluate_every, and where it pauses.
  void train(TrainingRun& run, std::int64_t until) {
    const std::int64_t every = run.config().evaluate_every;
    while (!run.finished() && run.tokens() < until) {
      const std::int64_t next = every > 0 ? (run.tokens() / every + 1) * every : until;
      must(run.train_until(std::min(next, until)));
      if (every > 0) run.observe(must(run.evaluate(rows_)).loss);
    }
  }

  BaseModel model_ = testing::random_model(testing::llama_config());
  text::TokenizedRows rows_ = testing::random_rows({9, 30, 4, 17, 36, 12, 8, 25, 40, 5, 3, 31, 22}, 61, 5, 0.4);
  Lanes lanes_{1};
};

std::vector<Json> kinds_of_steps() {
  std::vector<Json> variants;
  for (const std::string_view name : optimizer_names()) {
    variants.push_back({{"optimizer", name}, {"layer_rate_decay", 0.9}});
    variants.push_back({{"optimizer", name}, {"method", "lora"}, {"lora_b_rate", 4}, {"rank", 2}});
  }
  for (const char* precision : {"bf16", "int8"})
    for (const char* optimizer : {"adamw", "sgd", "lion"})
      variants.push_back({{"optimizer", optimizer}, {"state_precision", precision}, {"tokens", 3000}});
  for (const char* schedule : {"cosine_restarts", "polynomial", "inverse_sqrt", "one_cycle"})
    variants.push_back({{"schedule", schedule}});
  variants.push_back(
      {{"schedule", "plateau"}, {"plateau_patience", 0}, {"evaluate_every", 700}, {"learning_rate", 0.05}});
  variants.push_back({{"average", "ema"}, {"average_decay", 0.8}});
  variants.push_back({{"average", "tail"}, {"average_fraction", 0.8}});
  variants.push_back({{"batch_start", 2}, {"batch_ramp_fraction", 0.7}, {"clip_value", 0.01}, {"clip_adaptive", 0.05}});
  variants.push_back({{"sequence_start", 3}, {"sequence_length", 40}, {"sequence_ramp_fraction", 0.8}});
  variants.push_back({{"label_smoothing", 0.1}, {"z_loss", 1e-3}});
  variants.push_back({{"spike_deviations", 1}, {"spike_rollback", 3}, {"tokens", 12000}});
  return variants;
}

TEST_F(Steps, OfEveryKindGoOnAfterAPauseWithTheSameBits) {
  for (const Json& fields : kinds_of_steps()) {
    SCOPED_TRACE(to_line(fields));
    const TrainConfig config = config_with(fields);
    const auto folder = must(TemporaryFolder::create("steps"));
    const std::int64_t half = config.tokens / 2 + 130, end = config.tokens;
    const auto through = run(config), before = run(config);
    train(*through, end);
    train(*before, half);
    must(save_snapshot(folder.path() / "s.safetensors", before->snapshot()));
    const auto after = run(config);
    must(after->restore(must(load_snapshot(folder.path() / "s.safetensors"))));
    train(*after, end);
    const Snapshot x = through->snapshot(), y = after->snapshot();
    ASSERT_EQ(x.tensors.size(), y.tensors.size());
    for (const auto& [name, tensor] : x.tensors) EXPECT_TRUE(same_bits(tensor, y.tensors.at(name))) << name;
    EXPECT_EQ(x.state["spikes"], y.state["spikes"]);
    EXPECT_EQ(x.state["validation"], y.state["validation"]);
    EXPECT_EQ(x.state["tokens"], y.state["tokens"]);
  }
}

TEST_F(Steps, OfEveryOptimizerLowerTheLoss) {
  for (const std::string_view name : optimizer_names()) {
    const double rate = name == "sgd" ? 0.3 : (name == "lion" ? 1e-3 : 4e-3);
    const auto trained =
        run(config_with({{"optimizer", name}, {"learning_rate", rate}, {"tokens", 20000}, {"dropout", 0}}));
    const double before = must(trained->evaluate(rows_)).loss;
    train(*trained, 20000);
    EXPECT_LT(must(trained->evaluate(rows_)).loss, 0.8 * before) << name;
  }
}

TEST_F(Steps, WithStateInFewerBitsLowerTheLossAsMuch) {
  for (const std::string optimizer : {"adamw", "sgd", "lion"}) {
    std::map<std::string, double> losses;
    double before = 0;
    for (const std::string precision : {"fp32", "bf16", "int8"}) {
      const double rate = optimizer == "sgd" ? 0.1 : (optimizer == "lion" ? 1e-3 : 4e-3);
      const auto trained = run(config_with({{"optimizer", optimizer},
                                            {"learning_rate", rate},
                                            {"tokens", 12000},
                                            {"dropout", 0},
                                            {"state_precision", precision}}));
      before = must(trained->evaluate(rows_)).loss;
      train(*trained, 12000);
      losses[precision] = must(trained->evaluate(rows_)).loss;
      RecordProperty(optimizer + "_" + precision, std::to_string(losses[precision]));
    }
    for (const char* precision : {"bf16", "int8"})
      EXPECT_NEAR(losses[precision], losses["fp32"], 0.01 * (before - losses["fp32"])) << optimizer << precision;
  }
}

/// The model that a run saves.
Weights saved(TrainingRun& run) {
  const auto folder = must(TemporaryFolder::create("saved"));
  must(run.save(folder.path()));
  return std::move(must(load_model(folder.path())).weights);
}

TEST_F(Steps, WithAnAverageEvaluateAndSaveTheAverage) {
  for (const Json& fields : {Json{{"average", "ema"}, {"average_decay", 0.8}}, Json{{"optimizer", "schedule_free"}}}) {
    const TrainConfig config = config_with(fields);
    const auto trained = run(config);
    train(*trained, 3000);
    const NamedTensors state = trained->snapshot().tensors;
    Weights means;
    for (const Parameter& parameter : trained->parameters()) {
      const Tensor& value = state.at("parameter." + parameter.name);
      if (config.average == "ema")
        means.push_back(state.at("average." + parameter.name));
      else  // y = 0.1 z + 0.9 x
        means.push_back((value - 0.1 * state.at("optimizer." + parameter.name + ".fast")) / 0.9);
    }
    const Weights file = saved(*trained);
    double apart = 0;
    for (std::size_t i = 0; i < means.size(); ++i) {
      EXPECT_LT(testing::relative_difference(file[i], means[i]), 1e-5);
      apart = std::max(apart, testing::relative_difference(file[i], trained->parameters()[i].value));
    }
    EXPECT_GT(apart, 1e-4);
    const PlainNetwork network(model_.decoder->layout(), file);
    EXPECT_NEAR(must(trained->evaluate(rows_)).loss, evaluate(*model_.decoder, network, rows_, lanes_, 64).loss, 1e-5);
  }
}

TEST_F(Steps, WithAGrowingBatchTakeMoreRowsUntilItIsGrown) {
  rows_ = testing::random_rows(std::vector<std::int64_t>(40, 10), 61, 5);
  const auto growing =
      run(config_with({{"batch_start", 2}, {"batch_size", 10}, {"batch_ramp_fraction", 0.5}, {"tokens", 2000}}));
  std::vector<std::int64_t> rows;
  std::int64_t tokens = 0;
  while (!growing->finished()) {
    const double part = std::min(1.0, static_cast<double>(tokens) / 1000);
    rows.push_back(must(growing->step()).tokens / 10);
    EXPECT_EQ(rows.back(), std::lround(2 + 8 * part)) << tokens;
    tokens += 10 * rows.back();
  }
  EXPECT_EQ(rows.front(), 2);
  EXPECT_EQ(rows.back(), 10);
}

TEST_F(Steps, WithGrowingSequencesCutThemAsShorterOnesAreUntilTheyAreGrown) {
  rows_ = testing::random_rows(std::vector<std::int64_t>(40, 30), 61, 5);
  const auto growing = run(config_with({{"sequence_start", 6},
                                        {"sequence_length", 30},
                                        {"sequence_ramp_fraction", 0.5},
                                        {"batch_size", 2},
                                        {"dropout", 0},
                                        {"tokens", 2400}}));
  text::TokenizedRows cut = rows_;  // the same texts, tokenized in pieces of 6
  cut.offsets = {0};
  for (std::int64_t piece = 0; piece < 40 * 5; ++piece) cut.offsets.push_back(cut.offsets.back() + 6);
  cut.label_starts.assign(40 * 5, 1);
  const auto theirs = must(TrainingRun::create(model_, config_with({{"dropout", 0}}), cut, lanes_));
  const NamedTensors expected = must(theirs->gradients({5, 6, 7, 8, 9, 15, 16, 17, 18, 19}));
  for (const auto& [name, gradient] : must(growing->gradients({1, 3})))
    EXPECT_LT(testing::relative_difference(gradient, expected.at(name)), 1e-5) << name;
  for (std::int64_t tokens = 0; !growing->finished(); tokens += 60) {
    const double part = std::min(1.0, static_cast<double>(tokens) / 1200);
    const std::int64_t pieces = (30 + std::lround(6 + 24 * part) - 1) / std::lround(6 + 24 * part);
    const StepReport report = must(growing->step());
    EXPECT_EQ(report.tokens, 60);
    EXPECT_EQ(report.label_tokens, 60 - 2 * pieces) << tokens;
  }
}

TEST_F(Steps, ThatStandOutAreNotTaken) {
  const auto guarded = run(config_with({{"spike_deviations", 6}, {"tokens", 100000}, {"learning_rate", 1e-4}}));
  for (int step = 0; step < 70; ++step) EXPECT_TRUE(must(guarded->step()).taken) << step;
  guarded->parameters().back().value.mul_(30);  // of the last norm: the logits are 30 times as large
  const Snapshot before = guarded->snapshot();
  EXPECT_FALSE(must(guarded->step()).taken);
  for (const auto& [name, tensor] : guarded->snapshot().tensors)
    EXPECT_TRUE(same_bits(tensor, before.tensors.at(name))) << name;
  EXPECT_EQ(guarded->skipped_steps(), 1);
  EXPECT_GT(guarded->tokens(), before.state["tokens"].get<std::int64_t>());
}

TEST_F(Steps, GoBackWhereARunDoesNotRecover) {
  const auto guarded = run(config_with({{"spike_deviations", 6},
                                        {"spike_rollback", 3},
                                        {"tokens", 1000000},
                                        {"learning_rate", 1e-4},
                                        {"average", "ema"}}));
  NamedTensors at_copy;
  for (int step = 0; step < 110; ++step) {
    if (step == 100)
      for (const auto& [name, tensor] : guarded->snapshot().tensors)
        if (!name.starts_with("copy.")) at_copy[name] = tensor;
    must(guarded->step());
  }
  guarded->parameters().front().value.fill_(NAN);
  for (int step = 0; step < 3; ++step) EXPECT_FALSE(must(guarded->step()).taken);
  const Snapshot back = guarded->snapshot();
  for (const auto& [name, tensor] : at_copy) EXPECT_TRUE(same_bits(tensor, back.tensors.at(name))) << name;
  const StepReport next = must(guarded->step());
  EXPECT_TRUE(next.taken);
  EXPECT_TRUE(std::isfinite(next.loss));
  EXPECT_EQ(guarded->steps(), 114);
}

TEST_F(Steps, EndEarlyWhenTheValidationLossStays) {
  const auto stopped =
      run(config_with({{"early_stop", 2}, {"evaluate_every", 500}, {"learning_rate", 1e-12}, {"dropout", 0}}));
  train(*stopped, 6000);
  EXPECT_TRUE(stopped->finished());
  EXPECT_GE(stopped->tokens(), 1500);
  EXPECT_LT(stopped->tokens(), 2000);
}

TEST_F(Steps, EndWithTheBestWeightsWhereTheyAreToBeRestored) {
  const Json fields = {
      {"restore_best", true}, {"evaluate_every", 600}, {"learning_rate", 0.02}, {"dropout", 0}, {"tokens", 6000}};
  const text::TokenizedRows unseen = testing::random_rows({30, 40, 20}, 61, 77);  // random: the loss only rises
  const auto folder = must(TemporaryFolder::create("best"));
  auto trained = run(config_with(fields));
  double lowest = INFINITY;
  Tensors best;
  for (std::int64_t next = 600; !trained->finished(); next += 600) {
    must(trained->train_until(next));
    const double loss = must(trained->evaluate(unseen)).loss;
    EXPECT_EQ(trained->observe(loss), loss < lowest);
    if (loss < lowest) {
      lowest = loss;
      best.clear();
      for (const Parameter& parameter : trained->parameters()) best.push_back(parameter.value.clone());
    }
    if (next != 3000) continue;  // a pause keeps what is best
    must(save_snapshot(folder.path() / "s.safetensors", trained->snapshot()));
    trained = run(config_with(fields));
    must(trained->restore(must(load_snapshot(folder.path() / "s.safetensors"))));
  }
  EXPECT_GT(must(trained->evaluate(unseen)).loss, lowest + 0.1);
  ASSERT_TRUE(trained->take_best());
  EXPECT_EQ(must(trained->evaluate(unseen)).loss, lowest);
  const Weights file = saved(*trained);
  for (std::size_t i = 0; i < file.size(); ++i) EXPECT_TRUE(same_bits(file[i], best[i]));
  EXPECT_FALSE(run(config_with(Json::object()))->take_best());
}

/// How far a few steps move the logits of a model from scratch, by its width.
double movement(std::int64_t width, const std::string& parametrization, bool tied = false) {
  Json fields = {{"method", "scratch"},    {"width", width},         {"layers", 2},
                 {"heads", width / 16},    {"tokens", 100000},       {"batch_size", 8},
                 {"schedule", "constant"}, {"warmup_fraction", 0},   {"weight_decay", 0},
                 {"learning_rate", 4e-3},  {"tie_embeddings", tied}, {"parametrization", parametrization}};
  if (parametrization == "mup") fields.update({{"base_width", 32}, {"base_head_dim", 16}});
  const TrainConfig config = must(read_train_config(Json::object(), fields, "test"));
  const text::TokenizedRows rows = testing::random_rows(std::vector<std::int64_t>(16, 24), 61, 5);
  const BaseModel model = must(scratch_model(config, 61, 0));
  Lanes lanes(1);
  const auto run = must(TrainingRun::create(model, config, rows, lanes));
  const Batch batch = to_batch(text::pack(rows, std::vector<std::int64_t>{0, 1, 2, 3}));
  const auto logits = [&] {
    DropoutSource none;
    const at::InferenceMode no_gradients;
    return model.decoder->logits(run->network(), model.decoder->hidden(run->network(), batch, none)).clone();
  };
  const Tensor before = logits();
  for (int step = 0; step < 4; ++step) must(run->step());
  return (logits() - before).square().mean().sqrt().item<double>();
}

TEST(MaximalUpdate, MovesLogitsAlikeAtEveryWidth) {
  for (const bool tied : {false, true}) {
    const double narrow = movement(32, "mup", tied), wide = movement(256, "mup", tied);
    EXPECT_LT(wide / narrow, 1.6);
    EXPECT_GT(wide / narrow, 0.5);
    EXPECT_GT(movement(256, "standard", tied) / movement(32, "standard", tied), 2);
    EXPECT_NEAR(narrow, movement(32, "standard", tied), 1e-6 * narrow);  // at the base width it is the usual
  }
}

}  // namespace
}  // namespace pegbox::train
