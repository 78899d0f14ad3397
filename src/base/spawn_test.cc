// Tests of spawn: what a child inherits, and that nothing it started outlives this process.
#include "base/spawn.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace pegbox {
namespace {

using std::chrono::milliseconds;

// Whether the process is gone, or a zombie that only waits for its parent.
bool is_dead(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t name_end = text.rfind(')');
  return name_end == std::string::npos || text.at(name_end + 2) == 'Z';
}

bool dies_within(pid_t process, milliseconds wait) {
  const auto end = std::chrono::steady_clock::now() + wait;
  while (!is_dead(process) && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(5));
  return is_dead(process);
}

void reap(Spawned& spawned) {
  spawned.lifeline.close();
  ::waitpid(spawned.process_id, nullptr, 0);
  ::waitpid(spawned.guardian_id, nullptr, 0);
}

SpawnPlan shell(const std::string& script, int output) {
  return {.program = "/bin/sh",
          .arguments = {"sh", "-c", script},
          .environment = {"PATH=/usr/bin:/bin"},
          .folder = {},
          .descriptors = {0, output, 2}};
}

// The first line that comes out of the pipe.
std::string line_from(const Pipe& pipe) {
  std::string line;
  for (char c = 0; ::read(pipe.read_end.get(), &c, 1) == 1 && c != '\n';) line += c;
  return line;
}

TEST(Spawn, KillsTheGroupWhenTheLifelineCloses) {
  const Pipe pipe = make_pipe().value();
  auto spawned = spawn(shell("sleep 1000 & echo $!; wait", pipe.write_end.get()));
  ASSERT_TRUE(spawned) << spawned.error().message;
  const pid_t grandchild = std::stoi(line_from(pipe));
  EXPECT_FALSE(is_dead(grandchild));
  spawned->lifeline.close();
  EXPECT_TRUE(dies_within(grandchild, milliseconds(5000)));
  EXPECT_TRUE(dies_within(spawned->process_id, milliseconds(5000)));
  reap(*spawned);
}

TEST(Spawn, LeavesNothingBehindWhenItsParentIsKilled) {
  const Pipe pipe = make_pipe().value();
  const pid_t host = ::fork();
  if (host == 0) {
    const auto spawned = spawn(shell("sleep 1000 & echo $$ $!; wait", pipe.write_end.get()));
    while (spawned) ::pause();
    ::_exit(1);
  }
  const std::string line = line_from(pipe);
  const pid_t child = std::stoi(line), grandchild = std::stoi(line.substr(line.find(' ')));
  EXPECT_FALSE(is_dead(child));
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  EXPECT_TRUE(dies_within(child, milliseconds(5000)));
  EXPECT_TRUE(dies_within(grandchild, milliseconds(5000)));
}

TEST(Spawn, KeepsTheChildWhenTheThreadThatStartedItEnds) {
  const Pipe in = make_pipe().value(), out = make_pipe().value();
  SpawnPlan plan = shell("read x; echo got $x", out.write_end.get());
  plan.descriptors[0] = in.read_end.get();
  Spawned spawned;
  std::thread([&] { spawned = spawn(plan).value(); }).join();
  EXPECT_FALSE(dies_within(spawned.process_id, milliseconds(100)));
  ASSERT_EQ(::write(in.write_end.get(), "it\n", 3), 3);
  EXPECT_EQ(line_from(out), "got it");
  reap(spawned);
}

TEST(Spawn, OutlivesSignalsThatPeopleSendToTheGroup) {
  const Pipe pipe = make_pipe().value();
  auto spawned = spawn(shell("trap '' TERM INT HUP; sleep 1000 & echo $!; wait; wait", pipe.write_end.get())).value();
  const pid_t grandchild = std::stoi(line_from(pipe));
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::kill(-spawned.guardian_id, signal);
  EXPECT_FALSE(dies_within(spawned.guardian_id, milliseconds(100)));
  spawned.lifeline.close();
  EXPECT_TRUE(dies_within(grandchild, milliseconds(5000)));
  reap(spawned);
}

TEST(Spawn, GivesTheChildItsDescriptorsAndNoOthers) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // not closed on exec
  ASSERT_GE(leaked, 0);
  const Pipe pipe = make_pipe().value();
  SpawnPlan plan =
      shell("for d in /proc/$$/fd/*; do [ -e $d ] && printf '%s ' ${d##*/}; done; echo", pipe.write_end.get());
  plan.descriptors.push_back(leaked);
  auto spawned = spawn(plan).value();
  EXPECT_EQ(line_from(pipe), "0 1 2 3 ");
  reap(spawned);
  ::close(leaked);
}

