// Where a plain program's trial begins: its own checkpoint, or a copy of another trial's.
#include "search/executors/trial_folder.h"

#include <gtest/gtest.h>

#include "search/executors/testing.h"

namespace pegbox {
namespace {

struct TrialFolderTest : testing::Test {
  const TemporaryFolder folder_ = TemporaryFolder::create("pegbox-trial-folder").value();

  void write(std::int64_t trial, const std::string& name, const std::string& text) const {
    const TrialFolder files(folder_.path(), trial);
    ASSERT_TRUE(make_folder(files.checkpoints()));
    ASSERT_TRUE(replace_file(files.checkpoints() / name, text));
  }
  static Launch clone_of(std::int64_t parent, const std::string& name) {
    Launch launch = launch_of(1, {{"x", 0.5}});
    launch.from = 10;
    launch.resume = CheckpointRef{parent, 10, name};
    return launch;
  }
};

TEST_F(TrialFolderTest, GivesACloneACopyThatItsParentCannotWriteOver) {
  write(0, "state", "at 10");
  const TrialFolder clone(folder_.path(), 1);
  for (const char* name : {"state", kWholeFolder}) {
    const Launch launch = clone_of(0, name);
    ASSERT_TRUE(clone.prepare(launch));
    write(0, "state", "at 20");
    const Path resume = clone.resume_path(launch);
    const Path file = std::string(name) == kWholeFolder ? resume / "state" : resume;
    EXPECT_EQ(read_file(file).value(), "at 10");
    ASSERT_TRUE(clone.prepare(launch)) << "again, after its worker was lost";
    EXPECT_EQ(read_file(file).value(), "at 10");
    ASSERT_TRUE(remove_tree(clone.config().parent_path()));
    write(0, "state", "at 10");
  }
}

TEST_F(TrialFolderTest, ForgetsTheCopyOnceTheCloneHasACheckpointOfItsOwn) {
  write(0, "state", "at 10");
  const TrialFolder clone(folder_.path(), 1);
  Launch launch = clone_of(0, "state");
  ASSERT_TRUE(clone.prepare(launch));
  const Path copy = clone.resume_path(launch);
  EXPECT_TRUE(std::filesystem::exists(copy));
  write(1, "state", "at 15");
  launch.resume = CheckpointRef{1, 15, "state"};
  ASSERT_TRUE(clone.prepare(launch));
  EXPECT_FALSE(std::filesystem::exists(copy));
  EXPECT_EQ(read_file(clone.resume_path(launch)).value(), "at 15");
}

TEST_F(TrialFolderTest, LeavesCheckpointsElsewhereToTheProgram) {
  const TrialFolder clone(folder_.path(), 1);
  const Launch launch = clone_of(0, "s3://bucket/state");
  ASSERT_TRUE(clone.prepare(launch));
  EXPECT_EQ(clone.resume_path(launch), "s3://bucket/state");
}

TEST_F(TrialFolderTest, BeginsAgainWhereTheCheckpointIsOnAnotherMachine) {
  const TrialFolder folder(folder_.path(), 1);
  Launch launch = launch_of(1, {{"x", 0.5}});
  launch.from = 10;
  launch.resume = CheckpointRef{1, 10, kWholeFolder};
  ASSERT_TRUE(folder.prepare(launch));
  EXPECT_EQ(folder.resume_path(launch), "");
  write(1, "state", "at 10");
  EXPECT_EQ(folder.resume_path(launch), folder.checkpoints().string());
}

}  // namespace
}  // namespace pegbox
