// AskTell: a study whose trials the caller runs.
#include "search/ask_tell.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/units.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

bool is_same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool has_objective(const StudySpec& spec, const Metrics& metrics) {
  return std::ranges::any_of(spec.objectives,
                             [&](const Objective& objective) { return metrics.contains(objective.metric); });
}

std::string names_in(const Metrics& metrics) {
  std::string names;
  for (const auto& [name, value] : metrics) names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "nothing" : names;
}

}  // namespace

Result<void> AskTell::begin() {
  const std::lock_guard lock(mutex_);
  now_s_ = study_.state().now_s();
  clock_offset_s_ = now_s_ - clock_.now_s();
  PEGBOX_CHECK(log(event::Note{{}, kRunNote, {{"state", "running"}}}));
  const auto left_running = study_.history().in_state(TrialState::Running);
  for (const std::int64_t number : left_running)
    PEGBOX_CHECK(move(number, TrialState::Waiting, "the host stopped", kTunerAuthor));
  const auto paused = study_.history().in_state(TrialState::Paused);
  for (const std::int64_t number : paused)
    if (trial(number).detail == kPausedByPerson)
      PEGBOX_CHECK(move(number, TrialState::Waiting, "the study goes on", kTunerAuthor));
  return commit();
}

Result<std::optional<AskedTrial>> AskTell::ask() {
  const std::lock_guard lock(mutex_);
  tick();
  if (unheard_.empty()) {
    PEGBOX_TRY(auto next, start_next());
    if (!next) {
      if (study_.history().in_state(TrialState::Running).empty()) PEGBOX_CHECK(finish());
      PEGBOX_CHECK(commit());
      return std::nullopt;
    }
    unheard_.push_back(*std::move(next));
  }
  PEGBOX_CHECK(commit());
  AskedTrial asked = std::move(unheard_.back());
  unheard_.pop_back();
  return asked;
}

Result<std::optional<AskedTrial>> AskTell::start_next() {
  for (;;) {
    PEGBOX_TRY(const auto leg, director_.next_leg(history_now()));
    if (!leg) return std::nullopt;
    if (leg->created) PEGBOX_CHECK(log(*leg->created));
    if (leg->infeasible.empty()) {
      PEGBOX_CHECK(log(event::TrialStarted{leg->trial, {}, leg->from, leg->until, 0}));
      return begin_leg(*leg);
    }
    PEGBOX_CHECK(move(leg->trial, TrialState::Infeasible, leg->infeasible, kTunerAuthor));
  }
}

AskedTrial AskTell::begin_leg(const Leg& leg) {
  const auto index = static_cast<std::size_t>(leg.trial);
  if (given_.size() <= index) given_.resize(index + 1);
  given_[index] = {++legs_begun_, leg.from};
  const Trial& started = trial(leg.trial);
  return {.id = {leg.trial, legs_begun_},
          .config = started.config,
          .seed = started.seed,
          .step = leg.from,
          .checkpoint = started.checkpoint ? started.checkpoint->name : ""};
}

Result<Verdict> AskTell::report(TrialLeg id, const CallersReport& report) {
  const std::lock_guard lock(mutex_);
  tick();
  PEGBOX_TRY(const Trial* trial, find(id));
  if (trial->state == TrialState::Paused || trial->state == TrialState::Stopped) {
    PEGBOX_CHECK(commit());
    return trial->state == TrialState::Paused ? Verdict::Pause : Verdict::Stop;
  }
  PEGBOX_CHECK(find_running(id));
  if (report.metrics.empty())
    return fail(ErrorKind::InvalidInput, {.where = place_of(id.trial), .what = "a report without a metric"});
  if (report.step < 0)
    return fail(ErrorKind::InvalidInput,
                {.where = place_of(id.trial), .what = "a negative step", .got = std::to_string(report.step)});
  if (!trial->reports.empty() && report.step <= trial->step) {
    if (report.step <= given_[static_cast<std::size_t>(id.trial)].from) return Verdict::Continue;
    return fail(ErrorKind::InvalidInput, {.where = place_of(id.trial),
                                          .what = "steps do not grow",
                                          .got = fmt::format("step {} after step {}", report.step, trial->step),
                                          .hint = "report all metrics of a step in one call"});
  }
  return judge(id, report);
}

