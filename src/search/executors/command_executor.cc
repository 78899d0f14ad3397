// CommandExecutor: one plain program for each trial.
#include "search/executors/command_executor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <utility>

#include "base/units.h"
#include "search/executors/farewell.h"
#include "search/executors/signal_order.h"
#include "search/executors/trial_folder.h"

namespace pegbox {
namespace {

/// The last step that is no news for a leg: a leg from the beginning may report step 0.
std::int64_t step_before(const Launch& leg) { return leg.from > 0 ? leg.from : -1; }

constexpr double kLongestNap_s = 0.02;  // an exit shows in no descriptor if a grandchild holds the pipes
constexpr double kStopShare = 0.25;     // of the grace period, between {"stop": {}} and SIGTERM
constexpr int kCommandNotFound = 127, kCommandNotRunnable = 126;  // the shell's exit codes
// What frameworks print when a device or the host has no memory left.
bool says_out_of_memory(std::string_view output) {
  for (const std::string_view phrase : {"out of memory", "OutOfMemoryError", "MemoryError", "std::bad_alloc"})
    if (output.find(phrase) != std::string_view::npos) return true;
  return false;
}

}  // namespace

struct CommandExecutor::Run {
  explicit Run(const Launch& launch, const Path& folder) : launch(launch), folder(folder, launch.trial) {}

