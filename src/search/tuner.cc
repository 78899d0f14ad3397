// Tuner: the loop. Signals from workers become events, events become decisions, decisions become legs.
#include "search/tuner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "base/document.h"
#include "base/units.h"
#include "search/hope.h"

namespace pegbox {
namespace {

using std::chrono::milliseconds;

}  // namespace

std::string_view name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::Finished:
      return "finished";
    case Outcome::Paused:
      return "paused";
    case Outcome::Stopped:
      return "stopped";
  }
  return "";
}

Result<RunResult> Tuner::run() {
  auto result = run_to_the_end();
  if (!result) (void)study_.commit();  // what was heard before the fault is kept; no leg is started for it
  return result;
}

Result<RunResult> Tuner::run_to_the_end() {
  PEGBOX_CHECK(begin());
  for (;;) {
    now_s_ = std::max(now_s_, study_time_s());
    if (options_.interrupted != nullptr && *options_.interrupted) wind_down(Mode::Pausing, kPausedByPerson);
    PEGBOX_CHECK(look_for_commands());
    PEGBOX_CHECK(fill());
    PEGBOX_CHECK(flush());
    if (running() == 0) {
      if (mode_ == Mode::Pausing) return finish(Outcome::Paused, wind_down_reason_);
      if (mode_ == Mode::Stopping) return finish(Outcome::Stopped, wind_down_reason_);
      if (nothing_to_start_) return finish(Outcome::Finished, director_.exhausted(study_.history()));
    }
    const double wait_s = study_.has_uncommitted() ? options_.report_group_s : options_.command_poll_s;
    PEGBOX_TRY(const auto signals, executor_.poll(milliseconds(static_cast<int>(wait_s * 1000))));
    for (const Signal& signal : signals) {
      now_s_ = std::max(now_s_, signal.time_s + clock_offset_s_);
      PEGBOX_CHECK(handle(signal));
      PEGBOX_CHECK(fill());
    }
  }
}

Result<void> Tuner::begin() {
  now_s_ = study_.state().now_s();
  clock_offset_s_ = now_s_ - executor_.clock().now_s();
  PEGBOX_CHECK(log(event::Note{{}, kRunNote, {{"state", "running"}}}));
  if (!study_.state().notes().contains(kDescribedNote)) {
    PEGBOX_TRY(const auto described, executor_.describe());
    if (described)
      PEGBOX_CHECK(
          log(event::Note{{}, kDescribedNote, {{"values", described->values}, {"limits", described->limits}}}));
  }
  const auto left_running = study_.history().in_state(TrialState::Running);
  for (const std::int64_t number : left_running) {
    const Trial& left = trial(number);
    const Launch launch{left.number, left.seed,       left.config,          left.from,
                        left.until,  left.checkpoint, left.lost_workers + 1};
    if (!executor_.adopt(launch, left.started_s, left.step))
      PEGBOX_CHECK(move(number, TrialState::Waiting, "the host stopped"));
  }
  for (const Trial& clone : study_.history().trials) {
    if (is_final(clone.state) || !clone.checkpoint || clone.checkpoint->trial == clone.number) continue;
    young_clones_.insert(clone.number);
    if (is_final(trial(clone.checkpoint->trial).state)) to_release_.insert(clone.checkpoint->trial);
  }
  PEGBOX_CHECK(check_length());
  const auto paused = study_.history().in_state(TrialState::Paused);
  if (director_.spent(study_.history()).empty())
    for (const std::int64_t number : paused)
      if (goes_on_with_study(trial(number))) PEGBOX_CHECK(move(number, TrialState::Waiting, "the study goes on"));
  return flush();
}

Result<void> Tuner::check_length() const {
  const History history = study_.history();
  const std::string why = director_.objection(history);
  if (why.empty()) return {};
  return fail(ErrorKind::InvalidInput,
              {.where = study_.name() + " stop",
               .what = why,
               .expected = "steps: the length of a full trial, in the study file or as the worker describes it",
               .hint = "without a length every trial runs to its end: stop: none"});
}

int Tuner::running() const { return static_cast<int>(study_.history().in_state(TrialState::Running).size()); }

Result<void> Tuner::log(Event::What what, const Signal* source) {
  if (!study_.has_uncommitted()) uncommitted_since_s_ = now_s_;
  if (!std::holds_alternative<event::TrialReported>(what)) urgent_ = true;
  const bool is_workers_word = source != nullptr && !source->worker.empty();
  return study_.append(now_s_, is_workers_word ? source->worker : kTunerAuthor, std::move(what));
}

