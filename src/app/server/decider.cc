// Decider: the one thread that decides about all studies of a server.
#include "app/server/decider.h"

#include <fmt/format.h>

#include <chrono>
#include <future>
#include <utility>

namespace pegbox::server {
namespace {

constexpr double kLookEvery_s = 0.2;
constexpr double kAway_s = 0.8;      // without a look: this thread was held up
constexpr double kAskAgain_s = 0.5;  // in how many seconds an idle worker may have more luck

Json json_of(const LeasedTrial& leased) {
  Json resume = nullptr;
  if (leased.resume)
    resume = {{"trial", leased.resume->trial}, {"step", leased.resume->step}, {"checkpoint", leased.resume->name}};
  return {{"number", leased.trial},
          {"lease", leased.lease},
          {"lease_s", leased.lease_s},
          {"seed", leased.seed},
          {"config", leased.config.to_json()},
          {"step", leased.step},
          {"until", leased.until},
          {"resume", std::move(resume)},
          {"attempt", leased.attempt}};
}

Result<void> check_wish(const StudyState& state, const PostedCommand& posted) {
  const auto trials = state.history().trials;
  const std::string& name = state.spec().name;
  if (posted.trial >= std::ssize(trials))
    return fail(ErrorKind::NotFound, {.where = name, .what = "no such trial", .got = std::to_string(posted.trial)});
  if (posted.trial < 0) return {};
  const TrialState now = trials[static_cast<std::size_t>(posted.trial)].state;
  if (is_final(now))
    return fail(ErrorKind::Conflict,
                {.where = name, .what = "the trial has ended", .got = std::to_string(posted.trial)});
  if (posted.command == Command::ResumeTrial && now != TrialState::Paused)
    return fail(ErrorKind::Conflict, {.where = fmt::format("{} trial {}", name, posted.trial),
                                      .what = "the trial is not paused",
                                      .got = std::string(name_of(now))});
  return {};
}

Result<void> check_addition(const StudyState& state, const PostedCommand& posted) {
  const History history = state.history();
  if (history.all_created())
    return fail(ErrorKind::Conflict, {.where = history.spec.name + " enqueue",
                                      .what = "the budget has no trial left",
                                      .got = fmt::format("{} trials", history.spec.budget.trials),
                                      .hint = "a larger budget in the study file makes room"});
  PEGBOX_TRY(const auto created, Director::added_trial(history, posted.config));
  return {};
}

}  // namespace

// A study that rests is kept without its lock, so that `pegbox tune` may run it; it is read again when it has grown.
Result<bool> Desk::rests(const std::string& name) {
  const auto entry = store_.entry(name);
  if (const auto known = resting_.find(name); known != resting_.end()) {
    if (entry && entry->id == known->second.id && entry->event_count == known->second.study->state().event_count())
      return true;
    resting_.erase(known);
  }
  if (!entry) return tl::make_unexpected(entry.error());
  PEGBOX_TRY(auto study, Study::open(store_, name));
  const std::string state = run_state(study->state());
  if (state == "running" || state == "new") return false;
  resting_[name] = {std::move(study), entry->id};
  return true;
}

Result<ServedStudy*> Desk::open(const std::string& name) {
  if (const auto found = open_.find(name); found != open_.end()) return found->second.get();
  PEGBOX_TRY(const bool does_rest, rests(name));
  if (does_rest) return nullptr;
  OpenedStudy opened;
  PEGBOX_TRY(opened.lease, store_.lease(name));
  PEGBOX_TRY(opened.study, Study::open(store_, name));
  PEGBOX_TRY(auto served, ServedStudy::open(store_, std::move(opened), clock_));
  return (open_[name] = std::move(served)).get();
}

Answer Desk::ask(const std::string& name, const Question& question) {
  PEGBOX_TRY(ServedStudy * study, open(name));
  if (study == nullptr) return Json{{"trial", nullptr}, {"state", run_state(resting_[name].study->state())}};
  PEGBOX_TRY(const auto leased, study->ask(question));
  attendance_.asked(question.worker, !leased, clock_.now_s());
  if (leased) return Json{{"trial", json_of(*leased)}, {"state", "running"}};
  Json nothing = {{"trial", nullptr}, {"state", run_state(study->state())}};
  if (!study->is_over()) nothing["retry_s"] = kAskAgain_s;
  return nothing;
}

Result<Standing> Desk::take(const std::string& name, const TrialMessage& message) {
  PEGBOX_TRY(ServedStudy * study, open(name));
  if (study != nullptr) return study->take(message);
  PEGBOX_TRY(const auto known, known_standing(resting_[name].study->state(), message));
  if (known) return *known;
  return fail_resting(name);
}

Result<const StudyState*> Desk::running(const std::string& name) {
  const auto opened = open(name);
  if (!opened && opened.error().kind == ErrorKind::Conflict) return elsewhere_.state_of(name);
  if (!opened) return tl::make_unexpected(opened.error());
  if (*opened == nullptr) return fail_resting(name);
  return &(*opened)->state();
}

Answer Desk::wish(const std::string& name, const PostedCommand& posted) {
  PEGBOX_TRY(const StudyState* state, running(name));
  PEGBOX_CHECK(posted.command == Command::Enqueue ? check_addition(*state, posted) : check_wish(*state, posted));
  PEGBOX_CHECK(store_.post(name, posted));
  return Json{{"asked", true}};
}

Answer Desk::resume(const std::string& name) {
  PEGBOX_TRY(const StudyState* state, elsewhere_.state_of(name));
  if (const auto found = open_.find(name); found != open_.end() && !found->second->is_over())
    return fail(ErrorKind::Conflict, {.where = name, .what = "the study runs already"});
  return create(to_line(state->spec().source));
}

tl::unexpected<Error> Desk::fail_resting(const std::string& name) const {
  return fail(ErrorKind::Conflict, {.where = name,
                                    .what = "the study does not run",
                                    .got = run_state(resting_.at(name).study->state()),
                                    .hint = "whoever administers the server goes on with it by creating it again"});
}

Answer Desk::create(const std::string& text) {
  std::optional<Error> fault;
  PEGBOX_TRY(OpenedStudy opened, studies_.hold(text, [&](const std::string& name) {
    if (const auto found = open_.find(name); found != open_.end()) {
      if (const auto flushed = found->second->flush(); !flushed) fault = flushed.error();
      open_.erase(found);
    }
    resting_.erase(name);
  }));
  if (fault) return tl::make_unexpected(*std::move(fault));
  const bool is_new = opened.is_new;
  opened.goes_on = true;
  const std::string name = opened.study->name();
  PEGBOX_CHECK(take_over(std::move(opened)));
  return Json{{"name", name}, {"created", is_new}, {"state", run_state(open_[name]->state())}};
}

Result<void> Desk::take_over(OpenedStudy opened) {
  const std::string name = opened.study->name();
  resting_.erase(name);
  PEGBOX_TRY(open_[name], ServedStudy::open(store_, std::move(opened), clock_));
  return {};
}

void Desk::excuse(double seconds) {
  for (auto& [name, study] : open_) study->excuse(seconds);
}

void Desk::look_around() {
  for (auto& [name, study] : open_) (void)study->look_around();
}

// Also lets go of those that are over: others may run them then.
std::map<std::string, Error> Desk::flush() {
  std::map<std::string, Error> faults;
  for (auto entry = open_.begin(); entry != open_.end();) {
    auto& [name, study] = *entry;
    const auto flushed = study->flush();
    if (!flushed) faults.emplace(name, flushed.error());
    const bool lets_go = flushed && study->is_over() && study->state().history().in_state(TrialState::Running).empty();
    if (lets_go)
      if (const auto stored = store_.entry(name)) resting_[name] = {study->close(), stored->id};
    entry = lets_go ? open_.erase(entry) : std::next(entry);
  }
  return faults;
}

Decider::Decider(Store& store, Studies& studies, const Clock& clock)
    : clock_(clock), desk_(store, studies, clock), looked_s_(clock.now_s()), thread_([this] { run(); }) {}

Decider::~Decider() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  news_.notify_one();
  thread_.join();
}

