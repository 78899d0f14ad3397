// AskTell: a study whose trials the caller runs.
#include "search/ask_tell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/units.h"
#include "search/paused_trials.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

bool is_same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool has_objective(const StudySpec& spec, const Metrics& metrics) {
  return std::ranges::any_of(spec.objectives,
                             [&](const Objective& objective) { return metrics.contains(objective.metric); });
}

}  // namespace

Result<void> AskTell::begin() {
  const std::lock_guard lock(mutex_);
  now_s_ = study_.state().now_s();
  clock_offset_s_ = now_s_ - clock_.now_s();
  std::vector<PostedCommand> waiting;
  if (options_.commands) {
    PEGBOX_TRY(waiting, options_.commands());
  }
  if (options_.takes_over) recall_wishes();
  PEGBOX_CHECK(note_run());
  const auto left_running = study_.history().in_state(TrialState::Running);
  for (const std::int64_t number : left_running) {
    const Trial& left = trial(number);
    if (options_.runs_elsewhere && options_.runs_elsewhere(left))
      give(number, left.from, {left.worker, study_.state().spec().workers.lease_s});
    else
      PEGBOX_CHECK(move(number, TrialState::Waiting, "the host stopped"));
  }
  if (options_.takes_over)
    for (const PostedCommand& posted : waiting) PEGBOX_CHECK(obey(posted));
  const auto paused = study_.history().in_state(TrialState::Paused);
  if (mode_ == Mode::Running && director_.spent(study_.history()).empty())
    for (const std::int64_t number : paused)
      if (goes_on_with_study(trial(number))) PEGBOX_CHECK(move(number, TrialState::Waiting, "the study goes on"));
  return commit();
}

// A wish is about who runs the study now: with another run's note it is gone.
Result<void> AskTell::note_run() {
  Json note = {{"state", "running"}};
  if (mode_ == Mode::Pausing) note["wish"] = "pause";
  if (mode_ == Mode::Stopping) note["wish"] = "stop";
  if (!asked_to_pause_.empty()) note["pause_trials"] = asked_to_pause_;
  if (!asked_to_stop_.empty()) note["stop_trials"] = asked_to_stop_;
  return log(event::Note{{}, kRunNote, std::move(note)});
}

void AskTell::recall_wishes() {
  const auto found = study_.state().notes().find(kRunNote);
  if (found == study_.state().notes().end() || !found->second.is_object()) return;
  const Json& note = found->second;
  if (note.value("state", "") != "running") return;
  const std::string wish = note.value("wish", "");
  if (wish == "pause") mode_ = Mode::Pausing;
  if (wish == "stop") mode_ = Mode::Stopping;
  const auto recall = [&](const char* key, std::set<std::int64_t>& trials) {
    const auto numbers = note.find(key);
    if (numbers == note.end() || !numbers->is_array()) return;
    for (const Json& number : *numbers)
      if (number.is_number_integer()) trials.insert(number.get<std::int64_t>());
  };
  recall("pause_trials", asked_to_pause_);
  recall("stop_trials", asked_to_stop_);
}

Result<std::optional<AskedTrial>> AskTell::ask(const Taker& taker) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  if (unheard_.empty()) {
    PEGBOX_TRY(auto next, start_next(taker));
    if (next) unheard_.push_back(*std::move(next));
  }
  if (unheard_.empty()) PEGBOX_CHECK(finish_if_idle());
  PEGBOX_CHECK(commit());
  if (unheard_.empty()) return std::nullopt;
  AskedTrial asked = std::move(unheard_.back());
  unheard_.pop_back();
  return asked;
}

Result<std::optional<AskedTrial>> AskTell::start_next(const Taker& taker) {
  while (mode_ == Mode::Running) {
    PEGBOX_TRY(const auto leg, director_.next_leg(history_now()));
    if (!leg) break;
    if (leg->created) PEGBOX_CHECK(log(*leg->created));
    if (leg->infeasible.empty()) {
      PEGBOX_CHECK(log(event::TrialStarted{leg->trial, taker.name, leg->from, leg->until, taker.lease_s}));
      return begin_leg(*leg, taker);
    }
    PEGBOX_CHECK(move(leg->trial, TrialState::Infeasible, leg->infeasible));
  }
  return std::nullopt;
}

void AskTell::give(std::int64_t number, std::int64_t from, const Taker& taker) {
  const auto index = static_cast<std::size_t>(number);
  if (given_.size() <= index) given_.resize(index + 1);
  given_[index] = {++legs_begun_, from, taker};
}