Result<Verdict> AskTell::judge(TrialLeg id, const CallersReport& report) {
  PEGBOX_CHECK(log(event::TrialReported{id.trial, report.step, report.metrics}, kCallerAuthor));
  if (!report.checkpoint.empty())
    PEGBOX_CHECK(log(
        event::Note{id.trial, kCheckpointNote, {{"step", report.step}, {"name", report.checkpoint}}}, kCallerAuthor));
  const Trial& reached = trial(id.trial);
  const StudySpec& spec = study_.state().spec();
  const bool at_rung = reached.until > 0 && report.step >= reached.until && has_objective(spec, report.metrics);
  const bool out_of_time = spec.budget.time_s > 0 && now_s_ >= spec.budget.time_s;
  if (!at_rung && !out_of_time) {
    if (now_s_ - committed_s_ >= options_.report_group_s) PEGBOX_CHECK(commit());
    return Verdict::Continue;
  }
  const Judgement judgement = director_.judge(history_now(), reached);
  if (judgement.verdict == Verdict::Continue)
    PEGBOX_CHECK(log(event::TrialStarted{id.trial, {}, report.step, judgement.until, 0}));
  if (judgement.verdict == Verdict::Stop)
    PEGBOX_CHECK(move(id.trial, TrialState::Stopped, judgement.detail, kTunerAuthor));
  if (judgement.verdict == Verdict::Pause)
    PEGBOX_CHECK(log(event::TrialMoved{id.trial, TrialState::Paused, report.step,
                                       CheckpointRef{id.trial, report.step, report.checkpoint}, {}, judgement.detail}));
  PEGBOX_CHECK(commit());
  return judgement.verdict;
}

Result<void> AskTell::tell(TrialLeg id, const Metrics& metrics) {
  const std::lock_guard lock(mutex_);
  tick();
  if (undurable_ends_.contains(id.trial)) return commit();
  PEGBOX_TRY(const Trial* told, find_running(id));
  const Objective* diverged = nullptr;
  double value = 0;
  for (const Objective& objective : study_.state().spec().objectives) {
    const auto found = metrics.find(objective.metric);
    const auto known = found != metrics.end() ? std::optional(found->second) : told->metric(objective.metric);
    if (!known)
      return fail(ErrorKind::InvalidInput, {.where = place_of(id.trial),
                                            .what = "no value of '" + objective.metric + "'",
                                            .got = names_in(metrics),
                                            .expected = objective.metric + " and any other metrics",
                                            .hint = "a trial that failed is told as failed"});
    if (std::isfinite(*known) || diverged != nullptr) continue;
    diverged = &objective;
    value = *known;
  }
  PEGBOX_CHECK(measured(id.trial, metrics));
  if (diverged == nullptr) return end(id.trial, TrialState::Done, {});
  return end(id.trial, TrialState::Failed, diverged->metric + " is " + format_number(value), FailureKind::Diverged);
}

Result<void> AskTell::tell_failed(TrialLeg id, FailureKind kind, const std::string& detail, const Metrics& metrics) {
  const std::lock_guard lock(mutex_);
  tick();
  if (undurable_ends_.contains(id.trial)) return commit();
  PEGBOX_TRY(const Trial* told, find(id));
  const bool paused = told->state == TrialState::Paused;
  if (!paused) PEGBOX_CHECK(find_running(id));
  if (!paused) PEGBOX_CHECK(measured(id.trial, metrics));
  const bool refused = kind == FailureKind::Infeasible && !paused;
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
  const std::int64_t next = told.reports.empty() ? 0 : told.step + 1;
  return log(event::TrialReported{number, std::max(next, study_.history().steps), metrics}, kCallerAuthor);
}

Result<void> AskTell::give_back(TrialLeg id, const std::string& detail) {
  const std::lock_guard lock(mutex_);
  tick();
  PEGBOX_CHECK(find_running(id));
  PEGBOX_CHECK(move(id.trial, TrialState::Waiting, detail, kTunerAuthor));
  return commit();
}

