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

TEST(Fit, OfARunThatIsTooLargeIsRefusedBeforeAnythingIsAllocated) {
  const BaseModel model = testing::random_model(testing::llama_config());
  const text::TokenizedRows rows = testing::random_rows({9, 30}, 61, 5);
  Lanes lanes(1);
  TrainConfig config = must(read_train_config(Json::object(), {{"method", "lora"}, {"rank", 4}}, "test"));
  const double small = must(TrainingRun::memory_need(model, config, 1)).total_bytes();
  config.micro_batch = 1 << 30;
  const double large = must(TrainingRun::memory_need(model, config, 1)).total_bytes();
  EXPECT_GT(large, small);
  const double of_token = activation_bytes_per_token(model.decoder->config());
  config.micro_batch = static_cast<std::int64_t>(1.1 * machine_memory().total_bytes / of_token);
  const auto refused = TrainingRun::create(model, config, rows, lanes);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::OutOfMemory);
  EXPECT_THAT(refused.error().message, HasSubstr("for activations"));
  EXPECT_THAT(refused.error().message, HasSubstr("that there are"));
}

}  // namespace
}  // namespace pegbox::train