std::string AskTell::author_of(std::int64_t number) const {
  const auto index = static_cast<std::size_t>(number);
  return index < given_.size() && !given_[index].taker.name.empty() ? given_[index].taker.name : kCallerAuthor;
}

double AskTell::lease_of(std::int64_t number) const { return given_[static_cast<std::size_t>(number)].taker.lease_s; }

AskedTrial AskTell::begin_leg(const Leg& leg, const Taker& taker) {
  give(leg.trial, leg.from, taker);
  const Trial& started = trial(leg.trial);
  return {.id = {leg.trial, legs_begun_},
          .config = started.config,
          .seed = started.seed,
          .step = leg.from,
          .checkpoint = started.checkpoint ? started.checkpoint->name : ""};
}

Result<Verdict> AskTell::report(TrialLeg id, const CallersReport& report) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  PEGBOX_TRY(const Trial* reporting, find(id));
  switch (reporting->state) {
    case TrialState::Running:
      break;
    case TrialState::Paused:
    case TrialState::Waiting:
      PEGBOX_CHECK(commit());
      return Verdict::Pause;
    case TrialState::Stopped:
      PEGBOX_CHECK(commit());
      return Verdict::Stop;
    default:
      return tl::make_unexpected(find_running(id).error());
  }
  PEGBOX_CHECK(check_report(*reporting, report));
  const bool is_known = !reporting->reports.empty() && report.step <= reporting->step;
  if (!is_known) {
    PEGBOX_CHECK(log(event::TrialReported{id.trial, report.step, report.metrics}, author_of(id.trial)));
    if (!report.checkpoint.empty()) PEGBOX_CHECK(note_checkpoint(id.trial, report.step, report.checkpoint));
  }
  PEGBOX_TRY(const Judgement judgement, is_known ? wish_about(*reporting) : judge(*reporting, report));
  return judgement.verdict;
}

Result<void> AskTell::note_checkpoint(std::int64_t number, std::int64_t step, const std::string& name) {
  return log(event::Note{number, kCheckpointNote, {{"step", step}, {"name", name}}}, author_of(number));
}

Result<void> AskTell::keep_checkpoint(TrialLeg id, std::int64_t step, const std::string& name) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  PEGBOX_TRY(const Trial* kept, find_running(id));
  if (kept->checkpoint && kept->checkpoint->trial == id.trial && kept->checkpoint->step >= step) return {};
  PEGBOX_CHECK(note_checkpoint(id.trial, step, name));
  return commit();
}

Result<void> AskTell::check_report(const Trial& trial, const CallersReport& report) const {
  if (report.metrics.empty())
    return fail(ErrorKind::InvalidInput, {.where = place_of(trial.number), .what = "a report without a metric"});
  if (report.step < 0)
    return fail(ErrorKind::InvalidInput,
                {.where = place_of(trial.number), .what = "a negative step", .got = std::to_string(report.step)});
  const std::int64_t known = given_[static_cast<std::size_t>(trial.number)].from;
  if (trial.reports.empty() || report.step > trial.step || report.step <= known) return {};
  return fail(ErrorKind::InvalidInput, {.where = place_of(trial.number),
                                        .what = "steps do not grow",
                                        .got = fmt::format("step {} after step {}", report.step, trial.step),
                                        .hint = "report all metrics of a step in one call"});
}

Result<Judgement> AskTell::judge(const Trial& reached, const CallersReport& report) {
  const std::int64_t number = reached.number;
  PEGBOX_TRY(const Judgement wish, wish_about(reached));
  if (wish.verdict != Verdict::Continue) return wish;
  const StudySpec& spec = study_.state().spec();
  const std::int64_t full = study_.history().steps;
  const bool at_end = full > 0 && report.step >= full;  // nothing is left to be saved
  const bool at_rung =
      reached.until > 0 && report.step >= reached.until && !at_end && has_objective(spec, report.metrics);
  const bool out_of_time = spec.budget.time_s > 0 && now_s_ >= spec.budget.time_s;
  if (!at_rung && !out_of_time) {
    if (now_s_ - committed_s_ >= options_.report_group_s) PEGBOX_CHECK(commit());
    return Judgement{};
  }
  Judgement judgement = director_.judge(history_now(), reached);
  if (judgement.verdict == Verdict::Continue)
    PEGBOX_CHECK(log(event::TrialStarted{number, {}, report.step, judgement.until, lease_of(number)}));
  if (judgement.verdict == Verdict::Stop) PEGBOX_CHECK(move(number, TrialState::Stopped, judgement.detail));
  if (judgement.verdict == Verdict::Pause) {
    CheckpointRef stand{number, report.step, report.checkpoint};
    PEGBOX_CHECK(log(event::TrialMoved{number, TrialState::Paused, report.step, stand, {}, judgement.detail}));
  }
  PEGBOX_CHECK(commit());
  return judgement;
}

