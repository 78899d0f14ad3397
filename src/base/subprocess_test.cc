// Tests of Subprocess: real programs, what they get and give, and how they end.
#include "base/subprocess.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "base/rng.h"

namespace pegbox {
namespace {

using std::chrono::milliseconds;

ProcessSpec shell(const std::string& script) { return {.arguments = {"sh", "-c", script}}; }

std::string read_all(int descriptor) {
  LineReader reader(64 << 20);
  std::string text;
  bool more = true;
  while (more) {
    wait_readable({descriptor}, milliseconds(10000));
    more = reader.fill(descriptor);
    while (auto line = reader.take()) text += *line + "\n";
  }
  return text + reader.rest();
}

ExitStatus wait_for(Subprocess& process) {
  for (int i = 0; i < 4000; ++i) {
    if (const auto status = process.poll()) return *status;
    std::this_thread::sleep_for(milliseconds(5));
  }
  ADD_FAILURE() << "the process did not end";
  return {};
}

std::string output_of(const ProcessSpec& spec) {
  const auto process = Subprocess::start(spec);
  if (!process) return process.error().message;
  return read_all((*process)->output());
}

std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator{});
}

TEST(Subprocess, KeepsOutputAndErrorsApartAndGivesTheExitCode) {
  const auto process = Subprocess::start(shell("echo out; echo err >&2; exit 3")).value();
  EXPECT_EQ(read_all(process->output()), "out\n");
  EXPECT_EQ(read_all(process->error_output()), "err\n");
  const ExitStatus status = wait_for(*process);
  EXPECT_EQ(status.code, 3);
  EXPECT_EQ(status.signal, 0);
  EXPECT_EQ(status.describe(), "exit code 3");
  EXPECT_EQ(process->poll()->code, 3) << "the status stays";
}

TEST(Subprocess, SaysBeforeItReturnsThatAProgramDoesNotExist) {
  for (const char* name : {"no-such-program-of-pegbox", "/no/such/program", "./no-such-program", ""}) {
    const auto process = Subprocess::start({.arguments = {name}});
    ASSERT_FALSE(process) << name;
    EXPECT_EQ(process.error().kind, ErrorKind::NotFound) << process.error().message;
    EXPECT_NE(process.error().message.find(name), std::string::npos);
  }
}

TEST(Subprocess, ExplainsScriptsThatCannotRun) {
  const auto folder = TemporaryFolder::create("pegbox-test").value();
  const auto start = [&](const char* text, mode_t mode) {
    const Path script = folder.path() / "script";
    EXPECT_TRUE(replace_file(script, text));
    EXPECT_EQ(::chmod(script.c_str(), mode), 0);
    return Subprocess::start({.arguments = {script.string()}}).error();
  };
  EXPECT_NE(start("echo hi\n", 0700).message.find("#!/bin/sh"), std::string::npos);
  EXPECT_EQ(start("#!/no/such/interpreter\n", 0700).kind, ErrorKind::NotFound);
  EXPECT_NE(start("#!/bin/sh\n", 0600).message.find("permission denied"), std::string::npos);
}

TEST(Subprocess, RefusesAProgramInAFolderThatDoesNotExist) {
  ProcessSpec spec = shell("true");
  spec.folder = "/no/such/folder";
  const auto process = Subprocess::start(spec);
  EXPECT_EQ(process.error().kind, ErrorKind::Io);
  EXPECT_NE(process.error().message.find("/no/such/folder"), std::string::npos);
}

TEST(Subprocess, RefusesEmptyCommandsAndZeroBytes) {
  EXPECT_EQ(Subprocess::start({}).error().kind, ErrorKind::InvalidInput);
  EXPECT_EQ(Subprocess::start({.arguments = {"echo", std::string("a\0b", 3)}}).error().kind, ErrorKind::InvalidInput);
}

TEST(Subprocess, PassesArgumentsWithoutAShell) {
  EXPECT_EQ(output_of({.arguments = {"printf", "%s|", "a b", "$HOME", "", "*"}}), "a b|$HOME||*|");
}

TEST(Subprocess, AddsToTheParentsEnvironmentAndReplacesIt) {
  ::setenv("PEGBOX_TEST_KEPT", "kept", 1);
  ::setenv("PEGBOX_TEST_CHANGED", "before", 1);
  ProcessSpec spec =
      shell("echo $PEGBOX_TEST_KEPT $PEGBOX_TEST_CHANGED $PEGBOX_TEST_NEW; env | grep -c PEGBOX_TEST_CHANGED");
  spec.environment = {{"PEGBOX_TEST_CHANGED", "after"}, {"PEGBOX_TEST_NEW", "a=b"}};
  EXPECT_EQ(output_of(spec), "kept after a=b\n1\n");
}

TEST(Subprocess, LooksForTheProgramInTheChildsPath) {
  const auto folder = TemporaryFolder::create("pegbox-test").value();
  const Path script = folder.path() / "pegbox-test-program";
  ASSERT_TRUE(replace_file(script, "#!/bin/sh\necho found\n"));
  ASSERT_EQ(::chmod(script.c_str(), 0700), 0);
  EXPECT_EQ(output_of({.arguments = {"pegbox-test-program"},
                       .environment = {{"PATH", "/nowhere::" + folder.path().string()}}}),
            "found\n");
}

