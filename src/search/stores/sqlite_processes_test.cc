// Tests of one SQLite store between several processes: writers against each other, kills, limits, permissions.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "search/stores/processes_for_test.h"
#include "search/stores/sqlite.h"
#include "search/stores/testing.h"

namespace pegbox {
namespace {

class SqliteProcessesTest : public testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create("pegbox-sqlite").value();
  const Path file = folder_.path() / "pegbox.db";

  static std::unique_ptr<Store> open(const Path& file, OpenMode mode = OpenMode::ReadWrite) {
    auto store = SqliteStore::open(file, mode);
    return store ? *std::move(store) : nullptr;
  }
  void create_study(int events) {
    const auto store = open(file);
    ASSERT_TRUE(store && store->create("s"));
    if (events > 0) {
      ASSERT_TRUE(write(*store, "s", report_events(0, events)));
    }
  }
};

TEST_F(SqliteProcessesTest, NeverInterleaveTwoWriters) {
  create_study(0);
  constexpr int kEach = 150;
  const pid_t one = in_child([&] { return write_against_others(*open(file), "one", kEach); });
  const pid_t two = in_child([&] { return write_against_others(*open(file), "two", kEach); });
  EXPECT_LE(exit_code_of(one), 1);
  EXPECT_LE(exit_code_of(two), 1);
  const auto events = open(file)->read("s", 0).value();
  EXPECT_EQ(events.size(), 2u * kEach);
  EXPECT_EQ(std::ranges::count(events, "one", &Event::author), kEach);
}

TEST_F(SqliteProcessesTest, TellTheSecondWriterOfAStudy) {
  create_study(4);
  const auto store = open(file);
  const auto ticket = store->append("s", 4, report_events(4, 1)).value();
  EXPECT_EQ(exit_code_of(in_child([&] { return write(*open(file), "s", report_events(4, 1)) ? 0 : 1; })), 0);
  EXPECT_EQ(store->wait(ticket).error().kind, ErrorKind::Conflict);
  EXPECT_EQ(store->read("s", 0).value().size(), 5u);
}

TEST_F(SqliteProcessesTest, LoseNothingAcknowledgedWhenKilled) {
  create_study(0);
  expect_kills_lose_nothing([&] { return open(file); }, 15, 5000);
}

TEST_F(SqliteProcessesTest, ReleaseALeaseWhenTheyDie) {
  create_study(1);
  const pid_t child = child_with_lease([&] { return open(file); });
  const auto store = open(file);
  const auto held = store->lease("s");
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().kind, ErrorKind::Conflict);
  EXPECT_NE(held.error().message.find(std::to_string(child)), std::string::npos) << held.error().message;
  ::kill(child, SIGKILL);
  exit_code_of(child);
  EXPECT_TRUE(store->lease("s"));
}

TEST_F(SqliteProcessesTest, SurviveAFileSizeLimit) {
  create_study(10);
  const int code = exit_code_of(in_child([&] {
    const auto store = open(file);
    if (!write(*store, "s", report_events(10, 1))) return 10;
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit tight{.rlim_cur = 20000, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &tight);
    const auto ticket = store->append("s", 11, report_events(11, 2000));
    const auto full = store->wait(*ticket);
    if (full || full.error().kind != ErrorKind::Io) return 11;
    if (store->read("s", 0).value().size() != 11) return 12;
    const rlimit wide{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &wide);
    return store->wait(*ticket) ? 0 : 13;
  }));
  EXPECT_EQ(code, 0);
  EXPECT_EQ(texts_of(open(file)->read("s", 0).value()), texts_of(report_events(0, 2011)));
}

// As a user without special rights: root may write anywhere.
int as_nobody(const std::function<int()>& work) {
  if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 99;
  return work();
}

TEST_F(SqliteProcessesTest, ReadAStoreInAFolderThatMayNotBeWritten) {
  create_study(5);
  ::chmod(file.c_str(), 0444);
  ::chmod(folder_.path().c_str(), 0555);
  const int code = exit_code_of(in_child([&] {
    return as_nobody([&] {
      const auto reader = SqliteStore::open(file, OpenMode::ReadOnly);
      if (!reader) return 1;
      if ((*reader)->read("s", 0).value().size() != 5) return 2;
      const auto writer = SqliteStore::open(file, OpenMode::ReadWrite);
      if (writer || writer.error().kind != ErrorKind::Io) return 3;
      if (SqliteStore::open(folder_.path() / "new.db", OpenMode::ReadWrite)) return 4;
      return 0;
    });
  }));
  ::chmod(folder_.path().c_str(), 0755);
  EXPECT_EQ(code, 0);
}

TEST_F(SqliteProcessesTest, PassCommandsToWhoRunsTheStudy) {
  create_study(1);
  const auto store = open(file);
  EXPECT_TRUE(store->take_commands("s").value().empty());
  EXPECT_EQ(exit_code_of(in_child([&] { return open(file)->post("s", {Command::StopTrial, 7}) ? 0 : 1; })), 0);
  const auto commands = store->take_commands("s").value();
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_EQ(commands[0].command, Command::StopTrial);
  EXPECT_EQ(commands[0].trial, 7);
  EXPECT_TRUE(store->take_commands("s").value().empty());
}

TEST_F(SqliteProcessesTest, MayAllCreateTheStoreAtOnce) {
  std::vector<pid_t> children;
  for (int i = 0; i < 6; ++i)
    children.push_back(in_child([&] {
      const auto store = open(file);
      return store && store->create("s" + std::to_string(i)) ? 0 : 1;
    }));
  for (const pid_t child : children) EXPECT_EQ(exit_code_of(child), 0);
  EXPECT_EQ(open(file)->list().value().size(), 6u);
}

}  // namespace
}  // namespace pegbox