  Launch launch;
  const TrialFolder folder;
  Phase phase = Phase::Queued;
  Ending ending = Ending::Silent;
  std::unique_ptr<CommandProgram> program;
  bool exited = false;    // its place is free
  bool gone = false;      // to be forgotten
  bool released = false;  // what its trial kept is of no use any more
  bool judged = false;    // poll has handed over that it reached its rung
  int place = -1;
  int signals_sent = 0;            // while leaving
  double started_s = 0;            // of the present leg
  double leaving_s = 0;            // since when it is asked to leave
  std::int64_t counted_steps = 0;  // for reports without a step
  std::int64_t step = 0;           // of its last report
  Metrics metrics;                 // at `step`
  std::string checkpoint;          // the last that it named
  std::int64_t checkpoint_step = 0;
};

CommandExecutor::CommandExecutor(CommandOptions options, CommandTemplate command, OutputPatterns patterns)
    : options_(std::move(options)), command_(std::move(command)), patterns_(std::move(patterns)) {}

Result<std::unique_ptr<CommandExecutor>> CommandExecutor::create(CommandOptions options) {
  auto names = options.hyperparameters;
  names.insert(names.end(), kOwnPlaceholders.begin(), kOwnPlaceholders.end());
  PEGBOX_TRY(auto command, CommandTemplate::parse(options.command, names));
  PEGBOX_TRY(auto patterns, OutputPatterns::create(options.metric_patterns, options.step_pattern));
  if (!options.environments.empty() && std::ssize(options.environments) != options.count)
    return fail(ErrorKind::InvalidInput, {.where = "environments", .what = "not one for each program"});
  std::error_code code;
  options.folder = std::filesystem::absolute(options.folder, code);
  PEGBOX_CHECK(make_folder(options.folder));
  return std::unique_ptr<CommandExecutor>(
      new CommandExecutor(std::move(options), std::move(command), std::move(patterns)));
}

CommandExecutor::~CommandExecutor() {
  std::erase_if(runs_, [](const auto& run) { return !run->program; });
  for (const auto& run : runs_)
    if (run->phase != Phase::Leaving) leave(*run, Ending::Silent);
  const double until_s = clock_.now_s() + options_.grace_s + 1;
  for (service(); !runs_.empty() && clock_.now_s() < until_s; service()) wait_for_news(until_s);
}

CommandExecutor::Run* CommandExecutor::active(std::int64_t trial) {
  for (const auto& run : runs_)
    if (run->launch.trial == trial && run->phase != Phase::Leaving) return run.get();
  return nullptr;
}

Result<void> CommandExecutor::start(const Launch& launch) {
  Run* run = active(launch.trial);
  if (run && run->phase != Phase::AtRung)
    return fail(ErrorKind::Internal, {.where = fmt::format("trial {}", launch.trial), .what = "it runs already"});
  if (run) {
    run->launch = launch;
    run->phase = Phase::Running;
    run->judged = false;
    run->started_s = clock_.now_s();
    run->program->say(message::Go{launch.trial, launch.until});
    return {};
  }
  runs_.push_back(std::make_unique<Run>(launch, options_.folder));
  dispatch();
  if (broken_) return tl::make_unexpected(*broken_);
  return {};
}

void CommandExecutor::pause(std::int64_t trial) { ask(trial, Ending::Paused); }
void CommandExecutor::stop(std::int64_t trial) { ask(trial, Ending::Stopped); }

void CommandExecutor::ask(std::int64_t trial, Ending ending) {
  Run* run = active(trial);
  if (!run) return;
  run->ending = ending;
  if (run->program) return leave(*run, ending);
  run->checkpoint = run->launch.resume ? run->launch.resume->name : "";
  run->checkpoint_step = run->launch.from;
  say_farewell(*run);
}

void CommandExecutor::release(std::int64_t trial) {
  for (const auto& run : runs_)
    if (run->launch.trial == trial) run->released = true;
  if (Run* run = active(trial)) run->program ? leave(*run, Ending::Silent) : void(run->gone = true);
  highest_step_.erase(trial);
  late_.erase(trial);
  spent_s_.erase(trial);
}

Result<std::vector<Signal>> CommandExecutor::poll(std::chrono::milliseconds wait) {
  for (const auto& run : runs_)
    if (run->phase == Phase::AtRung && run->judged) leave(*run, Ending::Silent);
  const double until_s = clock_.now_s() + static_cast<double>(wait.count()) / 1000;
  for (service(); signals_.empty() && !broken_ && clock_.now_s() < until_s; service()) wait_for_news(until_s);
  if (signals_.empty() && broken_) return tl::make_unexpected(*broken_);
  for (const auto& run : runs_) run->judged = run->phase == Phase::AtRung;
  auto signals = std::exchange(signals_, {});
  sort_signals(signals);
  return signals;
}

void CommandExecutor::wait_for_news(double until_s) const {
  std::vector<int> descriptors;
  for (const auto& run : runs_)
    if (run->program && !run->exited && run->phase != Phase::AtRung) run->program->add_descriptors(descriptors);
  const double wait_s = std::clamp(until_s - clock_.now_s(), 0.0, kLongestNap_s);
  wait_readable(descriptors, std::chrono::milliseconds(std::llround(std::ceil(wait_s * 1000))));
}

void CommandExecutor::service() {
  for (std::size_t i = 0; i < runs_.size(); ++i) advance(*runs_[i]);
  std::erase_if(runs_, [](const auto& run) { return run->gone; });
  dispatch();
}

void CommandExecutor::advance(Run& run) {
  switch (run.phase) {
    case Phase::Queued:
      return;
    case Phase::Running:
      return follow(run);
    case Phase::AtRung:  // it is not read: what it says belongs to its next leg
      run.exited = run.exited || run.program->ended().has_value();
      return;
    case Phase::Leaving:
      return see_off(run);
  }
}

// A program that was paused at a rung and did not hear of it has gone on, and so has the folder of its checkpoints:
// what it reported then is news of this leg, which begins where that folder stands.
void CommandExecutor::hear_late_reports(Run& run) {
  const auto late = late_.find(run.launch.trial);
  if (late == late_.end()) return;
  const bool goes_on_from_folder = run.launch.resume && run.launch.resume->name == kWholeFolder;
  if (!goes_on_from_folder) late->second.clear();
  while (!late->second.empty() && run.phase == Phase::Running) {
    const ProgramReport report = std::move(late->second.front());
    late->second.pop_front();
    hear_report(run, report);
  }
  if (late->second.empty()) late_.erase(late);
}

void CommandExecutor::follow(Run& run) {
  hear_late_reports(run);
  if (run.phase != Phase::Running) return;
  run.program->read();
  const auto status = run.program->ended();
  while (run.phase == Phase::Running) {
    const auto line = run.program->next();
    if (!line) break;
    hear(run, *line);
  }
  if (status) run.exited = true;
  if (run.phase != Phase::Running) return;
  if (status) return on_exit(run, *status);
  const double spent_s = spent_s_[run.launch.trial] + clock_.now_s() - run.started_s;
  if (options_.timeout_s > 0 && spent_s > options_.timeout_s) leave(run, Ending::TimedOut);
}

void CommandExecutor::hear(Run& run, const ProgramLine& line) {
  if (const auto* report = std::get_if<ProgramReport>(&line)) return hear_report(run, *report);
  if (const auto* checkpoint = std::get_if<ProgramCheckpoint>(&line)) return hear_checkpoint(run, *checkpoint);
  if (run.phase != Phase::Running) return;
  const auto& failure = std::get<ProgramFailure>(line);
  Signal signal{.kind = SignalKind::Failed, .trial = run.launch.trial, .step = run.step};
  signal.failure = failure.kind;
  signal.detail = failure.detail.empty() ? run.program->tail() : failure.detail;
  emit(run, std::move(signal));
  leave(run, Ending::Silent);
}

void CommandExecutor::hear_report(Run& run, const ProgramReport& report) {
  const bool speaks_on = run.phase == Phase::Running || run.ending == Ending::Paused;
  if (!speaks_on && run.ending == Ending::Silent && !run.released) late_[run.launch.trial].push_back(report);
  if (!speaks_on) return;
  const std::int64_t step = report.step.value_or(run.counted_steps + 1);
  run.counted_steps = step;
  if (step != run.step) run.metrics.clear();
  run.step = step;
  for (const auto& [name, value] : report.metrics) run.metrics[name] = value;
  proven_ = true;
  std::int64_t& highest = highest_step_.try_emplace(run.launch.trial, step_before(run.launch)).first->second;
  const bool is_new = step > highest;
  highest = std::max(highest, step);
  Signal signal{.kind = SignalKind::Report, .trial = run.launch.trial, .step = step, .metrics = run.metrics};
  if (run.phase == Phase::Running && run.launch.until > 0 && step >= run.launch.until) {
    signal.kind = SignalKind::Reached;
    signal.checkpoint = !run.checkpoint.empty() ? run.checkpoint : run.folder.has_checkpoints() ? kWholeFolder : "";
    run.phase = Phase::AtRung;
    end_leg(run);
    emit(run, std::move(signal));
  } else if (is_new) {
    emit(run, std::move(signal));
  }
}

void CommandExecutor::hear_checkpoint(Run& run, const ProgramCheckpoint& checkpoint) {
  run.checkpoint = checkpoint.name;
  run.checkpoint_step = checkpoint.step.value_or(run.step);
  if (run.phase != Phase::Running) return;
  Signal signal{.kind = SignalKind::Checkpoint, .trial = run.launch.trial, .step = run.checkpoint_step};
  signal.checkpoint = run.checkpoint;
  emit(run, std::move(signal));
}

void CommandExecutor::on_exit(Run& run, const ExitStatus& status) {
  run.gone = true;
  end_leg(run);
  if (is_farewell(options_.interrupted, status.code != 0)) {  // one that exits well may have saved first
    run.ending = Ending::Paused;
    return say_farewell(run);
  }
  if (status.code != 0) return on_failure(run, status);
  Signal signal{.kind = SignalKind::Done, .trial = run.launch.trial, .step = run.step, .metrics = run.metrics};
  const auto highest = highest_step_.find(run.launch.trial);
  if (highest != highest_step_.end()) signal.step = std::max(signal.step, highest->second);
  if (run.metrics.empty() && highest == highest_step_.end() && run.launch.from == 0) {
    signal.kind = SignalKind::Failed;
    const std::string tail = run.program->tail();
    signal.detail = "it ended well but reported no metric" +
                    (tail.empty() ? "; it printed nothing" : "; the end of its output:\n" + tail);
  }
  emit(run, std::move(signal));
}

void CommandExecutor::on_failure(Run& run, const ExitStatus& status) {
  const std::string tail = run.program->tail();
  const bool killed = status.code == 128 + SIGKILL;  // by itself, or below the shell
  if ((status.code == kCommandNotFound || status.code == kCommandNotRunnable) && !proven_) {
    broken_ = Error{ErrorKind::NotFound,
                    format_problem({.where = fmt::format("trial {}", run.launch.trial),
                                    .what = "the trial command does not exist or cannot be run",
                                    .got = tail,
                                    .expected = {},
                                    .hint = "check `command:` in the study file; it runs in " +
                                            (options_.working_folder.empty() ? std::filesystem::current_path()
                                                                             : options_.working_folder)
                                                .string()})};
    return;
  }
  Signal signal{.kind = SignalKind::Failed, .trial = run.launch.trial, .step = run.step};
  signal.detail = status.signal == 0 && killed ? "killed by SIGKILL" : status.describe();
  if (killed) signal.detail += " (out of memory?)";
  if (killed || says_out_of_memory(tail)) signal.failure = FailureKind::OutOfMemory;
  if (!tail.empty()) signal.detail += "; the end of its output:\n" + tail;
  emit(run, std::move(signal));
}

void CommandExecutor::leave(Run& run, Ending ending) {
  if (run.phase == Phase::Running) end_leg(run);
  run.phase = Phase::Leaving;
  run.ending = ending;
  run.leaving_s = clock_.now_s();
  if (run.exited) return say_farewell(run);
  run.program->say(message::Stop{run.launch.trial});
}

void CommandExecutor::see_off(Run& run) {
  run.program->read();
  const auto status = run.program->ended();
  while (const auto line = run.program->next()) hear(run, *line);
  if (status) return say_farewell(run);
  const double asked_for_s = clock_.now_s() - run.leaving_s;
  if (run.signals_sent == 0 && asked_for_s >= kStopShare * options_.grace_s) {
    run.program->signal(SIGTERM);
    run.signals_sent = 1;
  } else if (run.signals_sent == 1 && asked_for_s >= options_.grace_s) {
    run.program->signal(SIGKILL);
    run.signals_sent = 2;
  }
}

void CommandExecutor::say_farewell(Run& run) {
  run.gone = true;
  Signal signal{.kind = SignalKind::Stopped, .trial = run.launch.trial, .step = run.step};
  if (run.ending == Ending::Silent) return;
  if (run.ending == Ending::TimedOut) {
    signal.kind = SignalKind::Failed;
    signal.failure = FailureKind::Timeout;
    signal.detail = "ran longer than " + format_duration(options_.timeout_s);
  }
  if (run.ending == Ending::Paused) {
    signal.kind = SignalKind::Paused;
    signal.checkpoint = run.checkpoint;
    if (!run.checkpoint.empty())
      signal.step = run.checkpoint_step;
    else if (run.program && run.folder.has_checkpoints())
      signal.checkpoint = kWholeFolder;
  }
  emit(run, std::move(signal));
}

void CommandExecutor::end_leg(Run& run) { spent_s_[run.launch.trial] += clock_.now_s() - run.started_s; }

int CommandExecutor::free_place() const {
  for (int place = 0; place < options_.count; ++place) {
    const auto here = [&](const auto& run) {
      return run->program && !run->exited && !run->gone && run->place == place;
    };
    if (std::ranges::none_of(runs_, here)) return place;
  }
  return -1;
}

void CommandExecutor::dispatch() {
  for (std::size_t i = 0; i < runs_.size() && !broken_; ++i) {
    Run& run = *runs_[i];
    if (run.phase != Phase::Queued || run.gone) continue;
    const auto is_older = [&](const auto& other) {  // it may still be saving
      return other->launch.trial == run.launch.trial && other->phase == Phase::Leaving && !other->gone;
    };
    const int place = free_place();
    if (place < 0) return;
    if (std::ranges::any_of(runs_, is_older)) continue;
    if (auto begun = begin(run, place); !begun) broken_ = std::move(begun).error();
  }
}

Result<void> CommandExecutor::begin(Run& run, int place) {
  PEGBOX_CHECK(run.folder.prepare(run.launch));
  const bool resumes = !run.folder.resume_path(run.launch).empty();
  if (resumes) run.counted_steps = run.launch.from;
  if (const auto highest = highest_step_.find(run.launch.trial); highest != highest_step_.end())
    highest->second = std::min(highest->second, step_before(run.launch));  // what comes after it is news again
  PEGBOX_TRY(run.program,
             CommandProgram::start(process_for(run, place), run.folder.log(), options_.log_limit_bytes, patterns_));
  run.phase = Phase::Running;
  run.place = place;
  run.started_s = clock_.now_s();
  return {};
}

ProcessSpec CommandExecutor::process_for(const Run& run, int place) const {
  const Launch& launch = run.launch;
  const std::string resume = run.folder.resume_path(launch);
  std::map<std::string, std::string> values = {{"trial", std::to_string(launch.trial)},
                                               {"seed", std::to_string(launch.seed)},
                                               {"config", run.folder.config().string()},
                                               {"until", std::to_string(launch.until)},
                                               {"checkpoint_dir", run.folder.checkpoints().string()},
                                               {"resume", resume}};
  for (const auto& [name, value] : launch.config) values[name] = to_text(value);
  ProcessSpec spec;
  spec.arguments = {"/bin/sh", "-c", command_.fill(values)};
  spec.folder = options_.working_folder;
  if (!options_.environments.empty()) spec.environment = options_.environments[static_cast<std::size_t>(place)];
  spec.environment["PEGBOX_TRIAL"] = std::to_string(launch.trial);
  spec.environment["PEGBOX_SEED"] = std::to_string(launch.seed);
  spec.environment["PEGBOX_CONFIG"] = run.folder.config().string();
  spec.environment["PEGBOX_UNTIL"] = std::to_string(launch.until);
  spec.environment["PEGBOX_CHECKPOINT_DIR"] = run.folder.checkpoints().string();
  if (!resume.empty()) spec.environment["PEGBOX_RESUME"] = resume;
  return spec;
}

void CommandExecutor::emit(const Run& run, Signal signal) {
  signal.worker = fmt::format("program {}", run.place + 1);
  signal.time_s = clock_.now_s();
  signals_.push_back(std::move(signal));
}

}  // namespace pegbox
