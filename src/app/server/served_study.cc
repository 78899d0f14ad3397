// ServedStudy: a study that this server decides about.
#include "app/server/served_study.h"

#include <fmt/format.h>

#include "base/units.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/tuner.h"

namespace pegbox::server {
namespace {

constexpr char kLeaseMark = '/';  // no other author or worker in a log has it in its name

bool is_under_lease(const Trial& trial) { return trial.worker.find(kLeaseMark) != std::string::npos; }

bool is_lost(const Trial& trial) {
  return trial.state != TrialState::Running && trial.failure == FailureKind::WorkerLost;
}

tl::unexpected<Error> fail_lost(const StudyState& state, const TrialMessage& message) {
  return fail(ErrorKind::Conflict, {.where = fmt::format("{} trial {}", state.spec().name, message.trial),
                                    .what = "the lease is lost",
                                    .got = message.lease,
                                    .hint = "drop the trial; it went back to the queue, or somebody else has it"});
}

/// What a trial that does not run says to whoever had it.
Verdict verdict_of(TrialState state) {
  return state == TrialState::Paused || state == TrialState::Waiting ? Verdict::Pause : Verdict::Stop;
}

}  // namespace

std::string run_state(const StudyState& state) {
  const auto note = state.notes().find(kRunNote);
  if (note == state.notes().end() || !note->second.is_object()) return "new";
  return note->second.value("state", "new");
}

Result<std::optional<Standing>> known_standing(const StudyState& state, const TrialMessage& message) {
  const auto trials = state.history().trials;
  if (message.trial >= std::ssize(trials))
    return fail(ErrorKind::NotFound, {.where = state.spec().name,
                                      .what = "no such trial",
                                      .got = std::to_string(message.trial),
                                      .expected = fmt::format("one of {} trials", trials.size())});
  const Trial& trial = trials[static_cast<std::size_t>(message.trial)];
  if (trial.worker != message.lease || !is_under_lease(trial)) return fail_lost(state, message);
  const bool runs = trial.state == TrialState::Running;
  const bool is_end = message.kind == MessageKind::Tell || message.kind == MessageKind::Return;
  if (is_lost(trial) && !(message.kind == MessageKind::Tell && message.failure == FailureKind::WorkerLost))
    return fail_lost(state, message);
  const Standing standing{runs ? Verdict::Continue : verdict_of(trial.state), runs ? trial.until : 0, true};
  const bool was_reported = message.kind == MessageKind::Report && !trial.reports.empty() && message.step <= trial.step;
  if (was_reported || (is_end && is_final(trial.state)) || (message.kind != MessageKind::Report && !is_end && !runs) ||
      (message.kind == MessageKind::Return && !runs) || is_lost(trial))
    return standing;
  return std::nullopt;
}

Result<std::unique_ptr<ServedStudy>> ServedStudy::open(Store& store, OpenedStudy opened, const Clock& clock) {
  const bool takes_over = !opened.goes_on;
  std::unique_ptr<ServedStudy> served(new ServedStudy(std::move(opened), clock));
  PEGBOX_CHECK(served->begin(store, takes_over));
  return served;
}

Result<void> ServedStudy::begin(Store& store, bool takes_over) {
  const StudySpec& spec = state().spec();
  PEGBOX_TRY(sampler_, make_sampler(spec));
  PEGBOX_TRY(scheduler_, make_scheduler(spec));
  director_ = std::make_unique<Director>(*sampler_, *scheduler_);
  AskTellOptions options;
  options.commits = false;
  options.keeps_wishes = true;
  options.takes_over = takes_over;
  options.runs_elsewhere = is_under_lease;
  options.commands = [&store, name = spec.name] { return store.take_commands(name); };
  ask_tell_ = std::make_unique<AskTell>(*study_, *director_, clock_, std::move(options));
  PEGBOX_CHECK(ask_tell_->begin());
  for (const std::int64_t number : state().history().in_state(TrialState::Running)) renew(number);
  return {};
}

Result<std::optional<LeasedTrial>> ServedStudy::ask(const Question& question) {
  const std::string lease = question.worker + kLeaseMark + question.ticket;
  if (const Trial* held = held_by(lease)) return under_lease(*held);
  if (question.described) PEGBOX_CHECK(ask_tell_->describe(*question.described));
  if (const std::string why = director_->objection(study_->history()); !why.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = state().spec().name + " stop",
                 .what = why,
                 .expected = "steps: the length of a full trial, in the study file or as the worker describes it",
                 .hint = "without a length every trial runs to its end: stop: none"});
  PEGBOX_TRY(const auto asked, ask_tell_->ask({lease, state().spec().workers.lease_s}));
  if (!asked) return std::nullopt;
  renew(asked->id.trial);
  return under_lease(trial(asked->id.trial));
}