Result<void> AskTell::give_all_back(const std::string& detail) {
  const std::lock_guard lock(mutex_);
  tick();
  const auto running = study_.history().in_state(TrialState::Running);
  for (const std::int64_t number : running) PEGBOX_CHECK(move(number, TrialState::Waiting, detail, kTunerAuthor));
  unheard_.clear();
  return commit();
}

Result<std::int64_t> AskTell::enqueue(const Config& config) {
  const std::lock_guard lock(mutex_);
  tick();
  const History history = history_now();
  const std::string where = study_.name() + " enqueue";
  if (const std::string why = director_.exhausted(history); !why.empty())
    return fail(ErrorKind::Conflict, {.where = where, .what = "nothing more may be tried: " + why});
  PEGBOX_TRY(auto created, director_.wanted_trial(history, config, where));
  PEGBOX_TRY(const auto violated, history.constraints.violated(created.config));
  if (violated) return fail(ErrorKind::InvalidInput, {.where = where, .what = "it violates " + *violated});
  created.reason = {{"by", "enqueue"}};
  const std::int64_t number = created.trial;
  PEGBOX_CHECK(log(std::move(created), "user"));
  PEGBOX_CHECK(commit());
  return number;
}

Result<void> AskTell::flush() {
  const std::lock_guard lock(mutex_);
  return commit();
}

// What waits at a rung when nothing may be started any more was not good enough, as when the tuner finishes.
Result<void> AskTell::finish() {
  if (finished_) return {};
  const std::string reason = director_.exhausted(history_now());
  const auto paused = study_.history().in_state(TrialState::Paused);
  for (const std::int64_t number : paused)
    PEGBOX_CHECK(move(number, TrialState::Stopped, "the budget is spent: " + reason, kTunerAuthor));
  const auto waiting = study_.history().in_state(TrialState::Waiting);
  for (const std::int64_t number : waiting)
    PEGBOX_CHECK(move(number, TrialState::Stopped, "the budget is spent: " + reason, kTunerAuthor));
  PEGBOX_CHECK(log(event::Note{{}, kRunNote, {{"state", name_of(Outcome::Finished)}, {"reason", reason}}}));
  finished_ = true;
  return {};
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
  if (present == 0 || (id.leg != 0 && id.leg != present))
    return fail(ErrorKind::Conflict, {.where = place_of(id.trial),
                                      .what = present == 0 ? "nobody has asked for this trial since the study was opened"
                                                           : "the trial was given to somebody else since then"});
  return &trials[index];
}

Result<const Trial*> AskTell::find_running(TrialLeg id) const {
  PEGBOX_TRY(const Trial* found, find(id));
  if (found->state == TrialState::Running) return found;
  const std::string state(name_of(found->state));
  const std::string detail = found->detail.empty() ? "" : ": " + found->detail;
  if (is_final(found->state))
    return fail(ErrorKind::Conflict, {.where = place_of(id.trial), .what = "the trial has ended", .got = state + detail});
  return fail(ErrorKind::Conflict, {.where = place_of(id.trial),
                                    .what = "the trial does not run",
                                    .got = state + detail,
                                    .hint = "ask() gives it back when its turn comes"});
}

void AskTell::tick() { now_s_ = std::max(now_s_, clock_.now_s() + clock_offset_s_); }

History AskTell::history_now() const {
  History history = study_.history();
  history.now_s = now_s_;
  return history;
}

Result<void> AskTell::log(Event::What what, const char* author) { return study_.append(now_s_, author, std::move(what)); }

Result<void> AskTell::move(std::int64_t number, TrialState to, std::string detail, const char* author,
                           std::optional<FailureKind> failure) {
  return log(event::TrialMoved{number, to, trial(number).step, {}, failure, std::move(detail)}, author);
}

Result<void> AskTell::end(std::int64_t number, TrialState to, std::string detail, std::optional<FailureKind> failure) {
  PEGBOX_CHECK(move(number, to, std::move(detail), kCallerAuthor, failure));
  undurable_ends_.insert(number);
  return commit();
}

Result<void> AskTell::commit() {
  PEGBOX_CHECK(study_.commit());
  committed_s_ = now_s_;
  undurable_ends_.clear();
  return {};
}

std::string AskTell::place_of(std::int64_t number) const { return fmt::format("{} trial {}", study_.name(), number); }

}  // namespace pegbox
