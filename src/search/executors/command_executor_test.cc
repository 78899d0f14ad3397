// Tests of plain programs: those that report by lines or by print, and those that crash, hang, babble or do not exist.
#include "search/executors/command_executor.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "search/executors/testing.h"

namespace pegbox {
namespace {

using std::chrono::milliseconds;

class CommandExecutorTest : public testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create("pegbox-command").value();
  CommandOptions options;
  std::unique_ptr<CommandExecutor> executor;

  void SetUp() override {
    options.folder = folder_.path() / "trials";
    options.hyperparameters = {"x", "name"};
    options.grace_s = 0.4;
  }
  void run(const std::string& command) {
    options.command = command;
    auto created = CommandExecutor::create(options);
    ASSERT_TRUE(created) << created.error().message;
    executor = *std::move(created);
  }
  void run_python() { run("exec python3 " + write_program(folder_.path(), "trial.py", kPythonTrial).string()); }
  Signal end_of(const Launch& launch) {
    const auto started = executor->start(launch);
    EXPECT_TRUE(started) << started.error().message;
    return collect_end(*executor, launch.trial);
  }
  std::string log(int trial = 0) {
    return read_file(options.folder / ("trial-" + std::to_string(trial)) / "output.log").value_or("");
  }
};

constexpr char kReport[] = "echo '{{\"step\": 1, \"loss\": 0.5}}' >&$PEGBOX_REPORT_FD; ";

TEST_F(CommandExecutorTest, FillsInTheHyperparameters) {
  run("echo \"loss: {x} {name}\"; echo '{{\"loss\": {x}}}' >&$PEGBOX_REPORT_FD");
  const Signal done = end_of(launch_of(0, {{"x", 0.25}, {"name", "it's $HOME"}}));
  EXPECT_EQ(done.kind, SignalKind::Done) << done.detail;
  EXPECT_EQ(done.metrics.at("loss"), 0.25);
  EXPECT_EQ(log(), "loss: 0.25 it's $HOME\n");
}

TEST_F(CommandExecutorTest, TellsTheProgramWhatItNeeds) {
  options.environments = {{{"CUDA_VISIBLE_DEVICES", "3"}}};
  options.working_folder = folder_.path();
  run(std::string(kReport) +
      "echo $PEGBOX_TRIAL $PEGBOX_SEED $PEGBOX_UNTIL $CUDA_VISIBLE_DEVICES \"[$PEGBOX_RESUME]\"; "
      "pwd; cat $PEGBOX_CONFIG; test -d $PEGBOX_CHECKPOINT_DIR && echo folder");
  EXPECT_EQ(end_of(launch_of(4, {{"x", 0.5}})).kind, SignalKind::Done);
  EXPECT_EQ(log(4), "4 5 0 3 []\n" + folder_.path().string() + "\n{\"x\":0.5}\nfolder\n");
}

TEST_F(CommandExecutorTest, RefusesATemplateOrPatternAtTheStart) {
  options.command = "train {y}";
  EXPECT_EQ(CommandExecutor::create(options).error().kind, ErrorKind::InvalidInput);
  options.command = "train";
  options.metric_patterns = {{"loss", "("}};
  EXPECT_EQ(CommandExecutor::create(options).error().kind, ErrorKind::InvalidInput);
}

TEST_F(CommandExecutorTest, ReadsMetricsOutOfWhatIsPrinted) {
  options.metric_patterns = {{"validation_loss", "val loss: (\\S+)"}};
  options.step_pattern = "epoch (\\d+)";
  run("for i in 1 2 3; do echo \"epoch $i val loss: 0.$i\" >&2; done; printf 'epoch 4 val loss: 0.4'");
  ASSERT_TRUE(executor->start(launch_of(0)));
  const auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{1, 2, 3, 4}));
  EXPECT_EQ(signals.back().metrics.at("validation_loss"), 0.4);
}

TEST_F(CommandExecutorTest, CountsReportsWithoutSteps) {
  run("for i in 5 6 7; do echo \"{{\\\"loss\\\": $i}}\" >&$PEGBOX_REPORT_FD; done");
  ASSERT_TRUE(executor->start(launch_of(0)));
  const auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{1, 2, 3}));
}

TEST_F(CommandExecutorTest, PassesOnMetricsThatAreNoNumbers) {
  run("echo '{{\"loss\": \"nan\"}}' >&$PEGBOX_REPORT_FD");
  EXPECT_TRUE(std::isnan(end_of(launch_of(0)).metrics.at("loss")));
}

TEST_F(CommandExecutorTest, FailsAProgramThatReportsNothing) {
  run("echo all is well");
  const Signal failed = end_of(launch_of(0));
  EXPECT_EQ(failed.kind, SignalKind::Failed);
  EXPECT_NE(failed.detail.find("reported no metric"), std::string::npos) << failed.detail;
  EXPECT_NE(failed.detail.find("all is well"), std::string::npos);
}