void Decider::post(Job job) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(job));
  }
  news_.notify_one();
}

void Decider::settle() {
  std::promise<void> settled;
  post({{}, [](Desk&) -> Answer { return Json(); }, [&](const Answer&) { settled.set_value(); }});
  settled.get_future().wait();
}

void Decider::run() {
  for (bool stopping = false; !stopping;) {
    std::vector<Job> jobs;
    {
      std::unique_lock lock(mutex_);
      news_.wait_for(lock, std::chrono::duration<double>(kLookEvery_s),
                     [this] { return stopping_ || !waiting_.empty(); });
      jobs = std::exchange(waiting_, {});
      stopping = stopping_;
    }
    decide(std::move(jobs));
  }
}

void Decider::decide(std::vector<Job> jobs) {
  std::vector<Answer> answers;
  for (const Job& job : jobs) answers.push_back(job.decide(desk_));
  look_around();
  const auto faults = desk_.flush();
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const Job job = std::move(jobs[i]);  // gone with its answer: who settles may destroy what it holds
    const auto fault = faults.find(job.study);
    job.done(fault == faults.end() ? std::move(answers[i]) : Answer(tl::make_unexpected(fault->second)));
  }
}

// What workers said while this thread was busy elsewhere (a study was made, the disk hung, the machine slept) has not
// been heard yet.
void Decider::look_around() {
  const double now_s = clock_.now_s(), since_s = now_s - looked_s_;
  if (since_s < kLookEvery_s) return;
  if (since_s > kAway_s) desk_.excuse(since_s);
  desk_.look_around();
  looked_s_ = now_s;
}

}  // namespace pegbox::server
