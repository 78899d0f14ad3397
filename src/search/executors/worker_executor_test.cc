// Tests of protocol workers that misbehave: they die, hang, fall silent, talk nonsense, speak another version.
#include "search/executors/worker_executor.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "search/executors/testing.h"

namespace pegbox {
namespace {

using std::chrono::milliseconds;

class WorkerExecutorTest : public testing::Test {
 protected:
  TemporaryFolder folder_ = TemporaryFolder::create("pegbox-workers").value();
  WorkerOptions options;
  std::unique_ptr<WorkerExecutor> executor;

  void SetUp() override {
    options.folder = folder_.path() / "logs";
    options.restart_delay_s = 0.01;
    options.grace_s = 0.2;
    options.lease_s = 5;
    options.ready_timeout_s = 10;
  }
  ProcessSpec worker(const std::string& mode = "", int slots = 2) {
    return {.arguments = {"python3", write_program(folder_.path(), "worker.py", kPythonWorker)},
            .environment = {{"MODE", mode}, {"SLOTS", std::to_string(slots)}},
            .folder = {}};
  }
  ProcessSpec shell(const std::string& command) {
    return {.arguments = {"/bin/sh", "-c", command}, .environment = {}, .folder = {}};
  }
  void run(std::vector<ProcessSpec> processes, int ready_slots = -1) {
    options.processes = std::move(processes);
    auto started = WorkerExecutor::start(options);
    ASSERT_TRUE(started) << started.error().message;
    executor = *std::move(started);
    if (ready_slots < 0) return;
    ASSERT_TRUE(becomes_true([&] { return executor->poll(milliseconds(20)) && executor->slots() >= ready_slots; }));
  }
  std::string log(int worker = 1) {
    return read_file(options.folder / ("worker-" + std::to_string(worker) + ".log")).value_or("");
  }
  /// Polls until it fails; the message.
  std::string final_error() {
    std::string message;
    EXPECT_TRUE(becomes_true([&] {
      const auto signals = executor->poll(milliseconds(20));
      if (!signals) message = signals.error().message;
      return !message.empty();
    }));
    return message;
  }
};

TEST_F(WorkerExecutorTest, AsksWhatThereIsToTune) {
  run({worker("describes")});
  const auto described = executor->describe();
  ASSERT_TRUE(described) << described.error().message;
  ASSERT_TRUE(*described);
  EXPECT_EQ((*described)->values.at("parameters"), 10);
  EXPECT_EQ((*described)->limits.at("peak_memory"), "2 * rank");
  EXPECT_EQ(executor->slots(), 2);
}

TEST_F(WorkerExecutorTest, TakesNoDescriptionFromAWorkerThatGivesNone) {
  run({worker()});
  const auto described = executor->describe();
  ASSERT_TRUE(described);
  EXPECT_FALSE(*described);
}

TEST_F(WorkerExecutorTest, GoesOnInMemoryWithTheWorkerThatHoldsTheTrial) {
  run({worker("", 1), worker("", 1)}, 2);
  const Launch launch = launch_of(3, {{"unnamed", true}}, 2);
  ASSERT_TRUE(executor->start(launch));
  const Signal reached = collect_end(*executor, 3);
  EXPECT_EQ(reached.kind, SignalKind::Reached);
  EXPECT_EQ(reached.checkpoint, "");
  // Its worker is busy, the other one free; without a checkpoint the leg must wait for its worker.
  const bool first = reached.worker == "worker 1";
  ASSERT_TRUE(executor->start(launch_of(4, {{"nap", 0.02}})));
  ASSERT_TRUE(executor->start(launch_of(5, {{"nap", 0.02}})));
  ASSERT_TRUE(executor->start(next_leg(launch, reached)));
  const Signal done = collect_end(*executor, 3);
  EXPECT_EQ(done.kind, SignalKind::Done);
  EXPECT_EQ(done.worker, reached.worker);
  EXPECT_NE(log(first ? 1 : 2).find("heard go 3"), std::string::npos);
  executor->release(3);
  EXPECT_TRUE(becomes_true([&] {
    (void)executor->poll(milliseconds(10));
    return log(first ? 1 : 2).find("heard release 3") != std::string::npos;
  }));
}

TEST_F(WorkerExecutorTest, MovesATrialWithACheckpointToAFreeWorker) {
  run({worker("", 1), worker("", 1)}, 2);
  const Launch launch = launch_of(3, {}, 2);
  ASSERT_TRUE(executor->start(launch));
  const Signal reached = collect_end(*executor, 3);
  ASSERT_TRUE(executor->start(launch_of(4, {{"nap", 0.1}})));
  ASSERT_TRUE(executor->start(next_leg(launch, reached)));
  const Signal done = collect_end(*executor, 3);
  EXPECT_EQ(done.kind, SignalKind::Done);
  EXPECT_NE(done.worker, reached.worker);
}

TEST_F(WorkerExecutorTest, StartsATrialThatWentOnElsewhereFromItsCheckpoint) {
  run({worker("", 1)}, 1);
  Launch launch = launch_of(3, {}, 2);
  ASSERT_TRUE(executor->start(launch));
  const Signal reached = collect_end(*executor, 3);
  ASSERT_EQ(reached.step, 2);
  launch = next_leg(launch, reached);
  launch.from = 4;  // another host's worker took it there, and left a checkpoint
  launch.resume = CheckpointRef{3, 4, reached.checkpoint};
  ASSERT_TRUE(executor->start(launch));
  EXPECT_EQ(collect_end(*executor, 3).kind, SignalKind::Done);
  EXPECT_EQ(log().find("heard go 3"), std::string::npos) << log();
}

TEST_F(WorkerExecutorTest, LosesTheTrialsOfADeadWorkerAndNoOther) {
  run({worker("", 2), worker("", 2)}, 4);
  ASSERT_TRUE(executor->start(launch_of(0, {{"nap", 0.01}, {"length", 1000000}})));
  ASSERT_TRUE(executor->start(launch_of(1, {{"nap", 0.05}, {"length", 8}})));
  ASSERT_TRUE(executor->start(launch_of(2, {{"crash", 3}, {"nap", 0.02}})));
  std::map<std::int64_t, Signal> ends;
  const auto all_ended = [](const auto& all) {
    return count(all, SignalKind::WorkerLost) >= 2 && count(all, SignalKind::Done) == 1;
  };
  for (const Signal& signal : collect(*executor, all_ended))
    if (ends_leg(signal.kind)) ends[signal.trial] = signal;
  EXPECT_EQ(ends[2].kind, SignalKind::WorkerLost);
  EXPECT_EQ(ends[2].step, 2);
  EXPECT_NE(ends[2].detail.find("exit code 3"), std::string::npos) << ends[2].detail;
  EXPECT_EQ(ends[0].worker, ends[2].worker);
  EXPECT_EQ(ends[1].kind, SignalKind::Done);
  // The worker comes back, and the lost trial goes on from its checkpoint.
  Launch again = launch_of(0, {{"length", 6}});
  again.from = 4;
  again.resume = CheckpointRef{0, 4, "0@4"};
  again.attempt = 2;
  ASSERT_TRUE(executor->start(again));
  const auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_EQ(steps_of(signals, 0), (std::vector<std::int64_t>{5, 6}));
  EXPECT_TRUE(becomes_true([&] { return executor->poll(milliseconds(10)) && executor->slots() == 4; }));
}

TEST_F(WorkerExecutorTest, LosesWhatADeadWorkerHeldButNotItsCheckpoints) {
  run({worker("", 1)}, 1);
  const Launch launch = launch_of(0, {}, 2);
  ASSERT_TRUE(executor->start(launch));
  const Signal reached = collect_end(*executor, 0);
  ASSERT_TRUE(executor->start(launch_of(1, {{"crash", 1}})));
  EXPECT_EQ(collect_end(*executor, 1).kind, SignalKind::WorkerLost);
  ASSERT_TRUE(executor->start(next_leg(launch, reached)));
  EXPECT_EQ(collect_end(*executor, 0).kind, SignalKind::Done);
}

TEST_F(WorkerExecutorTest, LosesAWorkerThatFallsSilent) {
  options.lease_s = 0.3;
  run({worker("", 1)}, 1);
  ASSERT_TRUE(executor->start(launch_of(0, {{"hang", 2}})));
  const Signal lost = collect_end(*executor, 0);
  EXPECT_EQ(lost.kind, SignalKind::WorkerLost);
  EXPECT_NE(lost.detail.find("silent"), std::string::npos) << lost.detail;
  ASSERT_TRUE(executor->start(launch_of(0)));
  EXPECT_EQ(collect_end(*executor, 0).kind, SignalKind::Done);
}

TEST_F(WorkerExecutorTest, KeepsAWorkerThatIsOnlySlowButAlive) {
  options.lease_s = 0.4;
  run({worker("", 1)}, 1);
  ASSERT_TRUE(executor->start(launch_of(0, {{"nap", 0.7}, {"length", 2}})));
  EXPECT_EQ(collect_end(*executor, 0).kind, SignalKind::Done);
}

TEST_F(WorkerExecutorTest, EndsATrialThatRunsTooLong) {
  options.timeout_s = 0.2;
  run({worker("", 2)}, 2);
  ASSERT_TRUE(executor->start(launch_of(0, {{"nap", 0.01}, {"length", 1000000}})));
  const Signal late = collect_end(*executor, 0);
  EXPECT_EQ(late.kind, SignalKind::Failed);
  EXPECT_EQ(late.failure, FailureKind::Timeout);
  ASSERT_TRUE(executor->start(launch_of(1)));
  EXPECT_EQ(collect_end(*executor, 1).kind, SignalKind::Done);
}

TEST_F(WorkerExecutorTest, CountsTheTimeOfAllLegsOfATrial) {
  options.timeout_s = 0.4;
  run({worker("", 1)}, 1);
  Launch launch = launch_of(0, {{"nap", 0.03}, {"length", 100}}, 6);
  Signal signal;
  for (int leg = 0; leg < 10 && signal.kind != SignalKind::Failed; ++leg) {
    ASSERT_TRUE(executor->start(launch));
    signal = collect_end(*executor, 0);
    launch = next_leg(launch, signal, signal.step + 6);
  }
  EXPECT_EQ(signal.failure, FailureKind::Timeout);
  EXPECT_GE(signal.step, 6);
}

TEST_F(WorkerExecutorTest, KillsAWorkerThatDoesNotObeyATimeout) {
  options.timeout_s = 0.15;
  run({worker("", 2)}, 2);
  ASSERT_TRUE(executor->start(launch_of(0, {{"nap", 0.01}, {"length", 1000000}, {"stubborn", true}})));
  const Signal late = collect_end(*executor, 0);
  EXPECT_EQ(late.failure, FailureKind::Timeout);
  EXPECT_NE(late.detail.find("did not stop"), std::string::npos) << late.detail;
}

TEST_F(WorkerExecutorTest, WaitsForNoDescriptionOnceItIsInterrupted) {
  const std::atomic<bool> interrupted = true;
  options.interrupted = &interrupted;
  run({shell("exec sleep 1000")});
  const auto described = executor->describe();
  ASSERT_TRUE(described) << described.error().message;
  EXPECT_FALSE(*described);
}

TEST_F(WorkerExecutorTest, AWorkerThatWasToldToEndTogetherWithItLosesNothing) {
  std::atomic<bool> interrupted = false;
  options.interrupted = &interrupted;
  run({worker("dies in a trial")});
  ASSERT_TRUE(executor->start(launch_of(0, {{"crash", 2}})));
  interrupted = true;
  const Signal back = collect_end(*executor, 0);
  EXPECT_EQ(back.kind, SignalKind::Paused) << back.detail;
}

TEST_F(WorkerExecutorTest, StartsAProgramThatCannotBeRunOnlyOnce) {
  run({shell("echo tried >&2; exit 127")});
  EXPECT_NE(final_error().find("exit code 127"), std::string::npos);
  EXPECT_EQ(log().find("tried"), log().rfind("tried"));
}

TEST_F(WorkerExecutorTest, GivesUpWorkersThatDieBeforeTheyAreReady) {
  run({worker("dies early")});
  const std::string message = final_error();
  EXPECT_NE(message.find("no such model"), std::string::npos) << message;
  EXPECT_NE(message.find("exit code 5"), std::string::npos) << message;
  EXPECT_NE(executor->describe().error().message.find("no such model"), std::string::npos);
}

TEST_F(WorkerExecutorTest, GoesOnWithTheWorkersThatAreLeft) {
  run({worker("dies early"), worker("", 1)}, 1);
  std::this_thread::sleep_for(milliseconds(300));
  ASSERT_TRUE(executor->start(launch_of(0)));
  EXPECT_EQ(collect_end(*executor, 0).worker, "worker 2");
}

TEST_F(WorkerExecutorTest, GivesUpAWorkerThatIsNeverReady) {
  options.ready_timeout_s = 0.1;
  options.start_attempts = 2;
  run({worker("never ready")});
  EXPECT_NE(final_error().find("not ready"), std::string::npos);
}

TEST_F(WorkerExecutorTest, RefusesAnotherVersionOfTheProtocol) {
  run({worker("protocol 2")});
  const std::string message = final_error();
  EXPECT_NE(message.find("version 2"), std::string::npos) << message;
  EXPECT_NE(message.find("version 1"), std::string::npos) << message;
}

TEST_F(WorkerExecutorTest, SaysAtOnceThatAProgramDoesNotExist) {
  options.processes = {{.arguments = {"/no/such/trainer"}, .environment = {}, .folder = {}}};
  EXPECT_EQ(WorkerExecutor::start(options).error().kind, ErrorKind::NotFound);
}

TEST_F(WorkerExecutorTest, PutsGarbageIntoTheLogAndGoesOn) {
  run({worker("garbage", 1)}, 1);
  ASSERT_TRUE(executor->start(launch_of(0)));
  EXPECT_EQ(collect_end(*executor, 0).kind, SignalKind::Done);
  EXPECT_NE(log().find("hello"), std::string::npos);
  EXPECT_NE(log().find("unheard"), std::string::npos);
  EXPECT_LT(log().size(), 20000u);
}

TEST_F(WorkerExecutorTest, LearnsOfNewSlots) {
  run({worker("slots grow", 1)}, 1);
  EXPECT_TRUE(becomes_true([&] { return executor->poll(milliseconds(50)) && executor->slots() == 7; }));
}

TEST_F(WorkerExecutorTest, IgnoresNewsOfTrialsThatTheWorkerDoesNotHave) {
  const std::string script =
      "echo '{\"ready\": {\"protocol\": 1, \"slots\": 1}}'; read line; "
      "echo '{\"report\": {\"trial\": 9, \"step\": 1, \"metrics\": {\"loss\": 1}}}'; "
      "echo '{\"done\": {\"trial\": 9, \"metrics\": {\"loss\": 1}}}'; "
      "echo '{\"done\": {\"trial\": 0, \"step\": 4, \"metrics\": {\"loss\": 1}}}'; "
      "echo '{\"reached\": {\"trial\": 0, \"step\": 5, \"metrics\": {\"loss\": 1}}}'; read line; sleep 10";
  run({shell(script)}, 1);
  ASSERT_TRUE(executor->start(launch_of(0)));
  auto signals = collect(*executor, [](const auto& all) { return count(all, SignalKind::Done) == 1; });
  EXPECT_TRUE(becomes_true([&] {
    const auto more = executor->poll(milliseconds(10)).value();
    signals.insert(signals.end(), more.begin(), more.end());
    return executor->ignored_messages() == 3;
  }));
  EXPECT_EQ(signals.size(), 1u);
}

TEST_F(WorkerExecutorTest, PausesAndStopsLegsThatWaitForASlot) {
  run({worker("", 1)}, 1);
  ASSERT_TRUE(executor->start(launch_of(0, {{"nap", 0.02}, {"length", 1000}})));
  Launch waiting = launch_of(1);
  waiting.resume = CheckpointRef{1, 3, "1@3"};
  waiting.from = 3;
  ASSERT_TRUE(executor->start(waiting));
  ASSERT_TRUE(executor->start(launch_of(2)));
  executor->pause(1);
  executor->stop(2);
  const Signal paused = collect_end(*executor, 1);
  EXPECT_EQ(paused.kind, SignalKind::Paused);
  EXPECT_EQ(paused.checkpoint, "1@3");
  EXPECT_EQ(paused.step, 3);
  executor->stop(0);
  EXPECT_EQ(collect_end(*executor, 0).kind, SignalKind::Stopped);
}

TEST_F(WorkerExecutorTest, LosesAWorkerThatClosesItsOutput) {
  run({shell("echo '{\"ready\": {\"protocol\": 1, \"slots\": 1}}'; read line; exec >&-; sleep 100")}, 1);
  ASSERT_TRUE(executor->start(launch_of(0)));
  EXPECT_EQ(collect_end(*executor, 0).kind, SignalKind::WorkerLost);
}

TEST_F(WorkerExecutorTest, LosesAWorkerThatClosesItsInput) {
  run({shell("echo '{\"ready\": {\"protocol\": 1, \"slots\": 1}}'; exec <&-; "
             "while :; do echo '{\"alive\": {}}'; sleep 0.05; done")},
      1);
  std::this_thread::sleep_for(milliseconds(100));
  ASSERT_TRUE(executor->start(launch_of(0)));
  const Signal lost = collect_end(*executor, 0);
  EXPECT_EQ(lost.kind, SignalKind::WorkerLost);
  EXPECT_NE(lost.detail.find("does not read"), std::string::npos) << lost.detail;
}

// Its grandchildren hold the pipes open; its end is seen all the same, and they go with it.
TEST_F(WorkerExecutorTest, SeesTheEndOfAWorkerWhoseGrandchildrenLive) {
  const Path pid_file = folder_.path() / "pid";
  run({shell("echo '{\"ready\": {\"protocol\": 1, \"slots\": 1}}'; read line; sleep 1000 & echo $! > " +
             pid_file.string() + "; exit 4")},
      1);
  ASSERT_TRUE(executor->start(launch_of(0)));
  const Signal lost = collect_end(*executor, 0);
  EXPECT_EQ(lost.kind, SignalKind::WorkerLost);
  EXPECT_NE(lost.detail.find("exit code 4"), std::string::npos) << lost.detail;
  const int grandchild = std::stoi(read_file(pid_file).value());
  EXPECT_TRUE(becomes_true([&] { return !is_alive(grandchild); }));
}

std::set<int> processes_that_mention(const std::string& text) {
  std::set<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    std::stringstream command;
    command << file.rdbuf();
    if (command.str().find(text) != std::string::npos && is_alive(std::stoi(name))) found.insert(std::stoi(name));
  }
  return found;
}

TEST_F(WorkerExecutorTest, LeavesNoChildrenWhenTheHostIsKilled) {
  const std::string marker = (folder_.path() / "worker.py").string();
  const auto spec = worker("", 1);
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t host = ::fork();
  if (host == 0) {
    run({spec, spec}, 2);
    (void)!::write(ready[1], "r", 1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(processes_that_mention(marker).size(), 2u);
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  EXPECT_TRUE(becomes_true([&] { return processes_that_mention(marker).empty(); }));
}

TEST_F(WorkerExecutorTest, LeavesQuietlyAtTheEnd) {
  run({worker("", 1)}, 1);
  ASSERT_TRUE(executor->start(launch_of(0, {{"nap", 0.05}, {"length", 1000}})));
  collect(*executor, [](const auto& all) { return !all.empty(); });
  executor.reset();
  EXPECT_NE(log().find("heard quit"), std::string::npos);
  EXPECT_TRUE(processes_that_mention((folder_.path() / "worker.py").string()).empty());
}

}  // namespace
}  // namespace pegbox