TEST_F(CommandExecutorTest, KeepsTheEndOfTheOutputOfAProgramThatFails) {
  run("seq 1 100000; echo 'ValueError: no' >&2; exit 3");
  const Signal failed = end_of(launch_of(0));
  EXPECT_EQ(failed.kind, SignalKind::Failed);
  EXPECT_EQ(failed.failure, FailureKind::Error);
  EXPECT_NE(failed.detail.find("exit code 3"), std::string::npos);
  EXPECT_NE(failed.detail.find("ValueError: no"), std::string::npos);
  EXPECT_LT(failed.detail.size(), 3000u);
}

TEST_F(CommandExecutorTest, SuspectsMemoryWhenAProgramIsKilled) {
  run("kill -KILL $$");
  const Signal killed = end_of(launch_of(0));
  EXPECT_EQ(killed.failure, FailureKind::OutOfMemory);
  EXPECT_NE(killed.detail.find("SIGKILL (out of memory?)"), std::string::npos) << killed.detail;
  run("sh -c 'kill -KILL $$'; exit $?");
  EXPECT_EQ(end_of(launch_of(0)).failure, FailureKind::OutOfMemory);
  run("echo 'torch.OutOfMemoryError: CUDA out of memory.'; exit 1");
  EXPECT_EQ(end_of(launch_of(0)).failure, FailureKind::OutOfMemory);
  run("kill -SEGV $$");
  EXPECT_EQ(end_of(launch_of(0)).failure, FailureKind::Error);
}

TEST_F(CommandExecutorTest, TakesTheProgramsOwnWordForItsFailure) {
  run("echo '{{\"failed\": {{\"kind\": \"out-of-memory\", \"detail\": \"31 GiB\"}}}}' >&$PEGBOX_REPORT_FD; sleep 100");
  const Signal failed = end_of(launch_of(0));
  EXPECT_EQ(failed.failure, FailureKind::OutOfMemory);
  EXPECT_EQ(failed.detail, "31 GiB");
}

TEST_F(CommandExecutorTest, EndsTheStudyWhenTheCommandDoesNotExist) {
  run("pegbox-no-such-program {x}");
  ASSERT_TRUE(executor->start(launch_of(0)));
  Result<std::vector<Signal>> signals;
  EXPECT_TRUE(becomes_true([&] { return !(signals = executor->poll(milliseconds(20))).has_value(); }));
  EXPECT_EQ(signals.error().kind, ErrorKind::NotFound);
  EXPECT_NE(signals.error().message.find("pegbox-no-such-program"), std::string::npos) << signals.error().message;
}

TEST_F(CommandExecutorTest, FailsOnlyTheTrialWhenTheCommandHasWorkedBefore) {
  run("if [ $PEGBOX_TRIAL = 1 ]; then no-such-program; else " + std::string(kReport) + " fi");
  EXPECT_EQ(end_of(launch_of(0)).kind, SignalKind::Done);
  EXPECT_EQ(end_of(launch_of(1)).kind, SignalKind::Failed);
}

TEST_F(CommandExecutorTest, EndsAProgramThatHangs) {
  options.timeout_s = 0.2;
  run("trap '' TERM; sleep 1000");
  const Signal late = end_of(launch_of(0));
  EXPECT_EQ(late.kind, SignalKind::Failed);
  EXPECT_EQ(late.failure, FailureKind::Timeout);
  EXPECT_LT(executor->clock().now_s() - late.time_s, 1);
}

TEST_F(CommandExecutorTest, IsNotDisturbedByGarbage) {
  run("head -c 300000 /dev/urandom; echo; head -c 100000 /dev/urandom >&2; head -c 5000 /dev/urandom "
      ">&$PEGBOX_REPORT_FD; "
      "echo >&$PEGBOX_REPORT_FD; echo 'not json' >&$PEGBOX_REPORT_FD; head -c 3000000 /dev/zero | tr '\\0' x "
      ">&$PEGBOX_REPORT_FD; echo >&$PEGBOX_REPORT_FD; " +
      std::string("echo '{{\"step\": 1, \"loss\": 0.5}}' >&$PEGBOX_REPORT_FD"));
  const Signal done = end_of(launch_of(0));
  EXPECT_EQ(done.kind, SignalKind::Done) << done.detail;
  EXPECT_NE(log().find("a report line that says nothing"), std::string::npos);
}

TEST_F(CommandExecutorTest, BoundsWhatAProgramPrints) {
  options.log_limit_bytes = 100000;
  run("yes | head -c 5000000; " + std::string("echo '{{\"loss\": 1}}' >&$PEGBOX_REPORT_FD"));
  EXPECT_EQ(end_of(launch_of(0)).kind, SignalKind::Done);
  EXPECT_LT(tree_bytes(options.folder / "trial-0"), 110000u);
}

