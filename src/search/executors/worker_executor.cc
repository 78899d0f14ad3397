// WorkerExecutor: legs, and the places where they run.
#include "search/executors/worker_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/units.h"
#include "search/executors/farewell.h"
#include "search/executors/signal_order.h"

namespace pegbox {
namespace {

constexpr double kLongestRestartDelay_s = 10;
constexpr double kLongestQuit_s = 2;
constexpr double kLongestClosing_s = 0.5;  // between the end of its output and its own
constexpr double kLongestNap_s = 0.05;     // an exit shows in no descriptor if a grandchild holds the pipes

/// A program that says that it is used wrongly (2), or that the shell cannot run (126, 127), does not get better by
/// being started again.
bool is_hopeless(const ExitStatus& status) { return status.code == 2 || status.code == 126 || status.code == 127; }

}  // namespace

struct WorkerExecutor::Worker {
  Worker(std::string name, ProcessSpec spec, const Path& log_file, std::uint64_t log_limit_bytes)
      : name(std::move(name)), spec(std::move(spec)), log(log_file, log_limit_bytes) {}

  bool is_ready() const { return process != nullptr && slots >= 0; }

  const std::string name;  // "worker 1"
  const ProcessSpec spec;
  OutputLog log;
  std::unique_ptr<WorkerProcess> process;  // nullptr: it waits to be started, or is given up
  int slots = -1;                          // -1: not ready yet
  bool describes = false;
  bool is_deaf = false;  // a message did not reach it
  double heard_s = 0;
  double start_at_s = 0;  // when to start it, without a process
  int fruitless_deaths = 0;
  std::string last_words;  // of the process that died last
  std::string given_up;    // why, if it is
};

WorkerExecutor::WorkerExecutor(WorkerOptions options) : options_(std::move(options)) {}

Result<std::unique_ptr<WorkerExecutor>> WorkerExecutor::start(WorkerOptions options) {
  if (options.processes.empty())
    return fail(ErrorKind::InvalidInput, {.where = "workers", .what = "no workers", .expected = "at least one"});
  PEGBOX_CHECK(make_folder(options.folder));
  std::unique_ptr<WorkerExecutor> executor(new WorkerExecutor(std::move(options)));
  const WorkerOptions& own = executor->options_;
  for (std::size_t i = 0; i < own.processes.size(); ++i) {
    const auto number = std::to_string(i + 1);
    executor->workers_.push_back(std::make_unique<Worker>(
        "worker " + number, own.processes[i], own.folder / ("worker-" + number + ".log"), own.log_limit_bytes));
    Worker& worker = *executor->workers_.back();
    PEGBOX_TRY(worker.process, WorkerProcess::start(worker.spec, worker.log));
    worker.heard_s = executor->clock_.now_s();
  }
  return executor;
}

WorkerExecutor::~WorkerExecutor() {
  for (const auto& worker : workers_) {
    if (!worker->process) continue;
    worker->process->send(message::Quit{});
    worker->process->close_input();
  }
  const double until_s = clock_.now_s() + std::min(options_.grace_s, kLongestQuit_s);
  const auto lives = [](const auto& worker) {
    if (worker->process) worker->process->receive();  // one that cannot write cannot leave
    return worker->process && !worker->process->ended();
  };
  while (clock_.now_s() < until_s && std::ranges::any_of(workers_, lives)) wait_for_news(until_s);
}

int WorkerExecutor::slots() const {
  int slots = 0;
  for (const auto& worker : workers_)
    if (worker->is_ready()) slots += worker->slots;
  return slots;
}

Result<std::optional<message::Described>> WorkerExecutor::describe() {
  described_.reset();
  const auto is_ready = [](const auto& worker) { return worker->is_ready(); };
  const auto is_interrupted = [this] { return options_.interrupted != nullptr && *options_.interrupted; };
  for (;;) {
    service();
    PEGBOX_CHECK(hope());
    if (is_interrupted()) return std::nullopt;
    const auto ready = std::ranges::find_if(workers_, is_ready);
    if (ready == workers_.end()) {
      wait_for_news(clock_.now_s() + kLongestNap_s);
      continue;
    }
    if (!(*ready)->describes) return std::nullopt;
    const WorkerProcess* asked = (*ready)->process.get();
    say(static_cast<int>(ready - workers_.begin()), message::Describe{++description_id_});
    const double asked_s = clock_.now_s();
    const auto silent_s = [&] { return clock_.now_s() - std::max(asked_s, (*ready)->heard_s); };
    while ((*ready)->process.get() == asked && silent_s() < options_.ready_timeout_s) {
      if (described_) return described_;
      if (is_interrupted()) return std::nullopt;
      wait_for_news(clock_.now_s() + kLongestNap_s);
      service();
    }
    if ((*ready)->process.get() != asked) continue;  // it died: ask the next one
    if (described_) return described_;
    return fail(ErrorKind::Io, {.where = (*ready)->name,
                                .what = "it did not describe itself",
                                .got = "no answer for " + format_duration(options_.ready_timeout_s),
                                .expected = "`described`",
                                .hint = (*ready)->log.tail()});
  }
}

Result<void> WorkerExecutor::start(const Launch& launch) {
  if (legs_.contains(launch.trial))
    return fail(ErrorKind::Internal, {.where = fmt::format("trial {}", launch.trial), .what = "it runs already"});
  legs_[launch.trial] = {.launch = launch, .step = launch.from};
  queue_.push_back(launch.trial);
  dispatch();
  return {};
}

void WorkerExecutor::pause(std::int64_t trial) {
  ask(trial, Phase::Pausing, message::Pause{trial}, SignalKind::Paused);
}

void WorkerExecutor::stop(std::int64_t trial) {
  ask(trial, Phase::Stopping, message::Stop{trial}, SignalKind::Stopped);
}

void WorkerExecutor::ask(std::int64_t trial, Phase phase, const HostMessage& message, SignalKind answer) {
  const auto found = legs_.find(trial);
  if (found == legs_.end() || found->second.phase == Phase::TimedOut) return;
  Leg& leg = found->second;
  if (leg.phase == Phase::Queued) {
    Signal signal{.kind = answer, .trial = trial, .step = leg.launch.from};
    if (leg.launch.resume) signal.checkpoint = leg.launch.resume->name;
    std::erase(queue_, trial);
    end(std::move(signal), -1);
    return;
  }
  leg.phase = phase;
  leg.asked_s = clock_.now_s();
  say(leg.worker, message);
}

void WorkerExecutor::release(std::int64_t trial) {
  held_.erase(trial);
  spent_s_.erase(trial);
  for (const int index : known_by_[trial]) say(index, message::Release{trial});
  known_by_.erase(trial);
}

Result<std::vector<Signal>> WorkerExecutor::poll(std::chrono::milliseconds wait) {
  const double until_s = clock_.now_s() + static_cast<double>(wait.count()) / 1000;
  const int slots_before = slots();
  for (;;) {
    service();
    if (!signals_.empty() || slots() != slots_before) break;
    PEGBOX_CHECK(hope());
    if (clock_.now_s() >= until_s) break;
    wait_for_news(until_s);
  }
  auto signals = std::exchange(signals_, {});
  sort_signals(signals);
  return signals;
}

void WorkerExecutor::wait_for_news(double until_s) const {
  std::vector<int> descriptors;
  for (const auto& worker : workers_)
    if (worker->process) worker->process->add_descriptors(descriptors);
  const double wait_s = std::clamp(until_s - clock_.now_s(), 0.0, kLongestNap_s);
  wait_readable(descriptors, std::chrono::milliseconds(std::llround(std::ceil(wait_s * 1000))));
}

void WorkerExecutor::service() {
  for (int index = 0; index < static_cast<int>(workers_.size()); ++index) {
    Worker& worker = *workers_[static_cast<std::size_t>(index)];
    if (worker.process) {
      receive(index);
      check_life(index);
    } else if (worker.given_up.empty() && clock_.now_s() >= worker.start_at_s) {
      start_worker(index);
    }
  }
  check_times();
  dispatch();
}

void WorkerExecutor::start_worker(int index) {
  Worker& worker = *workers_[static_cast<std::size_t>(index)];
  worker.slots = -1;
  worker.is_deaf = false;
  worker.heard_s = clock_.now_s();
  auto process = WorkerProcess::start(worker.spec, worker.log);
  if (process)
    worker.process = *std::move(process);
  else if (process.error().kind == ErrorKind::NotFound)
    give_up(index, process.error().message);
  else
    lose(index, process.error().message);
}

void WorkerExecutor::receive(int index) {
  Worker& worker = *workers_[static_cast<std::size_t>(index)];
  for (const WorkerMessage& message : worker.process->receive()) {
    worker.heard_s = clock_.now_s();
    std::visit([&](const auto& each) { on(each, index); }, message);
    if (!worker.process) return;
  }
}

void WorkerExecutor::check_life(int index) {
  Worker& worker = *workers_[static_cast<std::size_t>(index)];
  if (!worker.process) return;
  const double now_s = clock_.now_s();
  if (const auto status = worker.process->ended()) {
    receive(index);  // what it said before it ended
    if (!worker.process) return;
    const bool tried_nothing = std::ranges::none_of(legs_, [&](const auto& leg) { return leg.second.worker == index; });
    if (tried_nothing && is_hopeless(*status)) return give_up(index, status->describe());
    lose(index, status->describe());
  } else if (!worker.process->can_speak() && now_s - worker.heard_s > kLongestClosing_s) {
    lose(index, "it closed its output");
  } else if (worker.is_deaf) {
    lose(index, "it does not read its input");
  } else if (!worker.is_ready() && now_s - worker.heard_s > options_.ready_timeout_s) {
    lose(index, "not ready, and silent for " + format_duration(options_.ready_timeout_s));
  } else if (worker.is_ready() && options_.lease_s > 0 && now_s - worker.heard_s > options_.lease_s) {
    lose(index, "silent for " + format_duration(now_s - worker.heard_s));
  }
}

void WorkerExecutor::lose(int index, const std::string& why) {
  Worker& worker = *workers_[static_cast<std::size_t>(index)];
  // A death under a trial may be the trial's fault and is counted there; one without is the worker's own.
  if (take_trials(index, why) == 0) ++worker.fruitless_deaths;
  if (worker.fruitless_deaths >= options_.start_attempts) return give_up(index, why);
  const double factor = std::exp2(std::min(worker.fruitless_deaths, 10));
  worker.start_at_s = clock_.now_s() + std::min(options_.restart_delay_s * factor, kLongestRestartDelay_s);
}

void WorkerExecutor::give_up(int index, const std::string& why) {
  Worker& worker = *workers_[static_cast<std::size_t>(index)];
  take_trials(index, why);
  worker.given_up = why + (worker.last_words.empty() ? "" : "; the end of its output:\n" + worker.last_words);
}

int WorkerExecutor::take_trials(int index, const std::string& why) {
  Worker& worker = *workers_[static_cast<std::size_t>(index)];
  if (!worker.process) return 0;
  worker.last_words = worker.log.tail();
  worker.log.append(fmt::format("pegbox: {} is lost: {}\n", worker.name, why));
  worker.process.reset();
  std::erase_if(held_, [&](const auto& entry) { return entry.second.worker == index; });
  for (auto& [trial, workers] : known_by_) workers.erase(index);
  std::vector<std::int64_t> lost;
  for (const auto& [trial, leg] : legs_)
    if (leg.worker == index) lost.push_back(trial);
  for (const std::int64_t trial : lost) end(signal_of_loss(legs_[trial], worker.name + ": " + why), index);
  return static_cast<int>(lost.size());
}

Signal WorkerExecutor::signal_of_loss(const Leg& leg, const std::string& why) const {
  Signal signal{.kind = SignalKind::WorkerLost, .trial = leg.launch.trial, .step = leg.step};
  signal.failure = FailureKind::WorkerLost;
  signal.detail = why;
  if (is_farewell(options_.interrupted)) signal.kind = SignalKind::Paused;
  if (leg.phase == Phase::Stopping) signal.kind = SignalKind::Stopped;
  if (leg.phase == Phase::TimedOut) {
    signal.kind = SignalKind::Failed;
    signal.failure = FailureKind::Timeout;
    signal.detail = "ran longer than " + format_duration(options_.timeout_s) + "; " + why;
  }
  return signal;
}

Result<void> WorkerExecutor::hope() const {
  if (!std::ranges::all_of(workers_, [](const auto& worker) { return !worker->given_up.empty(); })) return {};
  const Worker& last = *workers_.back();
  return fail(ErrorKind::Io, {.where = last.name,
                              .what = "no worker can be started",
                              .got = last.given_up,
                              .expected = {},
                              .hint = "see " + (options_.folder / "worker-1.log").string()});
}

// An answer to pause or stop may take as long as a step; a step that takes longer than a lease is a hang.
void WorkerExecutor::check_times() {
  const double now_s = clock_.now_s();
  std::vector<std::pair<int, std::string>> hung;
  for (auto& [trial, leg] : legs_) {
    if (leg.phase == Phase::Queued) continue;
    const bool asked = leg.phase != Phase::Running;
    if (!asked && options_.timeout_s > 0 && spent_s_[trial] + now_s - leg.started_s > options_.timeout_s) {
      leg.phase = Phase::TimedOut;
      leg.asked_s = now_s;
      say(leg.worker, message::Stop{trial});
    }
    const double patience_s =
        leg.phase == Phase::TimedOut ? options_.grace_s : std::max(options_.lease_s, options_.grace_s);
    if (asked && now_s - leg.asked_s > patience_s)
      hung.emplace_back(leg.worker,
                        fmt::format("it did not stop trial {} within {}", trial, format_duration(patience_s)));
  }
  for (const auto& [index, why] : hung)
    if (workers_[static_cast<std::size_t>(index)]->process) lose(index, why);
}

int WorkerExecutor::free_slots(int index) const {
  const Worker& worker = *workers_[static_cast<std::size_t>(index)];
  if (!worker.is_ready()) return 0;
  const auto here = [&](const auto& entry) { return entry.second.worker == index; };
  return worker.slots - static_cast<int>(std::ranges::count_if(legs_, here));
}

// -1: nobody has it in memory where the leg begins.
int WorkerExecutor::holder_of(const Launch& launch) const {
  const auto held = held_.find(launch.trial);
  if (held == held_.end() || (launch.resume && launch.resume->step != held->second.step)) return -1;
  return held->second.worker;
}

// -1: nowhere now. A trial that some worker holds and that has no checkpoint waits for that worker.
int WorkerExecutor::place_for(const Launch& launch) const {
  const int holder = holder_of(launch);
  if (holder >= 0 && (free_slots(holder) > 0 || !launch.resume)) return free_slots(holder) > 0 ? holder : -1;
  int best = -1;
  for (int index = 0; index < static_cast<int>(workers_.size()); ++index)
    if (free_slots(index) > (best < 0 ? 0 : free_slots(best))) best = index;
  return best;
}

void WorkerExecutor::dispatch() {
  for (const std::int64_t trial : std::vector<std::int64_t>(queue_)) {
    Leg& leg = legs_[trial];
    const int place = place_for(leg.launch);
    if (place < 0) continue;
    std::erase(queue_, trial);
    begin(leg, place);
  }
}

void WorkerExecutor::begin(Leg& leg, int index) {
  const Launch& launch = leg.launch;
  leg.phase = Phase::Running;
  leg.worker = index;
  leg.started_s = clock_.now_s();
  const bool goes_on = holder_of(launch) == index;
  held_.erase(launch.trial);
  known_by_[launch.trial].insert(index);
  if (goes_on) return say(index, message::Go{launch.trial, launch.until});
  message::Start start{
      .trial = launch.trial, .seed = launch.seed, .config = launch.config.to_json(), .until = launch.until};
  if (launch.resume) start.resume = message::Resume{launch.resume->trial, launch.resume->name};
  say(index, start);
}

void WorkerExecutor::say(int index, const HostMessage& message) {
  Worker& worker = *workers_[static_cast<std::size_t>(index)];
  if (worker.process && !worker.process->send(message)) worker.is_deaf = true;
}

WorkerExecutor::Leg* WorkerExecutor::leg_of(std::int64_t trial, int worker) {
  const auto found = legs_.find(trial);
  if (found != legs_.end() && found->second.worker == worker) {
    workers_[static_cast<std::size_t>(worker)]->fruitless_deaths = 0;
    return &found->second;
  }
  ++ignored_messages_;
  return nullptr;
}

void WorkerExecutor::emit(Signal signal, int worker) {
  if (worker >= 0) signal.worker = workers_[static_cast<std::size_t>(worker)]->name;
  signal.time_s = clock_.now_s();
  signals_.push_back(std::move(signal));
}

void WorkerExecutor::end(Signal signal, int worker) {
  const Leg& leg = legs_[signal.trial];
  if (leg.phase != Phase::Queued) spent_s_[signal.trial] += clock_.now_s() - leg.started_s;
  legs_.erase(signal.trial);
  emit(std::move(signal), worker);
}

void WorkerExecutor::on(const message::Ready& ready, int index) {
  Worker& worker = *workers_[static_cast<std::size_t>(index)];
  if (ready.protocol != kProtocolVersion)
    return give_up(index, fmt::format("it speaks version {} of the protocol, this pegbox version {}", ready.protocol,
                                      kProtocolVersion));
  worker.slots = std::max(ready.slots, 0);
  worker.describes = ready.describes;
}

void WorkerExecutor::on(const message::Described& described, int) {
  if (described.id == description_id_) described_ = described;
}

void WorkerExecutor::on(const message::Report& report, int worker) {
  Leg* leg = leg_of(report.trial, worker);
  if (!leg) return;
  leg->step = std::max(leg->step, report.step);
  emit({.kind = SignalKind::Report, .trial = report.trial, .step = report.step, .metrics = report.metrics}, worker);
}

void WorkerExecutor::on(const message::Checkpoint& checkpoint, int worker) {
  if (!leg_of(checkpoint.trial, worker)) return;
  Signal signal{.kind = SignalKind::Checkpoint, .trial = checkpoint.trial, .step = checkpoint.step};
  signal.checkpoint = checkpoint.name;
  emit(std::move(signal), worker);
}

void WorkerExecutor::on(const message::Reached& reached, int worker) {
  if (!leg_of(reached.trial, worker)) return;
  Signal signal{.kind = SignalKind::Reached, .trial = reached.trial, .step = reached.step, .metrics = reached.metrics};
  signal.checkpoint = reached.checkpoint;
  held_[reached.trial] = {worker, reached.step};
  end(std::move(signal), worker);
}

void WorkerExecutor::on(const message::Paused& paused, int worker) {
  if (!leg_of(paused.trial, worker)) return;
  Signal signal{.kind = SignalKind::Paused, .trial = paused.trial, .step = paused.step};
  signal.checkpoint = paused.checkpoint;
  if (paused.checkpoint.empty()) held_[paused.trial] = {worker, paused.step};  // it lives on in its memory alone
  end(std::move(signal), worker);
}

void WorkerExecutor::on(const message::Done& done, int worker) {
  const Leg* leg = leg_of(done.trial, worker);
  if (!leg) return;
  end({.kind = SignalKind::Done, .trial = done.trial, .step = std::max(done.step, leg->step), .metrics = done.metrics},
      worker);
}

void WorkerExecutor::on(const message::Stopped& stopped, int worker) {
  const Leg* leg = leg_of(stopped.trial, worker);
  if (!leg) return;
  Signal signal{.kind = SignalKind::Stopped, .trial = stopped.trial, .step = leg->step};
  if (leg->phase == Phase::TimedOut) {
    signal.kind = SignalKind::Failed;
    signal.failure = FailureKind::Timeout;
    signal.detail = "ran longer than " + format_duration(options_.timeout_s);
  } else if (leg->phase != Phase::Stopping) {
    signal.kind = SignalKind::Failed;
    signal.detail = "the worker stopped it without being asked";
  }
  end(std::move(signal), worker);
}

void WorkerExecutor::on(const message::Failed& failed, int worker) {
  const Leg* leg = leg_of(failed.trial, worker);
  if (!leg) return;
  Signal signal{.kind = SignalKind::Failed, .trial = failed.trial, .step = leg->step};
  signal.failure = failed.kind;
  signal.detail = failed.detail;
  end(std::move(signal), worker);
}

}  // namespace pegbox