TEST(Spawn, PlacesDescriptorsEvenWhenTheirNumbersCross) {
  const Pipe out = make_pipe().value(), in = make_pipe().value();
  SpawnPlan plan = shell("read x <&4; echo \"$x\" >&3", 2);
  // Descriptor 3 of the child is a high one here, and 4 may be 3 here: placed naively, one would overwrite the other.
  const int low = ::fcntl(in.read_end.get(), F_DUPFD_CLOEXEC, 3),
            high = ::fcntl(out.write_end.get(), F_DUPFD_CLOEXEC, 3);
  plan.descriptors = {0, 2, 2, high, low};
  auto spawned = spawn(plan).value();
  ASSERT_EQ(::write(in.write_end.get(), "hello\n", 6), 6);
  EXPECT_EQ(line_from(out), "hello");
  reap(spawned);
  ::close(low);
  ::close(high);
}

TEST(Spawn, GivesTheChildDefaultSignalsWhateverTheParentDoes) {
  sigset_t block, before;
  ::sigemptyset(&block);
  ::sigaddset(&block, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &block, &before);
  const auto handler = ::signal(SIGINT, SIG_IGN);
  const Pipe pipe = make_pipe().value();
  auto spawned = spawn(shell("grep -E '^Sig(Blk|Ign):' /proc/$$/status | tr -d '\\n\\t'; echo", pipe.write_end.get()));
  ::signal(SIGINT, handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ASSERT_TRUE(spawned);
  const std::string line = line_from(pipe), ignored = "SigIgn:";
  EXPECT_THAT(line, testing::StartsWith("SigBlk:0000000000000000" + ignored));
  // 32 and 33 are glibc's own; its posix_spawn lets children ignore them, and nobody can set them.
  constexpr unsigned long long kInternal = 0x180000000;
  EXPECT_EQ(std::stoull(line.substr(line.find(ignored) + ignored.size()), nullptr, 16) & ~kInternal, 0u) << line;
  reap(*spawned);
}

TEST(Spawn, WorksForAParentWithoutStandardDescriptors) {
  const Pipe pipe = make_pipe().value();
  const pid_t host = ::fork();
  if (host == 0) {
    for (int i = 0; i < 3; ++i) ::close(i);
    auto own = make_pipe();
    if (!own || own->read_end.get() <= STDERR_FILENO) ::_exit(1);
    SpawnPlan plan = shell("echo fine", pipe.write_end.get());
    plan.descriptors = {own->read_end.get(), pipe.write_end.get(), pipe.write_end.get()};
    auto spawned = spawn(plan);
    if (!spawned) ::_exit(2);
    int status = 0;
    ::waitpid(spawned->process_id, &status, 0);
    ::_exit(status == 0 ? 0 : 3);
  }
  int status = 0;
  ::waitpid(host, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(line_from(pipe), "fine");
}

TEST(Spawn, LeavesNoProcessWhenTheProgramDoesNotExist) {
  SpawnPlan plan = shell("", 1);
  plan.program = "/nonexistent";
  const auto spawned = spawn(plan);
  EXPECT_EQ(spawned.error().kind, ErrorKind::NotFound);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace pegbox