TEST(Subprocess, RunsInItsFolder) {
  ProcessSpec spec = shell("pwd");
  spec.folder = "/usr";
  EXPECT_EQ(output_of(spec), "/usr\n");
}

TEST(Subprocess, GivesNoInputUnlessAskedTo) { EXPECT_EQ(output_of(shell("cat; echo end")), "end\n"); }

TEST(Subprocess, WritesMoreThanAPipeHolds) {
  ProcessSpec spec{.arguments = {"wc", "-c"}};
  spec.pipe_input = true;
  const auto process = Subprocess::start(spec).value();
  ASSERT_TRUE(process->write(std::string(3'000'000, 'x')));
  process->close_input();
  EXPECT_EQ(std::stoi(read_all(process->output())), 3'000'000);
  EXPECT_FALSE(process->write("x")) << "closed";
}

TEST(Subprocess, ReportsAChildThatIsGoneWithoutRaisingASignal) {
  ProcessSpec spec = shell("exit 0");
  spec.pipe_input = true;
  const auto process = Subprocess::start(spec).value();
  wait_for(*process);
  for (int i = 0; i < 2; ++i) {
    const auto written = process->write("hello");  // the default action of SIGPIPE would end this test program
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().kind, ErrorKind::Io);
    EXPECT_NE(written.error().message.find("the other end is closed"), std::string::npos) << written.error().message;
  }
  sigset_t pending, mask;
  ::sigpending(&pending);
  EXPECT_EQ(::sigismember(&pending, SIGPIPE), 0);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  EXPECT_EQ(::sigismember(&mask, SIGPIPE), 0);
}

TEST(Subprocess, GivesUpOnAChildThatDoesNotReadForTenSeconds) {
  ProcessSpec spec{.arguments = {"sleep", "100"}};
  spec.pipe_input = true;
  const auto process = Subprocess::start(spec).value();
  const auto start = std::chrono::steady_clock::now();
  const auto written = process->write(std::string(1 << 20, 'x'));
  ASSERT_FALSE(written);
  EXPECT_NE(written.error().message.find("did not read"), std::string::npos);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(9000));
}

TEST(Subprocess, TalksOverExtraPipesNamedByVariables) {
  ProcessSpec spec = shell("read x <&$PEGBOX_VERDICT_FD; echo got $x >&$PEGBOX_REPORT_FD; echo plain");
  spec.read_pipe_variables = {"PEGBOX_REPORT_FD", "PEGBOX_OTHER_FD"};
  spec.write_pipe_variables = {"PEGBOX_VERDICT_FD"};
  const auto process = Subprocess::start(spec).value();
  ASSERT_TRUE(process->write("go 400\n", "PEGBOX_VERDICT_FD"));
  EXPECT_EQ(read_all(process->read_pipe("PEGBOX_REPORT_FD")), "got go 400\n");
  EXPECT_EQ(read_all(process->read_pipe("PEGBOX_OTHER_FD")), "");
  EXPECT_EQ(read_all(process->output()), "plain\n");
  EXPECT_EQ(process->read_pipe("UNKNOWN"), -1);
  EXPECT_FALSE(process->write("x", "UNKNOWN"));
}

TEST(Subprocess, EndsByTheSignalItWasSent) {
  const auto process = Subprocess::start({.arguments = {"sleep", "1000"}}).value();
  EXPECT_FALSE(process->poll());
  process->signal_group(SIGTERM);
  const ExitStatus status = wait_for(*process);
  EXPECT_EQ(status.signal, SIGTERM);
  EXPECT_EQ(status.code, 128 + SIGTERM);
  EXPECT_EQ(status.describe(), "killed by SIGTERM");
}

TEST(Subprocess, KillsItsGrandchildrenWhenDestroyed) {
  auto process = Subprocess::start(shell("sleep 1000 & echo $!; trap '' TERM; wait")).value();
  LineReader reader;
  std::optional<std::string> line;
  while (!(line = reader.take())) {
    wait_readable({process->output()}, milliseconds(5000));
    ASSERT_TRUE(reader.fill(process->output()));
  }
  const pid_t grandchild = std::stoi(*line);
  const int output = ::fcntl(process->output(), F_DUPFD_CLOEXEC, 3);
  process.reset();
  // Its output ends only when every process that holds the other end is gone.
  EXPECT_EQ(read_all(output), "");
  ::close(output);
  for (int i = 0; i < 1000 && ::kill(grandchild, 0) == 0; ++i) std::this_thread::sleep_for(milliseconds(1));
}

TEST(Subprocess, KillsEvenAChildThatLeftItsGroup) {
  auto process = Subprocess::start({.arguments = {"setsid", "sleep", "1000"}}).value();
  const pid_t child = process->process_id();
  process.reset();
  EXPECT_EQ(::kill(child, 0), -1);
}