// What a person wants of a running trial.
Result<Judgement> AskTell::wish_about(const Trial& running) {
  const std::int64_t number = running.number;
  const bool stopped = asked_to_stop_.erase(number) > 0, paused = asked_to_pause_.erase(number) > 0;
  if (options_.keeps_wishes && (stopped || paused)) PEGBOX_CHECK(note_run());
  Judgement wish;
  if (stopped || mode_ == Mode::Stopping) {
    wish = {Verdict::Stop, 0, kStoppedByPerson};
    PEGBOX_CHECK(move(number, TrialState::Stopped, wish.detail));
  } else if (paused || mode_ == Mode::Pausing) {
    wish = {Verdict::Pause, 0, kPausedByPerson};
    PEGBOX_CHECK(move(number, mode_ == Mode::Pausing ? TrialState::Waiting : TrialState::Paused, wish.detail));
  } else {
    return wish;
  }
  PEGBOX_CHECK(commit());
  return wish;
}

Result<void> AskTell::tell(TrialLeg id, const Metrics& metrics) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  if (undurable_ends_.contains(id.trial)) return commit();
  PEGBOX_TRY(const Trial* told, find(id));
  const bool went_on = told->state == TrialState::Paused;  // the caller ran it to its end all the same
  if (!went_on) PEGBOX_CHECK(find_running(id));
  const Objective* diverged = nullptr;
  double value = 0;
  for (const Objective& objective : study_.state().spec().objectives) {
    const auto found = metrics.find(objective.metric);
    const auto known = found != metrics.end() ? std::optional(found->second) : told->metric(objective.metric);
    if (!known)
      return fail(ErrorKind::InvalidInput, {.where = place_of(id.trial),
                                            .what = "no value of '" + objective.metric + "'",
                                            .got = metric_names(metrics),
                                            .expected = objective.metric + ", and any other metrics",
                                            .hint = "a trial that failed is told as failed"});
    if (std::isfinite(*known) || diverged != nullptr) continue;
    diverged = &objective;
    value = *known;
  }
  if (went_on) PEGBOX_CHECK(log(event::TrialStarted{id.trial, {}, told->step, 0, 0}));
  PEGBOX_CHECK(measured(id.trial, metrics));
  if (diverged == nullptr) return end(id.trial, TrialState::Done, {});
  return end(id.trial, TrialState::Failed, diverged->metric + " is " + format_number(value), FailureKind::Diverged);
}

Result<void> AskTell::tell_failed(TrialLeg id, FailureKind kind, const std::string& detail, const Metrics& metrics) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  if (undurable_ends_.contains(id.trial)) return commit();
  PEGBOX_TRY(const Trial* told, find(id));
  if (told->state == TrialState::Paused) return end(id.trial, TrialState::Failed, detail, kind);
  PEGBOX_CHECK(find_running(id));
  PEGBOX_CHECK(measured(id.trial, metrics));
  const bool refused = kind == FailureKind::Infeasible;
  return end(id.trial, refused ? TrialState::Infeasible : TrialState::Failed, detail, kind);
}

// The last word of a trial: at its full length if that is known, else after its last report.
Result<void> AskTell::measured(std::int64_t number, const Metrics& metrics) {
  const Trial& told = trial(number);
  const bool news = std::ranges::any_of(metrics, [&](const auto& metric) {
    const auto known = told.metric(metric.first);
    return !known || !is_same_number(*known, metric.second);
  });
  if (!news) return {};
  const std::int64_t next = told.reports.empty() ? 1 : told.step + 1;
  return log(event::TrialReported{number, std::max(next, study_.history().steps), metrics}, author_of(number));
}

Result<void> AskTell::give_back(TrialLeg id, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  PEGBOX_CHECK(find_running(id));
  PEGBOX_CHECK(move(id.trial, TrialState::Waiting, detail));
  return commit();
}

