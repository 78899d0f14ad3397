// Tests of the trial pool: who is trained beside a run changes nothing but its rounding.
#include "train/pool.h"

#include <gtest/gtest.h>

#include <tuple>

#include "train/tensor_memory.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using testing::must;

/// Trials as different as one pool may hold.
std::vector<Json> trials() {
  return {{{"rank", 2}, {"dropout", 0.1}, {"batch_size", 3}},
          {{"rank", 8}, {"target", "attention"}, {"optimizer", "adafactor"}, {"batch_size", 1}},
          {{"rank", 4}, {"rslora", true}, {"schedule", "linear"}, {"label_smoothing", 0.1}, {"batch_size", 5}},
          {{"rank", 4}, {"lora_start", "pissa"}, {"target", "mlp"}, {"z_loss", 1e-3}, {"batch_size", 2}},
          {{"rank", 4}, {"distill_weight", 0.6}, {"distill_top", 9}, {"dropout", 0.1}, {"batch_size", 3}},
          {{"rank", 2}, {"distill_weight", 1}, {"distill_divergence", "reverse_kl"}, {"sequence_start", 9}},
          {{"rank", 4}, {"dora", true}, {"batch_size", 2}},
          {{"method", "ia3"}, {"batch_size", 2}},
          {{"method", "prompt"}, {"virtual_tokens", 3}, {"batch_size", 2}},
          {{"method", "full"}, {"dropout", 0.1}, {"batch_size", 2}}};
}

class Pool : public ::testing::Test {
 protected:
  std::unique_ptr<TrainingRun> run(const Json& fields, std::uint64_t seed, Lanes& lanes) {
    Json all = {{"method", "lora"}, {"learning_rate", 3e-4}, {"tokens", 1 << 20}, {"seed", seed}};
    all.update(fields);
    const TrainConfig config = must(read_train_config(Json::object(), all, "test"));
    return must(TrainingRun::create(model_, config, rows_, lanes, {},
                                    must(teacher_.answers(rows_, soft_label_form(config, *model_.decoder)))));
  }

  BaseModel model_ = testing::random_model(testing::llama_config());
  text::TokenizedRows rows_ = testing::random_rows({9, 30, 4, 17, 66, 12, 8, 25, 40, 5, 3, 31, 22}, 61, 5, 0.4);
  BaseModel other_ = testing::random_model(testing::gpt2_config(), 2);
  PlainNetwork network_{other_.decoder->layout(), other_.weights};
  Teacher teacher_{*other_.decoder, network_, 1 << 30};
  Lanes one_{1}, two_{2};
};

TEST_F(Pool, ARunLearnsWhatItLearnsAlone) {
  std::vector<std::unique_ptr<TrainingRun>> alone, pooled;
  std::vector<TrainingRun*> pool;
  for (const Json& fields : trials()) {
    alone.push_back(run(fields, alone.size() + 1, one_));
    pooled.push_back(run(fields, pooled.size() + 1, two_));
    pool.push_back(pooled.back().get());
  }
  for (int step = 0; step < 200; ++step) {
    const auto reports = step_together(pool, two_);
    for (std::size_t i = 0; i < pool.size(); ++i) {
      const StepReport own = must(alone[i]->step()), together = must(reports[i]);
      ASSERT_NEAR(together.loss, own.loss, 1e-4 * own.loss) << i << " at step " << step;
      ASSERT_EQ(together.tokens, own.tokens);
    }
  }
  for (std::size_t i = 0; i < pool.size(); ++i)
    for (std::size_t p = 0; p < alone[i]->parameters().size(); ++p) {
      const Parameter &own = alone[i]->parameters()[p], &together = pooled[i]->parameters()[p];
      EXPECT_LT(testing::relative_difference(together.value, own.value), 1e-3) << i << ' ' << own.name;
    }
}

TEST_F(Pool, RunsComeAndGoBetweenSteps) {
  const auto alone = run(trials()[0], 1, two_), first = run(trials()[0], 1, two_), second = run(trials()[2], 2, two_);
  std::vector<double> losses;
  for (int step = 0; step < 9; ++step) {
    std::vector<TrainingRun*> pool{first.get()};
    if (step >= 3 && step < 6) pool.push_back(second.get());
    EXPECT_NEAR(must(step_together(pool, two_).front()).loss, must(alone->step()).loss, 1e-4) << step;
  }
  EXPECT_EQ(second->steps(), 3);
}

TEST_F(Pool, ARunThatDivergesFailsAlone) {
  const auto good = run(trials()[0], 1, two_), alone = run(trials()[0], 1, two_);
  const auto bad = run({{"rank", 4}}, 2, two_);
  bad->parameters().front().value.fill_(INFINITY);
  std::vector<TrainingRun*> pool{bad.get(), good.get()};
  for (int step = 0; step < 6; ++step) {
    const auto reports = step_together(pool, two_);
    EXPECT_NEAR(must(reports.back()).loss, must(alone->step()).loss, 1e-4);
    if (step > 0) continue;
    ASSERT_FALSE(reports.front());
    EXPECT_EQ(reports.front().error().kind, ErrorKind::Diverged);
    pool.erase(pool.begin());
  }
}

TEST_F(Pool, ARunThatNeedsMoreThanThereIsFailsAlone) {
  TensorMemory::install();
  ModelConfig config = testing::llama_config();
  std::tie(config.width, config.head_width, config.feed_forward) = std::tuple(128, 32, 192);
  const BaseModel wide = testing::random_model(config);
  const Json fields = {{"method", "full"}, {"spike_deviations", 6}, {"spike_rollback", 1}, {"tokens", 1 << 20}};
  const TrainConfig read = must(read_train_config(Json::object(), fields, "test"));
  const auto large = must(TrainingRun::create(wide, read, rows_, one_));
  const auto small = run({{"rank", 2}, {"batch_size", 1}}, 1, one_),
             alone = run({{"rank", 2}, {"batch_size", 1}}, 1, one_);
  double own = 0;
  const auto peak = testing::peak_bytes([&] { own = must(alone->step()).loss; });
  TrainingRun* const pool[] = {large.get(), small.get()};
  TensorMemory::limit(TensorMemory::bytes() + 2 * peak);  // too little for the copy that `large` may go back to
  const auto reports = step_together(pool, one_);
  TensorMemory::limit(0);
  ASSERT_FALSE(reports.front());
  EXPECT_EQ(reports.front().error().kind, ErrorKind::OutOfMemory) << reports.front().error().message;
  EXPECT_NEAR(must(reports.back()).loss, own, 1e-4);
}

TEST_F(Pool, OfOneTakesTheSameBitsAsARunAlone) {
  const auto alone = run(trials()[0], 1, two_), pooled = run(trials()[0], 1, two_);
  TrainingRun* const pool[] = {pooled.get()};
  for (int step = 0; step < 5; ++step)
    EXPECT_EQ(must(step_together(pool, two_).front()).loss, must(alone->step()).loss);
}

}  // namespace
}  // namespace pegbox::train
