// What the tests of one store between several processes share.
#include "search/stores/processes_for_test.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "search/stores/testing.h"

namespace pegbox {

pid_t in_child(const std::function<int()>& work) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

int exit_code_of(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

int write_against_others(Store& store, const std::string& author, int wanted) {
  int written = 0, conflicts = 0;
  while (written < wanted) {
    const auto seen = store.read("s", 0);
    if (!seen) return 91;
    for (std::uint64_t next = seen->size(); written < wanted; ++next) {
      Event event = report_event(next);
      event.author = author;
      const auto done = write(store, "s", {event});
      if (!done && done.error().kind != ErrorKind::Conflict) return 92;
      if (!done) {
        ++conflicts;
        break;
      }
      ++written;
    }
  }
  return conflicts > 0 ? 1 : 0;
}

namespace {

/// A child that writes and is killed after so long: how long the log was when that was acknowledged last. `before`: its
/// length at the start.
std::uint64_t write_until_killed(const std::function<std::unique_ptr<Store>()>& open, std::uint64_t before,
                                 unsigned after_us) {
  int acknowledged[2];
  EXPECT_EQ(::pipe(acknowledged), 0);
  const pid_t child = in_child([&]() -> int {
    const auto store = open();
    for (std::uint64_t next = before;; next += 2) {
      if (!write(*store, "s", report_events(next, 2))) return 1;
      const std::uint64_t length = next + 2;
      if (::write(acknowledged[1], &length, sizeof length) != sizeof length) return 2;
    }
  });
  ::close(acknowledged[1]);
  ::usleep(after_us);
  ::kill(child, SIGKILL);
  EXPECT_EQ(exit_code_of(child), 1000 + SIGKILL);
  std::uint64_t last = before;
  while (::read(acknowledged[0], &last, sizeof last) == sizeof last) continue;
  ::close(acknowledged[0]);
  return last;
}

}  // namespace

void expect_kills_lose_nothing(const std::function<std::unique_ptr<Store>()>& open, int rounds,
                               unsigned first_after_us) {
  std::uint64_t before = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto last = write_until_killed(open, before, first_after_us + 1700 * static_cast<unsigned>(round));
    const auto events = open()->read("s", 0).value();
    EXPECT_GE(events.size(), last);
    EXPECT_LE(events.size(), last + 2);
    ASSERT_EQ(texts_of(events), texts_of(report_events(0, static_cast<int>(events.size()))));
    before = events.size();
  }
  EXPECT_GT(before, 0u);
}

pid_t child_with_lease(const std::function<std::unique_ptr<Store>()>& open) {
  int ready[2];
  EXPECT_EQ(::pipe(ready), 0);
  const pid_t child = in_child([&]() -> int {
    const auto store = open();
    const auto lease = store->lease("s");
    if (::write(ready[1], lease ? "y" : "n", 1) != 1) return 1;
    for (;;) ::pause();
  });
  char answer = 0;
  EXPECT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  return child;
}

}  // namespace pegbox