TEST_F(CommandExecutorTest, SeesTheEndOfAProgramWhoseGrandchildrenLive) {
  const Path pid_file = folder_.path() / "pid";
  run("sleep 1000 & echo $! > " + pid_file.string() + "; echo '{{\"loss\": 1}}' >&$PEGBOX_REPORT_FD");
  EXPECT_EQ(end_of(launch_of(0)).kind, SignalKind::Done);
  EXPECT_TRUE(becomes_true([&] { return !is_alive(std::stoi(read_file(pid_file).value())); }));
}

TEST_F(CommandExecutorTest, PausesProgramsThatWereToldToEndTogetherWithIt) {
  std::atomic<bool> interrupted = false;
  options.interrupted = &interrupted;
  options.working_folder = folder_.path();
  run("trap 'exit {x}' TERM; echo here > $PEGBOX_CHECKPOINT_DIR/state; echo $$ > pid-{trial}; "
      "echo '{{\"step\": 3, \"loss\": 0.5}}' >&$PEGBOX_REPORT_FD; while :; do sleep 0.01; done");
  const auto end_by_signal = [&](int trial) {
    EXPECT_TRUE(executor->start(launch_of(trial, {{"x", trial == 1 ? 0 : 143}})));
    collect(*executor, [](const auto& all) { return count(all, SignalKind::Report) == 1; });
    interrupted = trial == 1;
    ::kill(std::stoi(read_file(folder_.path() / ("pid-" + std::to_string(trial))).value()), SIGTERM);
  };
  end_by_signal(0);  // found dead before this process has heard of it
  std::thread soon([&] {
    std::this_thread::sleep_for(milliseconds(60));
    interrupted = true;
  });
  const Signal killed = collect_end(*executor, 0);
  soon.join();
  EXPECT_EQ(killed.kind, SignalKind::Paused) << killed.detail;
  EXPECT_EQ(killed.checkpoint, ".");
  end_by_signal(1);  // saves, and ends well
  EXPECT_EQ(collect_end(*executor, 1).kind, SignalKind::Paused);
  end_by_signal(2);  // nobody told us to leave
  EXPECT_EQ(collect_end(*executor, 2).kind, SignalKind::Failed);
}

TEST_F(CommandExecutorTest, KeepsWhatAProgramSaysBeyondItsRung) {
  run("for i in 1 2 3 4 5; do echo \"{{\\\"step\\\": $i, \\\"loss\\\": $i}}\" >&$PEGBOX_REPORT_FD; done");
  const Launch launch = launch_of(0, {}, 2);
  ASSERT_TRUE(executor->start(launch));
  auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Reached) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{1, 2}));
  std::this_thread::sleep_for(milliseconds(100));  // it has long ended
  ASSERT_TRUE(executor->start(next_leg(launch, signals.back(), 4)));
  signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Reached) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{3, 4}));
  ASSERT_TRUE(executor->start(next_leg(launch, signals.back())));
  signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{5}));
}

TEST_F(CommandExecutorTest, PausesAtARungWhatIsNotStartedAgain) {
  run_python();
  const Launch launch = launch_of(0, {{"nap", 0.01}, {"length", 30}}, 3);
  const Signal reached = end_of(launch);
  EXPECT_EQ(reached.kind, SignalKind::Reached);
  EXPECT_EQ(reached.checkpoint, ".");
  // The only place is taken until the program has left.
  const Signal other = end_of(launch_of(1, {{"length", 2}}));
  EXPECT_EQ(other.kind, SignalKind::Done) << other.detail;
  ASSERT_TRUE(executor->start(next_leg(launch, reached, 5)));
  const auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Reached) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{4, 5}));
}

TEST_F(CommandExecutorTest, HearsInTheNextLegWhatAProgramDidBeforeItLeft) {
  options.grace_s = 10;
  run("i=$(cat $PEGBOX_CHECKPOINT_DIR/last 2>/dev/null || echo 0); while [ $i -lt 6 ]; do i=$((i+1)); echo $i > "
      "$PEGBOX_CHECKPOINT_DIR/last; echo \"{{\\\"step\\\": $i, \\\"loss\\\": $i}}\" >&$PEGBOX_REPORT_FD; sleep 0.02; "
      "done");
  const Launch launch = launch_of(0, {}, 2);
  const Signal reached = end_of(launch);
  EXPECT_EQ(reached.step, 2);
  EXPECT_EQ(end_of(launch_of(1, {}, 0)).kind, SignalKind::Done) << "the first one has gone on to its end by then";
  ASSERT_TRUE(executor->start(next_leg(launch, reached)));
  const auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{3, 4, 5, 6}));
  EXPECT_EQ(signals.back().step, 6);
  EXPECT_EQ(signals.back().metrics.at("loss"), 6);
}