Result<void> AskTell::lose(TrialLeg id, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  PEGBOX_TRY(const Trial* lost, find_running(id));
  const bool again = lost->lost_workers < study_.state().spec().workers.retries;
  const TrialState to = again ? TrialState::Waiting : TrialState::Failed;
  PEGBOX_CHECK(log(event::TrialMoved{id.trial, to, lost->step, {}, FailureKind::WorkerLost, detail}));
  return commit();
}

Result<Verdict> AskTell::heed(TrialLeg id) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  PEGBOX_TRY(const Trial* running, find_running(id));
  PEGBOX_TRY(const Judgement wish, wish_about(*running));
  return wish.verdict;
}

Result<void> AskTell::describe(const message::Described& described) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  if (study_.state().notes().contains(kDescribedNote)) return {};
  PEGBOX_CHECK(log(event::Note{{}, kDescribedNote, {{"values", described.values}, {"limits", described.limits}}}));
  return commit();
}

Result<void> AskTell::look_around() {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  if (mode_ != Mode::Running || nothing_is_left()) PEGBOX_CHECK(finish_if_idle());
  return commit();
}

// Surely nothing: a trial that is paused may still be given a place, which the next ask() finds out.
bool AskTell::nothing_is_left() const {
  const History history = history_now();
  for (const TrialState state : {TrialState::Waiting, TrialState::Running, TrialState::Paused})
    if (!history.in_state(state).empty()) return false;
  return !director_.exhausted(history).empty();
}

Result<void> AskTell::flush() {
  const std::lock_guard lock(mutex_);
  return make_durable();
}

Result<void> AskTell::close() {
  const std::lock_guard lock(mutex_);
  if (mode_ == Mode::Over) return study_.commit();
  constexpr char kReason[] = "its caller left";
  const auto running = study_.history().in_state(TrialState::Running);
  for (const std::int64_t number : running) PEGBOX_CHECK(move(number, TrialState::Waiting, kReason));
  PEGBOX_CHECK(log(event::Note{{}, kRunNote, {{"state", name_of(Outcome::Paused)}, {"reason", kReason}}}));
  mode_ = Mode::Over;
  return commit();
}

Result<std::int64_t> AskTell::enqueue(const Config& config) {
  const std::lock_guard lock(mutex_);
  PEGBOX_CHECK(tick());
  PEGBOX_TRY(const std::int64_t number, add(config));
  PEGBOX_CHECK(commit());
  return number;
}

Result<std::int64_t> AskTell::add(const Config& config) {
  const History history = history_now();
  if (const std::string why = director_.exhausted(history); !why.empty())
    return fail(ErrorKind::Conflict,
                {.where = study_.name() + " enqueue", .what = "nothing more may be tried", .got = why});
  PEGBOX_TRY(auto created, Director::added_trial(history, config));
  const std::int64_t number = created.trial;
  PEGBOX_CHECK(log(std::move(created), kUserAuthor));
  return number;
}

// When nothing runs and nothing may be started.
Result<void> AskTell::finish_if_idle() {
  if (mode_ == Mode::Over || !study_.history().in_state(TrialState::Running).empty()) return {};
  Outcome outcome = Outcome::Finished;
  if (mode_ == Mode::Pausing) outcome = Outcome::Paused;
  if (mode_ == Mode::Stopping) outcome = Outcome::Stopped;
  std::string reason = outcome == Outcome::Paused ? kPausedByPerson : kStoppedByPerson;
  if (outcome == Outcome::Finished) {
    reason = director_.exhausted(history_now());
    for (const Rest& rest : rest_until_a_larger_budget(history_now(), options_.keep_paused, reason))
      PEGBOX_CHECK(move(rest.trial, rest.to, rest.detail));
  }
  if (outcome == Outcome::Stopped)
    for (const TrialState state : {TrialState::Waiting, TrialState::Paused}) {
      const auto numbers = study_.history().in_state(state);
      for (const std::int64_t number : numbers) PEGBOX_CHECK(move(number, TrialState::Stopped, reason));
    }
  PEGBOX_CHECK(log(event::Note{{}, kRunNote, {{"state", name_of(outcome)}, {"reason", reason}}}));
  mode_ = Mode::Over;
  return {};
}

Result<void> AskTell::look_for_commands() {
  if (!options_.commands || now_s_ - commands_asked_s_ < options_.command_poll_s) return {};
  commands_asked_s_ = now_s_;
  PEGBOX_TRY(const auto commands, options_.commands());
  for (const PostedCommand& posted : commands) PEGBOX_CHECK(obey(posted));
  return {};
}

