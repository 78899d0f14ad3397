// SharedLog: writers in turn, over a real store and one whose disk fails.
#include "search/shared_log.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "search/study.h"
#include "search/study_kit_for_test.h"

namespace pegbox {
namespace {

event::TrialCreated next_trial(const SharedLog& log) {
  return {static_cast<std::int64_t>(log.state().history().trials.size()), {{"x", 1.0}}, Json{{"by", "test"}}, 0, {}};
}

Result<void> create_trial(SharedLog& log) {
  PEGBOX_TRY(const auto turn, log.wait_for_turn(10));
  PEGBOX_CHECK(log.refresh());
  PEGBOX_CHECK(log.append(0, "test", {next_trial(log)}));
  return {};
}

TEST(SharedLog, GivesEachEventOnceToEveryWriter) {
  const auto store = open_store("memory:").value();
  ASSERT_TRUE(Study::create(*store, small_study()));
  SharedLog one(*store, "s"), other(*store, "s");
  EXPECT_EQ(one.refresh().value().size(), 1u);
  ASSERT_TRUE(create_trial(one));
  const auto news = other.refresh().value();
  ASSERT_EQ(news.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<event::TrialCreated>(news[1].what));
  EXPECT_TRUE(one.refresh().value().empty());  // its own are not told again
  EXPECT_EQ(one.state().event_count(), other.state().event_count());
}

TEST(SharedLog, ASuccessorOfTheSameNameIsAnotherStudy) {
  const auto store = open_store("memory:").value();
  ASSERT_TRUE(Study::create(*store, small_study()));
  SharedLog log(*store, "s");
  ASSERT_TRUE(create_trial(log));
  ASSERT_TRUE(store->remove("s"));
  ASSERT_TRUE(Study::create(*store, small_study()));
  const auto news = log.refresh();
  ASSERT_FALSE(news);
  EXPECT_EQ(news.error().kind, ErrorKind::NotFound);
}

TEST(SharedLog, LosesNoTrialWhenManyWriteAtOnce) {
  const auto folder = TemporaryFolder::create("pegbox-shared").value();
  const std::string file = (folder.path() / "pegbox.db").string();
  ASSERT_TRUE(Study::create(*open_store(file).value(), small_study()));
  std::atomic<int> failures = 0;
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i)
    writers.emplace_back([&] {
      const auto store = open_store(file).value();
      SharedLog log(*store, "s");
      for (int trial = 0; trial < 25; ++trial) failures += !create_trial(log);
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  const auto store = open_store(file).value();
  EXPECT_EQ(Study::open(*store, "s").value()->history().trials.size(), 100u);
}

TEST(SharedLog, StoresNothingOfABatchOfWhichTheFoldRefusesAPart) {
  const auto store = open_store("memory:").value();
  ASSERT_TRUE(Study::create(*store, small_study()));
  SharedLog log(*store, "s");
  ASSERT_TRUE(log.refresh());
  const auto refused = log.append(0, "test", {next_trial(log), event::TrialReported{7, 1, {{"loss", 1}}}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("no such trial"), std::string::npos);
  EXPECT_EQ(log.state().event_count(), 1u);
  EXPECT_TRUE(log.state().history().trials.empty());
  EXPECT_EQ(store->read("s").value().size(), 1u);
  EXPECT_TRUE(create_trial(log));
}

TEST(SharedLog, IsAsBeforeWhenTheDiskFails) {
  const auto store = open_store("memory:").value();
  ASSERT_TRUE(Study::create(*store, small_study()));
  FailingStore failing(*store);
  SharedLog log(failing, "s");
  ASSERT_TRUE(log.refresh());
  failing.append_fails = true;
  EXPECT_EQ(create_trial(log).error().kind, ErrorKind::Io);
  EXPECT_TRUE(log.state().history().trials.empty());
  failing.append_fails = false;
  EXPECT_TRUE(create_trial(log));
  EXPECT_EQ(log.state().history().trials.size(), 1u);
}

TEST(SharedLog, NamesWhoHoldsAStudyForTooLong) {
  const auto store = open_store("memory:").value();
  ASSERT_TRUE(Study::create(*store, small_study()));
  SharedLog log(*store, "s");
  const auto lease = store->lease("s").value();
  const auto turn = log.wait_for_turn(0.01);
  ASSERT_FALSE(turn);
  EXPECT_EQ(turn.error().kind, ErrorKind::Conflict);
  EXPECT_EQ(SharedLog(*store, "none").refresh().error().kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace pegbox