TEST_F(CommandExecutorTest, StartsAnewWhatWasPausedWithoutACheckpoint) {
  const std::string loop =
      "i=0; while [ $i -lt 40 ]; do i=$((i+1)); echo \"{{\\\"step\\\": $i, \\\"loss\\\": 1}}\" "
      ">&$PEGBOX_REPORT_FD; sleep 0.01; done";
  run("echo start; " + loop);
  Launch launch = launch_of(0);
  ASSERT_TRUE(executor->start(launch));
  collect(*executor, [](const auto& all) { return all.size() >= 3; });
  executor->pause(0);
  const auto paused = collect(*executor, [](const auto& all) { return count(all, SignalKind::Paused) == 1; });
  EXPECT_EQ(paused.back().checkpoint, "");
  ASSERT_TRUE(executor->start(launch));
  const auto again = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  const auto steps = steps_of(again, 0);
  EXPECT_EQ(steps.size(), 40u) << "the log takes the first reports back, so they are told again";
  EXPECT_TRUE(std::ranges::is_sorted(steps, std::less_equal<>()));
  EXPECT_EQ(log(), "start\nstart\n");
}

TEST_F(CommandExecutorTest, SendsTermToAProgramThatDoesNotRead) {
  run("trap 'echo saving; echo 7 > $PEGBOX_CHECKPOINT_DIR/state; exit 1' TERM; while :; do sleep 0.01; done");
  const Launch launch = launch_of(0);
  ASSERT_TRUE(executor->start(launch));
  std::this_thread::sleep_for(milliseconds(100));
  executor->pause(0);
  const Signal paused = collect_end(*executor, 0);
  EXPECT_EQ(paused.kind, SignalKind::Paused);
  EXPECT_EQ(paused.checkpoint, ".");
  EXPECT_NE(log().find("saving\n"), std::string::npos)
      << log();  // the shell may say first that its sleep was terminated
}

TEST_F(CommandExecutorTest, KillsAProgramThatNeitherReadsNorObeys) {
  run("trap '' TERM; while :; do sleep 0.01; done");
  ASSERT_TRUE(executor->start(launch_of(0)));
  std::this_thread::sleep_for(milliseconds(50));
  const double before_s = executor->clock().now_s();
  executor->stop(0);
  EXPECT_EQ(collect_end(*executor, 0).kind, SignalKind::Stopped);
  EXPECT_GE(executor->clock().now_s() - before_s, options.grace_s);
}

TEST_F(CommandExecutorTest, ResumesACloneFromTheCheckpointOfAnother) {
  run_python();
  const Launch first = launch_of(0, {{"length", 30}}, 4);
  const Signal reached = end_of(first);
  executor->release(0);
  Launch clone = launch_of(1, {{"length", 6}});
  clone.from = 4;
  clone.resume = CheckpointRef{0, 4, "state"};
  ASSERT_TRUE(executor->start(clone));
  const auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_EQ(steps_of(signals, 1), (std::vector<std::int64_t>{5, 6}));
}

TEST_F(CommandExecutorTest, DoesNotResumeFromTheFilesOfAnotherStudy) {
  run_python();
  EXPECT_EQ(end_of(launch_of(0, {{"x", 1.0}})).kind, SignalKind::Done);
  run_python();
  ASSERT_TRUE(executor->start(launch_of(0, {{"x", 2.0}})));
  const auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_EQ(steps_of(signals, 0).size(), 6u);
}

TEST_F(CommandExecutorTest, GoesOnFromItsFilesAfterTheHostDied) {
  run_python();
  const Launch launch = launch_of(0, {{"nap", 0.02}, {"length", 20}});
  ASSERT_TRUE(executor->start(launch));
  collect(*executor, [](const auto& all) { return all.size() >= 3; });
  executor.reset();
  run_python();
  ASSERT_TRUE(executor->start(launch));
  const auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_GE(steps_of(signals, 0).front(), 4);
  EXPECT_EQ(signals.back().step, 20);
}

TEST_F(CommandExecutorTest, LetsRunningProgramsSaveWhenItGoes) {
  run("trap 'echo 7 > $PEGBOX_CHECKPOINT_DIR/state; exit 1' TERM; while :; do sleep 0.01; done");
  ASSERT_TRUE(executor->start(launch_of(0)));
  std::this_thread::sleep_for(milliseconds(100));
  executor.reset();
  EXPECT_TRUE(std::filesystem::exists(options.folder / "trial-0" / "checkpoints" / "state"));
}

}  // namespace
}  // namespace pegbox
