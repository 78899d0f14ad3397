// Tests of GroupCommit over a disk that is a vector.
#include "search/stores/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "search/stores/testing.h"

namespace pegbox {
namespace {

struct FakeDisk {
  std::mutex mutex;
  std::map<std::string, std::uint64_t> lengths;
  int commits = 0;
  int failures_left = 0;
  std::chrono::milliseconds latency{0};

  Result<GroupCommit::Refusals> commit(std::span<const Batch> batches) {
    std::this_thread::sleep_for(latency);
    const std::lock_guard lock(mutex);
    if (failures_left > 0) {
      --failures_left;
      return fail(ErrorKind::Io, {.what = "the disk is full"});
    }
    ++commits;
    GroupCommit::Refusals refusals;
    for (const Batch& batch : batches) {
      if (refusals.contains(batch.study)) continue;
      if (lengths[batch.study] != batch.first)
        refusals.emplace(batch.study, Error{ErrorKind::Conflict, "somebody else"});
      else
        lengths[batch.study] += batch.events.size();
    }
    return refusals;
  }
  Result<std::uint64_t> length(const std::string& study) {
    const std::lock_guard lock(mutex);
    return lengths[study];
  }
};

class GroupCommitTest : public testing::Test {
 protected:
  FakeDisk disk;
  GroupCommit group{[this](std::span<const Batch> batches) { return disk.commit(batches); },
                    [this](const std::string& study) { return disk.length(study); }};

  Ticket append(const std::string& study, std::uint64_t first, int count = 1) {
    const auto ticket = group.append(study, first, report_events(first, count));
    EXPECT_TRUE(ticket) << ticket.error().message;
    return ticket.value_or(0);
  }
};

TEST_F(GroupCommitTest, WritesAllThatIsBufferedAtOnce) {
  append("a", 0, 3);
  append("b", 0, 2);
  const Ticket last = append("a", 3);
  EXPECT_EQ(disk.commits, 0);
  ASSERT_TRUE(group.wait(last));
  EXPECT_EQ(disk.commits, 1);
  EXPECT_EQ(disk.lengths["a"], 4u);
  EXPECT_EQ(disk.lengths["b"], 2u);
  ASSERT_TRUE(group.wait(last));
  EXPECT_EQ(disk.commits, 1);
}

TEST_F(GroupCommitTest, KeepsWhatCouldNotBeWritten) {
  disk.failures_left = 2;
  const Ticket ticket = append("a", 0, 3);
  EXPECT_EQ(group.wait(ticket).error().kind, ErrorKind::Io);
  const Ticket later = append("a", 3);
  EXPECT_EQ(group.wait(later).error().kind, ErrorKind::Io);
  ASSERT_TRUE(group.wait(ticket));
  EXPECT_EQ(disk.lengths["a"], 4u);
  ASSERT_TRUE(group.wait(later));
}

TEST_F(GroupCommitTest, RefusesOnlyTheStudyThatSomebodyElseWrote) {
  const Ticket bad = append("a", 0), worse = append("a", 1), good = append("b", 0);
  disk.lengths["a"] = 7;
  EXPECT_TRUE(group.wait(good));
  EXPECT_EQ(group.wait(worse).error().kind, ErrorKind::Conflict);
  EXPECT_EQ(group.wait(bad).error().kind, ErrorKind::Conflict);
  EXPECT_EQ(disk.lengths["b"], 1u);
  EXPECT_EQ(group.append("a", 2, report_events(2, 1)).error().kind, ErrorKind::Conflict);
  ASSERT_TRUE(group.wait(append("a", 7)));
  EXPECT_EQ(disk.lengths["a"], 8u);
}

TEST_F(GroupCommitTest, LooksAgainWhenItsIdeaOfTheLengthIsOld) {
  ASSERT_TRUE(group.wait(append("a", 0, 5)));
  disk.lengths["a"] = 9;
  ASSERT_TRUE(group.wait(append("a", 9)));
  disk.lengths["a"] = 2;
  ASSERT_TRUE(group.wait(append("a", 2)));
}

TEST_F(GroupCommitTest, WaitsForNothingBeyondTheLastTicket) {
  EXPECT_TRUE(group.wait(0));
  EXPECT_TRUE(group.wait(99));
  append("a", 0);
  group.forget("a");
  EXPECT_TRUE(group.wait(99));
  EXPECT_EQ(disk.lengths["a"], 0u);
}

TEST_F(GroupCommitTest, SharesCommitsBetweenThreads) {
  disk.latency = std::chrono::milliseconds(1);
  constexpr int kThreads = 8, kRounds = 20;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number)
    threads.emplace_back([&, study = std::to_string(number)] {
      for (std::uint64_t round = 0; round < kRounds; ++round) {
        const auto ticket = group.append(study, round, report_events(round, 1));
        if (!ticket || !group.wait(*ticket) || *disk.length(study) != round + 1) ++failures;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  EXPECT_LT(disk.commits, kThreads * kRounds / 2);
}

}  // namespace
}  // namespace pegbox