TEST(Subprocess, LeavesNeitherDescriptorsNorZombies) {
  const auto before = open_descriptors();
  const auto start_some = [] {
    for (int i = 0; i < 15; ++i) {
      const auto process = Subprocess::start(shell("echo $$")).value();
      EXPECT_EQ(std::stoi(read_all(process->output())), process->process_id());
      if (i % 2) wait_for(*process);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(start_some);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ExitStatus, NamesRareSignalsByNumber) {
  EXPECT_EQ((ExitStatus{.code = 128 + 9, .signal = 9}).describe(), "killed by SIGKILL");
  EXPECT_EQ((ExitStatus{.code = 128 + 40, .signal = 40}).describe(), "killed by signal 40");
}

class Lines : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::pipe2(ends_, O_NONBLOCK | O_CLOEXEC), 0);
    ::fcntl(ends_[1], F_SETPIPE_SZ, 1 << 20);
  }
  void TearDown() override {
    ::close(ends_[0]);
    if (ends_[1] >= 0) ::close(ends_[1]);
  }
  void send(std::string_view bytes) {
    ASSERT_EQ(::write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void end() {
    ::close(ends_[1]);
    ends_[1] = -1;
  }
  int ends_[2];
};

TEST_F(Lines, ComeWholeHoweverTheBytesArrive) {
  Rng rng({.seed = 1, .stream = stream_id("lines")});
  std::string sent;
  std::vector<std::string> expected, got;
  for (int i = 0; i < 500; ++i) {
    expected.emplace_back(rng.below(300), static_cast<char>('a' + i % 26));
    sent += expected.back() + "\n";
  }
  LineReader reader;
  for (std::size_t at = 0; at < sent.size();) {
    const std::size_t count = 1 + rng.below(700);
    send(std::string_view(sent).substr(at, count));
    at += count;
    EXPECT_TRUE(reader.fill(ends_[0]));
    if (rng.below(2))
      while (auto line = reader.take()) got.push_back(*line);
  }
  while (auto line = reader.take()) got.push_back(*line);
  EXPECT_EQ(got, expected);
}

TEST_F(Lines, GiveTheLastOneWithoutNewlineAsRest) {
  LineReader reader;
  send("one\n\ntw");
  EXPECT_TRUE(reader.fill(ends_[0]));
  EXPECT_EQ(reader.take(), "one");
  EXPECT_EQ(reader.take(), "");
  EXPECT_EQ(reader.take(), std::nullopt);
  send("o");
  end();
  EXPECT_FALSE(reader.fill(ends_[0]));
  EXPECT_EQ(reader.take(), std::nullopt);
  EXPECT_EQ(reader.rest(), "two");
  EXPECT_EQ(reader.rest(), "");
}

TEST_F(Lines, AreCutAtTheLimitOnceAndTheNextIsWhole) {
  LineReader reader(10);
  send("0123456789\n0123456789abc");
  reader.fill(ends_[0]);
  EXPECT_EQ(reader.take(), "0123456789");
  EXPECT_FALSE(reader.overflowed());
  EXPECT_EQ(reader.take(), "0123456789");
  EXPECT_TRUE(reader.overflowed());
  EXPECT_EQ(reader.take(), std::nullopt);
  EXPECT_FALSE(reader.overflowed());
  send("defghijklmnopqrstuvwxyz");
  reader.fill(ends_[0]);
  EXPECT_EQ(reader.take(), std::nullopt) << "the end of a cut line is dropped";
  send("still\nnext\n");
  reader.fill(ends_[0]);
  EXPECT_EQ(reader.take(), "next");
  EXPECT_FALSE(reader.overflowed());
}

TEST_F(Lines, OverTheLimitAreCutEvenWhenTheyComeAtOnce) {
  LineReader reader(4);
  send("abcdefgh\nij\nklmnopq");
  end();
  while (reader.fill(ends_[0])) continue;
  EXPECT_EQ(reader.take(), "abcd");
  EXPECT_TRUE(reader.overflowed());
  EXPECT_EQ(reader.take(), "ij");
  EXPECT_FALSE(reader.overflowed());
  EXPECT_EQ(reader.take(), "klmn");
  EXPECT_EQ(reader.take(), std::nullopt);
  EXPECT_EQ(reader.rest(), "");
}

TEST_F(Lines, FromAChildThatNeverStopsWritingDoNotHoldUs) {
  const auto process = Subprocess::start({.arguments = {"yes"}}).value();
  LineReader reader;
  wait_readable({process->output()}, milliseconds(5000));
  EXPECT_TRUE(reader.fill(process->output()));
  EXPECT_EQ(reader.take(), "y");
}

TEST_F(Lines, WaitReturnsWhenTheTimeIsOver) {
  const auto start = std::chrono::steady_clock::now();
  wait_readable({ends_[0]}, milliseconds(50));
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds(45));
  send("x");
  wait_readable({-1, ends_[0]}, milliseconds(60000));
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(30000));
}

}  // namespace
}  // namespace pegbox