Result<void> Tuner::fill() {
  nothing_to_start_ = false;
  if (mode_ != Mode::Running) return {};
  for (int free = executor_.slots() - running(); free > 0;) {
    History history = study_.history();
    history.now_s = now_s_;
    PEGBOX_TRY(const auto leg, director_.next_leg(history));
    nothing_to_start_ = !leg.has_value();
    if (!leg) break;
    if (leg->created) PEGBOX_CHECK(log(*leg->created));
    if (leg->created && leg->created->clone_of) young_clones_.insert(leg->trial);
    if (!leg->infeasible.empty()) {
      PEGBOX_CHECK(move(leg->trial, TrialState::Infeasible, leg->infeasible));
      continue;
    }
    PEGBOX_CHECK(begin_leg(*leg));
    --free;
  }
  return {};
}

Result<void> Tuner::begin_leg(const Leg& leg) {
  PEGBOX_CHECK(log(event::TrialStarted{leg.trial, {}, leg.from, leg.until, study_.state().spec().workers.lease_s}));
  const Trial& started = trial(leg.trial);
  const Launch launch{started.number, started.seed,       started.config,          leg.from,
                      leg.until,      started.checkpoint, started.lost_workers + 1};
  actions_.push_back([this, launch] { return executor_.start(launch); });
  return {};
}

Result<void> Tuner::flush() {
  const bool old = study_.has_uncommitted() && now_s_ - uncommitted_since_s_ >= options_.report_group_s;
  if (urgent_ || old) PEGBOX_CHECK(study_.commit());
  urgent_ = false;
  for (auto& action : std::exchange(actions_, {})) PEGBOX_CHECK(action());
  return {};
}

Result<void> Tuner::handle(const Signal& signal) {
  if (signal.trial < 0 || signal.trial >= std::ssize(study_.history().trials)) return {};
  if (trial(signal.trial).state != TrialState::Running) return {};  // late news of a leg that is over
  switch (signal.kind) {
    case SignalKind::Report:
      return measured(signal);
    case SignalKind::Checkpoint:
      return note_checkpoint(signal);
    case SignalKind::Reached:
      return on_reached(signal);
    case SignalKind::Done:
      return on_done(signal);
    case SignalKind::Paused:
    case SignalKind::Stopped:
      return on_interrupted(signal);
    case SignalKind::Failed:
      return on_failed(signal);
    case SignalKind::WorkerLost:
      return on_lost(signal);
  }
  return {};
}

Result<void> Tuner::note_checkpoint(const Signal& signal) {
  PEGBOX_CHECK(
      log(event::Note{signal.trial, kCheckpointNote, {{"step", signal.step}, {"name", signal.checkpoint}}}, &signal));
  release_unneeded();
  return {};
}

Result<void> Tuner::measured(const Signal& signal) {
  const Trial& measured = trial(signal.trial);
  if (signal.metrics.empty()) return {};
  std::int64_t step = signal.step;
  if (step <= measured.step && !measured.reports.empty()) {
    const bool news = signal.kind == SignalKind::Done && !std::ranges::all_of(signal.metrics, [&](const auto& metric) {
                        const auto known = measured.metric(metric.first);
                        return known && (*known == metric.second || (std::isnan(*known) && std::isnan(metric.second)));
                      });
    if (!news) return {};
    step = measured.step + 1;  // a last word after the last step
  }
  return log(event::TrialReported{signal.trial, step, signal.metrics}, &signal);
}

Result<void> Tuner::on_reached(const Signal& signal) {
  PEGBOX_CHECK(measured(signal));
  const Trial& reached = trial(signal.trial);
  if (signal.metrics.empty() || signal.step < reached.until) {
    Signal failed = signal;
    failed.kind = SignalKind::Failed;
    failed.detail = signal.metrics.empty() ? "it reached step " + std::to_string(signal.step) + " without a measurement"
                                           : "it says that it reached step " + std::to_string(signal.step) +
                                                 ", but was asked for " + std::to_string(reached.until);
    return on_failed(failed);
  }
  if (mode_ == Mode::Stopping || asked_to_stop_.contains(signal.trial)) return on_interrupted(signal);
  History history = study_.history();
  history.now_s = now_s_;
  const Judgement judgement = director_.judge(history, trial(signal.trial));
  if (judgement.verdict == Verdict::Pause) return move(signal.trial, TrialState::Paused, judgement.detail, &signal);
  if (judgement.verdict == Verdict::Stop) {
    PEGBOX_CHECK(move(signal.trial, TrialState::Stopped, judgement.detail, &signal));
    return check_hope();
  }
  if (mode_ == Mode::Pausing || asked_to_pause_.contains(signal.trial)) return on_interrupted(signal);
  if (!signal.checkpoint.empty()) PEGBOX_CHECK(note_checkpoint(signal));
  return begin_leg(
      {.trial = signal.trial, .from = signal.step, .until = judgement.until, .created = {}, .infeasible = {}});
}

