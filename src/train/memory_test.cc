// Tests of the memory a run needs, against what a machine has.
#include "train/memory.h"

#include <gmock/gmock.h>

#include "base/number.h"
#include "train/run.h"
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
    if (method_needs_base(method)) kinds.push_back({{"method", method}});
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
    EXPECT_EQ(static_cast<double>(bytes_of(run->snapshot().tensors)), need.snapshot_bytes());
  }
}

TEST(MemoryNeed, OfActivationsIsAboutWhatIsMeasuredAndLessWhereLayersAreRecomputed) {
  ModelConfig shape = testing::llama_config();
  shape.layers = 8;
  const BaseModel model = testing::random_model(shape);
  const text::TokenizedRows rows = testing::random_rows(std::vector<std::int64_t>(8, 100), 61, 5);
  Lanes lanes(1);
  for (const char* method : {"lora", "full", "prefix", "adapter"}) {
    double peaks[2];
    for (const bool recompute : {false, true}) {
      Json fields = {
          {"method", method}, {"batch_size", 8}, {"micro_batch", 800}, {"recompute", recompute ? "layers" : "none"}};
      if (fields["method"] == "lora") fields["rank"] = 4;
      const TrainConfig config = must(read_train_config(Json::object(), fields, "test"));
      const auto run = must(TrainingRun::create(model, config, rows, lanes));
      must(run->step());
      double& peak = peaks[recompute ? 1 : 0];
      peak = static_cast<double>(testing::peak_bytes([&] { must(run->step()); }));
      RecordProperty(std::string(method) + (recompute ? "_recomputed" : ""), std::to_string(peak));
      const double need = run->memory_need().activations_bytes;
      EXPECT_LT(peak, 1.1 * (need + run->memory_need().gradients_bytes)) << method << recompute;
      EXPECT_GT(peak, 0.4 * need) << method << recompute;
    }
    EXPECT_LT(peaks[1], 0.6 * peaks[0]) << method;
  }
}

TEST(Fit, OfARunThatIsTooLargeIsRefusedBeforeAnythingIsAllocated) {
  const BaseModel model = testing::random_model(testing::llama_config());
  const text::TokenizedRows rows = testing::random_rows({9, 30}, 61, 5);
  Lanes lanes(1);
  TrainConfig config = must(read_train_config(Json::object(), {{"method", "lora"}, {"rank", 4}}, "test"));
  const double small = must(TrainingRun::memory_need(model, config, 1, 20)).total_bytes();
  config.micro_batch = 1 << 30;
  const double large = must(TrainingRun::memory_need(model, config, 1, 20)).total_bytes();
  EXPECT_GT(large, small);
  const double of_token = activation_bytes_per_token(model.decoder->config(), false);
  config.micro_batch = static_cast<std::int64_t>(1.1 * machine_memory().total_bytes / of_token);
  const auto refused = TrainingRun::create(model, config, rows, lanes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfMemory);
  EXPECT_THAT(refused.error().message, HasSubstr("for activations"));
  EXPECT_THAT(refused.error().message, HasSubstr("that there are"));
}

}  // namespace
}  // namespace pegbox::train