Result<void> AskTell::obey(const PostedCommand& posted) {
  switch (posted.command) {
    case Command::Pause:
    case Command::Stop:
      if (mode_ == Mode::Over) return {};
      mode_ = posted.command == Command::Pause ? Mode::Pausing : Mode::Stopping;
      return options_.keeps_wishes ? note_run() : Result<void>();
    case Command::Enqueue:
      (void)add(posted.config);  // who posted it looked whether it fits; the study may have ended since
      return {};
    case Command::PauseTrial:
    case Command::StopTrial:
    case Command::ResumeTrial:
      return obey_about_trial(posted.trial, posted.command);
  }
  return {};
}

Result<void> AskTell::obey_about_trial(std::int64_t number, Command command) {
  if (number < 0 || number >= std::ssize(study_.history().trials) || is_final(trial(number).state)) return {};
  const TrialState state = trial(number).state;
  if (command == Command::ResumeTrial) {
    if (asked_to_pause_.erase(number) > 0 && options_.keeps_wishes) PEGBOX_CHECK(note_run());
    return state == TrialState::Paused ? move(number, TrialState::Waiting, kResumedByPerson) : Result<void>();
  }
  const bool pauses = command == Command::PauseTrial;
  if (state == TrialState::Running) {
    (pauses ? asked_to_pause_ : asked_to_stop_).insert(number);
    return options_.keeps_wishes ? note_run() : Result<void>();
  }
  if (pauses && state == TrialState::Paused) return {};
  return move(number, pauses ? TrialState::Paused : TrialState::Stopped, pauses ? kPausedByPerson : kStoppedByPerson);
}

Result<const Trial*> AskTell::find(TrialLeg id) const {
  const auto trials = study_.history().trials;
  if (id.trial < 0 || id.trial >= std::ssize(trials))
    return fail(ErrorKind::NotFound, {.where = study_.name(),
                                      .what = "no such trial",
                                      .got = std::to_string(id.trial),
                                      .expected = fmt::format("one of {} trials", trials.size())});
  const auto index = static_cast<std::size_t>(id.trial);
  const std::uint64_t present = index < given_.size() ? given_[index].leg : 0;
  if (present == 0)
    return fail(ErrorKind::Conflict, {.where = place_of(id.trial), .what = "nobody has asked for this trial yet"});
  if (id.leg != 0 && id.leg != present)
    return fail(ErrorKind::Conflict,
                {.where = place_of(id.trial), .what = "the trial has been given to somebody else since then"});
  return &trials[index];
}

Result<const Trial*> AskTell::find_running(TrialLeg id) const {
  PEGBOX_TRY(const Trial* found, find(id));
  if (found->state == TrialState::Running) return found;
  const bool ended = is_final(found->state);
  return fail(ErrorKind::Conflict,
              {.where = place_of(id.trial),
               .what = ended ? "the trial has ended" : "the trial does not run",
               .got = std::string(name_of(found->state)) + (found->detail.empty() ? "" : ": " + found->detail),
               .hint = ended ? "" : "ask() gives it back when its turn comes"});
}

Result<void> AskTell::tick() {
  now_s_ = std::max(now_s_, clock_.now_s() + clock_offset_s_);
  return look_for_commands();
}

History AskTell::history_now() const {
  History history = study_.history();
  history.now_s = now_s_;
  return history;
}

Result<void> AskTell::log(Event::What what, std::string author) {
  return study_.append(now_s_, std::move(author), std::move(what));
}

Result<void> AskTell::move(std::int64_t number, TrialState to, std::string detail) {
  return log(event::TrialMoved{number, to, trial(number).step, {}, {}, std::move(detail)});
}

Result<void> AskTell::end(std::int64_t number, TrialState to, std::string detail, std::optional<FailureKind> failure) {
  event::TrialMoved moved{number, to, trial(number).step, {}, failure, std::move(detail)};
  PEGBOX_CHECK(log(std::move(moved), author_of(number)));
  undurable_ends_.insert(number);
  return commit();
}

Result<void> AskTell::commit() { return options_.commits ? make_durable() : Result<void>(); }

Result<void> AskTell::make_durable() {
  PEGBOX_CHECK(study_.commit());
  committed_s_ = now_s_;
  undurable_ends_.clear();
  return {};
}

std::string AskTell::place_of(std::int64_t number) const { return fmt::format("{} trial {}", study_.name(), number); }

}  // namespace pegbox