const Trial* ServedStudy::held_by(const std::string& lease) const {
  for (const std::int64_t number : state().history().in_state(TrialState::Running))
    if (trial(number).worker == lease) return &trial(number);
  return nullptr;
}

LeasedTrial ServedStudy::under_lease(const Trial& trial) const {
  return {.trial = trial.number,
          .lease = trial.worker,
          .lease_s = state().spec().workers.lease_s,
          .config = trial.config,
          .seed = trial.seed,
          .step = trial.from,
          .until = trial.until,
          .resume = trial.checkpoint,
          .attempt = trial.lost_workers + 1};
}

void ServedStudy::renew(std::int64_t number) { lost_at_s_[number] = clock_.now_s() + state().spec().workers.lease_s; }

Result<Standing> ServedStudy::take(const TrialMessage& message) {
  PEGBOX_TRY(const auto known, known_standing(state(), message));
  const bool runs = trial(message.trial).state == TrialState::Running;
  if (runs) renew(message.trial);
  if (!known) return count(message);
  if (!runs || known->verdict != Verdict::Continue) return *known;
  PEGBOX_TRY(const Verdict wish, ask_tell_->heed({message.trial}));  // a repeated report hears a new wish all the same
  Standing standing = standing_of(message.trial, wish);
  standing.known = true;
  return standing;
}

Result<Standing> ServedStudy::count(const TrialMessage& message) {
  const TrialLeg leg{message.trial};
  Verdict verdict = Verdict::Stop;
  switch (message.kind) {
    case MessageKind::Report: {
      PEGBOX_TRY(verdict, ask_tell_->report(leg, {message.step, message.metrics, message.checkpoint}));
      break;
    }
    case MessageKind::Checkpoint:
      PEGBOX_CHECK(ask_tell_->keep_checkpoint(leg, message.step, message.checkpoint));
      verdict = Verdict::Continue;
      break;
    case MessageKind::Tell:
      PEGBOX_CHECK(end(message));
      break;
    case MessageKind::Return:
      PEGBOX_CHECK(take_back(message));
      verdict = Verdict::Pause;
      break;
    case MessageKind::Renew: {
      PEGBOX_TRY(verdict, ask_tell_->heed(leg));
      break;
    }
  }
  return standing_of(message.trial, verdict);
}

Result<void> ServedStudy::end(const TrialMessage& message) {
  const TrialLeg leg{message.trial};
  if (!message.failure) return ask_tell_->tell(leg, message.metrics);
  if (message.failure == FailureKind::WorkerLost) return ask_tell_->lose(leg, message.detail);
  return ask_tell_->tell_failed(leg, *message.failure, message.detail, message.metrics);
}

Result<void> ServedStudy::take_back(const TrialMessage& message) {
  const TrialLeg leg{message.trial};
  if (!message.checkpoint.empty()) PEGBOX_CHECK(ask_tell_->keep_checkpoint(leg, message.step, message.checkpoint));
  return ask_tell_->give_back(leg, message.detail.empty() ? "its worker left" : message.detail);
}

Standing ServedStudy::standing_of(std::int64_t number, Verdict verdict) const {
  return {verdict, verdict == Verdict::Continue ? trial(number).until : 0, false};
}

void ServedStudy::excuse(double seconds) {
  for (auto& [number, lost_at_s] : lost_at_s_) lost_at_s += seconds;
}

Result<void> ServedStudy::look_around() {
  for (auto entry = lost_at_s_.begin(); entry != lost_at_s_.end();) {
    const auto [number, lost_at_s] = *entry;
    const bool runs = trial(number).state == TrialState::Running;
    const bool is_silent = runs && clock_.now_s() >= lost_at_s;
    if (is_silent)
      PEGBOX_CHECK(ask_tell_->lose({number}, fmt::format("{} was silent for {}", trial(number).worker,
                                                         format_duration(state().spec().workers.lease_s))));
    entry = runs && !is_silent ? std::next(entry) : lost_at_s_.erase(entry);
  }
  return ask_tell_->look_around();
}

}  // namespace pegbox::server