Result<void> Tuner::on_done(const Signal& signal) {
  PEGBOX_CHECK(measured(signal));
  for (const Objective& objective : study_.state().spec().objectives) {
    const auto value = trial(signal.trial).metric(objective.metric);
    if (value && std::isfinite(*value)) continue;
    Signal failed = signal;
    failed.kind = SignalKind::Failed;
    failed.failure = value ? FailureKind::Diverged : FailureKind::Error;
    failed.detail = value ? objective.metric + " is " + format_number(*value)
                          : "ended without a value of '" + objective.metric + "'; it reported " +
                                metric_names(trial(signal.trial).metrics);
    return on_failed(failed);
  }
  PEGBOX_CHECK(move(signal.trial, TrialState::Done, {}, &signal));
  return check_gates(trial(signal.trial));
}

Result<void> Tuner::on_failed(const Signal& signal) {
  const bool infeasible = signal.failure == FailureKind::Infeasible;
  PEGBOX_CHECK(move(signal.trial, infeasible ? TrialState::Infeasible : TrialState::Failed, signal.detail, &signal));
  return check_hope();
}

Result<void> Tuner::on_lost(const Signal& signal) {
  const bool again = trial(signal.trial).lost_workers < study_.state().spec().workers.retries;
  Signal lost = signal;
  lost.failure = FailureKind::WorkerLost;
  PEGBOX_CHECK(move(signal.trial, again ? TrialState::Waiting : TrialState::Failed, signal.detail, &lost));
  return check_hope();
}

Result<void> Tuner::on_interrupted(const Signal& signal) {
  const bool stopped = asked_to_stop_.erase(signal.trial) > 0, alone = asked_to_pause_.erase(signal.trial) > 0;
  if (signal.kind == SignalKind::Stopped || mode_ == Mode::Stopping || stopped)
    return move(signal.trial, TrialState::Stopped, kStoppedByPerson, &signal);
  if (alone && mode_ == Mode::Running) return move(signal.trial, TrialState::Paused, kPausedByPerson, &signal);
  return move(signal.trial, TrialState::Waiting, wind_down_reason_, &signal);
}

Result<void> Tuner::move(std::int64_t number, TrialState to, std::string detail, const Signal* signal) {
  event::TrialMoved moved{number, to, trial(number).step, {}, {}, std::move(detail)};
  if (signal != nullptr && !signal->checkpoint.empty())
    moved.checkpoint = CheckpointRef{number, signal->step, signal->checkpoint};
  if (signal != nullptr && (signal->kind == SignalKind::Failed || signal->kind == SignalKind::WorkerLost))
    moved.failure = signal->failure;
  PEGBOX_CHECK(log(std::move(moved), signal));
  if (is_final(to)) to_release_.insert(number);
  release_unneeded();
  return {};
}

/// Tells the executor to forget what ended trials kept, except where a clone has no snapshot of its own yet: it may
/// lose its worker and begin again.
void Tuner::release_unneeded() {
  if (to_release_.empty()) return;
  std::erase_if(young_clones_, [this](std::int64_t clone) {
    const auto& checkpoint = trial(clone).checkpoint;
    return is_final(trial(clone).state) || !checkpoint || checkpoint->trial == clone;
  });
  std::set<std::int64_t> needed;
  for (const std::int64_t clone : young_clones_) needed.insert(trial(clone).checkpoint->trial);
  std::erase_if(to_release_, [&](std::int64_t number) {
    if (needed.contains(number)) return false;
    actions_.push_back([this, number]() -> Result<void> { return executor_.release(number), Result<void>{}; });
    return true;
  });
}

Result<void> Tuner::check_hope() const {
  const History history = study_.history();
  return pegbox::check_hope(history, options_.hopeless_after, !director_.exhausted(history).empty());
}

/// A metric that no trial reports, such as one whose name is mistyped, would refuse them all.
Result<void> Tuner::check_gates(const Trial& ended) const {
  const History history = study_.history();
  const auto& done = history.in_state(TrialState::Done);
  const std::set<std::string> asked = history.constraints.gate_metrics();
  const bool has_all =
      std::ranges::all_of(asked, [&](const std::string& name) { return ended.metric(name).has_value(); });
  if (has_all || std::ssize(done) < options_.hopeless_after) return {};
  std::set<std::string> reported;
  for (const std::int64_t number : done)
    for (const auto& [name, value] : trial(number).metrics) reported.insert(name);
  const std::vector<std::string_view> known(reported.begin(), reported.end());
  for (const std::string& metric : asked) {
    if (reported.contains(metric)) continue;
    const std::string nearest = nearest_name(metric, known);
    return fail(ErrorKind::Internal,
                {.where = study_.name(),
                 .what = "a gate asks about '" + metric + "', which no trial has reported",
                 .got = fmt::format("{}", fmt::join(known, ", ")),
                 .hint = (nearest.empty() ? "" : "did you mean '" + nearest + "'? ") +
                         std::string("mend `gates` and go on with `pegbox tune --accept-changes`")});
  }
  return {};
}

