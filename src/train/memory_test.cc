// Tests of the memory a run needs, against what a machine has.
#include "train/memory.h"

#include <gmock/gmock.h>

#include "base/number.h"
#include "train/method/scratch_model.h"
#include "train/run.h"
#include "train/tensor_memory.h"
#include "train/testing.h"

namespace pegbox::train {
namespace {

using ::testing::HasSubstr;
using testing::must;

TEST(MachineMemory, OfAllControlGroupsTheLeastLimitCounts) {
  const TemporaryFolder folder = must(TemporaryFolder::create("groups"));
  const Path root = folder.path();
  const auto limit = [&](const Path& file, const char* text) {
    must(make_folder((root / file).parent_path()));
    must(replace_file(root / file, text));
  };
  EXPECT_EQ(group_limit_bytes("0::/a/b\n", root), kInfinity);
  limit("a/b/memory.max", "max\n");
  EXPECT_EQ(group_limit_bytes("0::/a/b\n", root), kInfinity);
  limit("a/memory.max", "4096000\n");
  EXPECT_EQ(group_limit_bytes("0::/a/b\n", root), 4096000);
  EXPECT_EQ(group_limit_bytes("0::/c\n", root), kInfinity);
  limit("memory.max", "8192000\n");
  EXPECT_EQ(group_limit_bytes("0::/c\n", root), 8192000);
  limit("memory/job/memory.limit_in_bytes", "1024000\n");
  EXPECT_EQ(group_limit_bytes("7:pids:/x\n4:memory:/job\n", root), 1024000);
  EXPECT_EQ(group_limit_bytes("4:memory:/job\n0::/\n", root), 1024000);
  EXPECT_EQ(group_limit_bytes("nonsense\n", root), kInfinity);
}

TEST(MachineMemory, IsThisMachines) {
  const MachineMemory memory = machine_memory();
  EXPECT_GT(memory.total_bytes, 100e6);
  EXPECT_LT(memory.total_bytes, 1e15);
  EXPECT_GT(memory.available_bytes, 0);
}

TEST(Fit, TellsAShortageOfTheMomentFromOneForEver) {
  const MachineMemory memory{.total_bytes = 100, .available_bytes = 40};
  EXPECT_EQ(fit_of(40, memory), Fit::Fits);
  EXPECT_EQ(fit_of(41, memory), Fit::NotNow);
  EXPECT_EQ(fit_of(100, memory), Fit::NotNow);
  EXPECT_EQ(fit_of(101, memory), Fit::Never);
  EXPECT_EQ(fit_of(1e30, {}), Fit::Fits);  // the machine does not say
}

/// Methods, optimizers, precisions and what keeps copies.
std::vector<Json> kinds_of_runs() {
  std::vector<Json> kinds;
  for (const std::string_view method : method_names())
    if (method_needs_base(method) && method_trains(method)) kinds.push_back({{"method", method}});
  kinds.push_back({{"method", "lora"}, {"dora", true}, {"target", "attention"}});
  kinds.push_back({{"method", "lora"}, {"lora_start", "pissa"}});
  for (const std::string_view optimizer : optimizer_names()) {
    kinds.push_back({{"method", "full"}, {"optimizer", optimizer}});
    if (optimizer_defaults(optimizer).quantizes)
      for (const char* precision : {"bf16", "int8"})
        kinds.push_back({{"method", "full"}, {"optimizer", optimizer}, {"state_precision", precision}});
  }
  kinds.push_back({{"method", "full"}, {"optimizer", "sgd"}, {"momentum", 0}});
  kinds.push_back({{"method", "full"}, {"optimizer", "adafactor"}, {"beta1", 0.9}});
  kinds.push_back({{"method", "lora"}, {"average", "ema"}, {"restore_best", true}, {"evaluate_every", 10}});
  kinds.push_back({{"method", "full"}, {"spike_deviations", 6}, {"spike_rollback", 3}});
  return kinds;
}

TEST(MemoryNeed, IsWhatARunHoldsToTheByte) {
  const text::TokenizedRows rows = testing::random_rows({9, 30, 20, 25, 14, 40}, 61, 5);
  const TemporaryFolder folder = must(TemporaryFolder::create("memory"));
  Lanes lanes(2);
  for (Json fields : kinds_of_runs()) {
    SCOPED_TRACE(to_line(fields));
    const BaseModel model =
        testing::random_model(fields["method"] == "bias" ? testing::gpt2_config() : testing::llama_config());
    if (fields["method"] == "last_k") fields["last_layers"] = 1;
    if (fields["method"] == "lora" || fields["method"] == "qlora") fields["rank"] = 4;
    const auto run =
        must(TrainingRun::create(model, must(read_train_config(Json::object(), fields, "test")), rows, lanes));
    must(run->step());
    run->observe(3);
    const MemoryNeed need = run->memory_need();
    EXPECT_EQ(static_cast<double>(run->bytes()), need.parameters_bytes());
    const auto written = testing::peak_bytes([&] { must(run->save_checkpoint(folder.path() / "checkpoint")); });
    EXPECT_EQ(written, 0) << "a checkpoint is no second copy in memory";
  }
}

TEST(MicroBatch, IsWhatAConfigSaysElseTheLargestThatFits) {
  const BaseModel model = testing::random_model(testing::llama_config());
  TrainConfig config =
      must(read_train_config(Json::object(), {{"method", "lora"}, {"rank", 4}, {"batch_size", 512}}, "test"));
  const auto method = must(make_method(config, model));
  const RowLengths rows{.mean = 20, .deviation = 0, .longest = 20};
  const auto chosen = [&](double room) {
    return MemoryModel(config, *method, *model.decoder, 1, rows).micro_batch(room);
  };
  const auto need = [&](std::int64_t tokens) {
    return MemoryModel(config, *method, *model.decoder, 1, rows).need(tokens).total_bytes();
  };
  EXPECT_EQ(chosen(kInfinity), kMostMicroBatchTokens);
  EXPECT_EQ(chosen(need(1024)), 1024);
  EXPECT_EQ(chosen(need(1024) - 1), 512);
  EXPECT_EQ(chosen(0), kLeastMicroBatchTokens);
  config.micro_batch = 100;
  EXPECT_EQ(chosen(0), 100);
}

TEST(MicroBatch, OfABatchIsItsEvenPartAndNeverLessThanARow) {
  TrainConfig config;
  config.batch_size = 12;
  const RowLengths rows{.mean = 100, .deviation = 0, .longest = 100};
  EXPECT_EQ(largest_pass(config, rows, 2, 2048).tokens, 600);
  EXPECT_FALSE(largest_pass(config, rows, 2, 2048).several);
  EXPECT_EQ(largest_pass(config, rows, 2, 500).tokens, 300);
  EXPECT_TRUE(largest_pass(config, rows, 2, 500).several);
  EXPECT_EQ(largest_pass(config, rows, 2, 10).tokens, 100);
}

TEST(MemoryCorrection, GrowsWithEachShortage) {
  MemoryCorrection correction{.factor = 1};
  const MemoryNeed need{.values_bytes = 100, .activations_bytes = 1000};
  correction.learn_shortage(need, 1600);
  EXPECT_DOUBLE_EQ(correction.factor, 1.5);
  correction.learn_shortage(need, 200);
  EXPECT_DOUBLE_EQ(correction.factor, 1.5 * 1.1);
}

/// A LoRA run of 16 rows of 60 tokens at once.
Result<std::unique_ptr<TrainingRun>> run_of_one_batch(const BaseModel& model, const text::TokenizedRows& rows,
                                                      Lanes& lanes) {
  const TrainConfig config = must(read_train_config(
      Json::object(),
      {{"method", "lora"}, {"rank", 4}, {"batch_size", 16}, {"micro_batch", 960}, {"learning_rate", 1e-3}}, "test"));
  return TrainingRun::create(model, config, rows, lanes);
}

TEST(Shortage, HalvesMicroBatchesAndChangesNoResult) {
  TensorMemory::install();
  const BaseModel model = testing::random_model(testing::llama_config());
  const text::TokenizedRows rows = testing::random_rows(std::vector<std::int64_t>(32, 60), 61, 5);
  Lanes lanes(1);
  const auto free = must(run_of_one_batch(model, rows, lanes)), tight = must(run_of_one_batch(model, rows, lanes));
  const auto peak = testing::peak_bytes([&] { must(free->step()); });
  const double next = must(free->step()).loss;
  TensorMemory::limit(TensorMemory::bytes() + peak * 4 / 10);
  const auto first = tight->step(), second = tight->step();
  TensorMemory::limit(0);
  ASSERT_TRUE(first && second) << (first ? second.error().message : first.error().message);
  EXPECT_EQ(tight->micro_batch(), 240);  // from 960
  EXPECT_NEAR(second->loss, next, 1e-4 * next);
  EXPECT_EQ(tight->tokens(), free->tokens());
}

TEST(Shortage, IsAFaultWhereARowAloneDoesNotFit) {
  TensorMemory::install();
  const BaseModel model = testing::random_model(testing::llama_config());
  const text::TokenizedRows rows = testing::random_rows(std::vector<std::int64_t>(32, 60), 61, 5);
  Lanes lanes(1);
  const auto run = must(run_of_one_batch(model, rows, lanes));
  TensorMemory::limit(TensorMemory::bytes() + 1000);
  const auto stepped = run->step();
  TensorMemory::limit(0);
  ASSERT_FALSE(stepped);
  EXPECT_EQ(stepped.error().kind, ErrorKind::OutOfMemory);
  EXPECT_FALSE(run->halve_micro_batch());
}

TEST(Fit, OfARunThatIsTooLargeIsRefusedBeforeAnythingIsAllocated) {
  TrainConfig config = must(read_train_config(
      Json::object(), {{"method", "scratch"}, {"width", 65536}, {"layers", 1000}, {"heads", 64}}, "test"));
  const BaseModel model = must(scratch_model(config, 61, 0));
  const text::TokenizedRows rows = testing::random_rows({9, 30}, 61, 5);
  Lanes lanes(1);
  const auto refused = TrainingRun::create(model, config, rows, lanes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfMemory);
  EXPECT_THAT(refused.error().message, HasSubstr("for activations"));
  EXPECT_THAT(refused.error().message, HasSubstr("that there are"));
}

}  // namespace
}  // namespace pegbox::train