void Tuner::wind_down(Mode mode, std::string reason) {
  if (mode_ == mode) return;
  mode_ = mode;
  wind_down_reason_ = std::move(reason);
  for (const std::int64_t number : study_.history().in_state(TrialState::Running)) {
    if (mode == Mode::Stopping) actions_.push_back([this, number] { return executor_.stop(number), Result<void>{}; });
    if (mode == Mode::Pausing) actions_.push_back([this, number] { return executor_.pause(number), Result<void>{}; });
  }
}

Result<void> Tuner::look_for_commands() {
  const Budget& budget = study_.state().spec().budget;
  if (budget.time_s > 0 && now_s_ >= budget.time_s && mode_ == Mode::Running && running() > 0)
    wind_down(Mode::Pausing, format_duration(budget.time_s) + " of time");
  if (!options_.commands || now_s_ - commands_asked_s_ < options_.command_poll_s) return {};
  commands_asked_s_ = now_s_;
  PEGBOX_TRY(const auto commands, options_.commands());
  for (const PostedCommand& posted : commands) {
    const auto number = posted.trial;
    switch (posted.command) {
      case Command::Pause:
        wind_down(Mode::Pausing, kPausedByPerson);
        break;
      case Command::Stop:
        wind_down(Mode::Stopping, kStoppedByPerson);
        break;
      case Command::PauseTrial:
      case Command::StopTrial:
      case Command::ResumeTrial:
        PEGBOX_CHECK(ask(number, posted.command));
        break;
      case Command::Enqueue:
        PEGBOX_CHECK(add(posted.config));
        break;
    }
  }
  return {};
}

// A running trial is asked after the legs of this turn have been started, and answers with a signal; one that only
// waits obeys at once.
Result<void> Tuner::ask(std::int64_t number, Command command) {
  if (number < 0 || number >= std::ssize(study_.history().trials) || is_final(trial(number).state)) return {};
  if (command == Command::ResumeTrial)
    return trial(number).state == TrialState::Paused ? move(number, TrialState::Waiting, kResumedByPerson)
                                                     : Result<void>();
  const bool pauses = command == Command::PauseTrial;
  if (trial(number).state != TrialState::Running) {
    if (pauses && trial(number).state == TrialState::Paused) return {};
    return move(number, pauses ? TrialState::Paused : TrialState::Stopped, pauses ? kPausedByPerson : kStoppedByPerson);
  }
  (pauses ? asked_to_pause_ : asked_to_stop_).insert(number);
  actions_.push_back([this, number, pauses]() -> Result<void> {
    pauses ? executor_.pause(number) : executor_.stop(number);
    return {};
  });
  return {};
}

// Who posted it looked whether it fits; a budget may have ended since.
Result<void> Tuner::add(const Config& config) {
  History history = study_.history();
  history.now_s = now_s_;
  if (mode_ != Mode::Running || !director_.exhausted(history).empty()) return {};
  auto created = Director::added_trial(history, config);
  if (!created) return {};
  urgent_ = true;
  return study_.append(now_s_, kUserAuthor, *std::move(created));
}

Result<RunResult> Tuner::finish(Outcome outcome, std::string reason) {
  const Budget& budget = study_.state().spec().budget;
  if (outcome == Outcome::Paused && budget.time_s > 0 && now_s_ >= budget.time_s) outcome = Outcome::Finished;
  if (outcome == Outcome::Stopped)
    for (std::int64_t number = 0; number < std::ssize(study_.history().trials); ++number)
      if (!is_final(trial(number).state)) PEGBOX_CHECK(move(number, TrialState::Stopped, reason));
  if (outcome == Outcome::Finished)
    for (const Rest& rest : rest_until_a_larger_budget(study_.history(), options_.keep_paused, reason))
      PEGBOX_CHECK(move(rest.trial, rest.to, rest.detail));
  PEGBOX_CHECK(log(event::Note{{}, kRunNote, {{"state", name_of(outcome)}, {"reason", reason}}}));
  PEGBOX_CHECK(flush());
  return RunResult{outcome, std::move(reason)};
}

}  // namespace pegbox
