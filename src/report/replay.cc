// Replay: the log is folded event by event, and before a decision is folded it is taken again.
#include "report/replay.h"

#include <fmt/format.h>

#include <algorithm>

#include "search/director.h"
#include "search/paused_trials.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

/// The tuner with the strategies of one run.
struct Decider {
  Strategies strategies;
  Director director;
  explicit Decider(Strategies made)
      : strategies(std::move(made)), director(*strategies.sampler, *strategies.scheduler) {}
};

Json payload_of(const Event::What& what) {
  const auto parsed = parse_json(encode_payload(what), "payload");
  return parsed ? *parsed : Json(nullptr);
}

Json leg_json(std::int64_t trial, std::int64_t from, std::int64_t until) {
  return {{"trial", trial}, {"from", from}, {"until", until}};
}

Json verdict_json(TrialState to, const std::string& detail) { return {{"to", name_of(to)}, {"detail", detail}}; }

Json error_json(const Error& error) { return {{"error", error.message}}; }

bool is_person(const std::string& detail) { return detail == kPausedByPerson || detail == kStoppedByPerson; }

class Replayer {
 public:
  Replayer(std::span<const Event> events, const ReplayOptions& options) : events_(events), options_(options) {}

  Result<Replayed> run() {
    for (at_ = 0; at_ < events_.size(); ++at_) {
      if (options_.interrupted != nullptr && *options_.interrupted)
        return fail(ErrorKind::Interrupted, {.where = "replay", .what = "given up"});
      PEGBOX_CHECK(std::visit([&](const auto& what) { return check(what); }, event().what));
      PEGBOX_CHECK(state_.apply(event()));
    }
    return std::move(result_);
  }

 private:
  const Event& event() const { return events_[at_]; }
  const Trial& trial(std::int64_t number) const { return state_.trial(number); }
  bool is_known(std::int64_t number) const { return number >= 0 && number < std::ssize(state_.history().trials); }

  /// What the tuner saw when it decided: the log so far, and the time.
  History history() const {
    History seen = state_.history();
    seen.now_s = event().study_time_s;
    return seen;
  }

  Result<Decider*> decider() {
    if (decider_ == nullptr) {
      PEGBOX_TRY(auto made, options_.make(state_.spec()));
      decider_ = std::make_unique<Decider>(std::move(made));
    }
    return decider_.get();
  }

  void compare(std::int64_t& count, std::string decision, Json recorded, Json decided) {
    ++count;
    if (recorded == decided) return;
    ++result_.differences;
    if (!result_.first)
      result_.first = ReplayDifference{event().index, std::move(decision), std::move(recorded), std::move(decided)};
  }

  Result<void> check(const event::StudyCreated&) { return {}; }
  Result<void> check(const event::StudyChanged&) { return {}; }
  Result<void> check(const event::SourceAdded&) { return {}; }
  Result<void> check(const event::TrialReported&) { return {}; }

  Result<void> check(const event::TrialCreated& recorded) {
    leg_.reset();
    if (event().author != kTunerAuthor) return {};  // a person's
    PEGBOX_TRY(Decider * decider, this->decider());
    const auto leg = decider->director.next_leg(history());
    Json decided;
    if (!leg) decided = error_json(leg.error());
    if (leg && *leg && (*leg)->created) decided = payload_of(*(*leg)->created);
    if (leg && *leg && !(*leg)->created) decided = leg_json((*leg)->trial, (*leg)->from, (*leg)->until);
    if (leg && *leg) leg_ = **leg;
    compare(result_.configurations, fmt::format("the configuration of trial {}", recorded.trial), payload_of(recorded),
            std::move(decided));
    return {};
  }

  Result<void> check(const event::TrialStarted& recorded) {
    if (!is_known(recorded.trial)) return {};  // the fold says so
    const Json said = leg_json(recorded.trial, recorded.from, recorded.until);
    PEGBOX_TRY(Decider * decider, this->decider());
    if (trial(recorded.trial).state == TrialState::Running) {
      compare(result_.verdicts, fmt::format("that trial {} goes on", recorded.trial), said,
              judged(*decider, trial(recorded.trial)));
      return {};
    }
    if (is_callers(recorded)) return {};
    Json decided;
    if (leg_ && leg_->created && leg_->trial == recorded.trial) {
      decided = leg_json(leg_->trial, leg_->from, leg_->until);
    } else {
      const auto leg = decider->director.next_leg(history());
      if (!leg) decided = error_json(leg.error());
      if (leg && *leg) decided = leg_json((*leg)->trial, (*leg)->from, (*leg)->until);
    }
    leg_.reset();
    compare(result_.legs, fmt::format("that trial {} runs next, and how far", recorded.trial), said,
            std::move(decided));
    return {};
  }

  /// What the rules say of a trial at its rung, in the form of what would be logged.
  Json judged(Decider& decider, const Trial& reached) const {
    const Judgement judgement = decider.director.judge(history(), reached);
    if (judgement.verdict == Verdict::Continue) return leg_json(reached.number, reached.step, judgement.until);
    return verdict_json(judgement.verdict == Verdict::Pause ? TrialState::Paused : TrialState::Stopped,
                        judgement.detail);
  }

  /// Whoever asks and tells ran a paused trial to its end all the same: a leg of no step, ended at once.
  bool is_callers(const event::TrialStarted& started) const {
    if (trial(started.trial).state != TrialState::Paused || started.until != 0) return false;
    for (std::size_t next = at_ + 1; next < events_.size() && next <= at_ + 2; ++next) {
      const auto* moved = std::get_if<event::TrialMoved>(&events_[next].what);
      if (moved == nullptr || moved->trial != started.trial) continue;
      return is_final(moved->to) && events_[next].author != kTunerAuthor &&
             events_[next].study_time_s == event().study_time_s;
    }
    return false;
  }

  Result<void> check(const event::TrialMoved& recorded) {
    if (!is_known(recorded.trial)) return {};
    const Trial& moved = trial(recorded.trial);
    if (recorded.to == TrialState::Infeasible && moved.state == TrialState::Waiting) {
      const bool is_expected = leg_ && leg_->trial == recorded.trial;
      compare(result_.legs, fmt::format("that trial {} must not run", recorded.trial),
              verdict_json(recorded.to, recorded.detail),
              is_expected && !leg_->infeasible.empty() ? verdict_json(TrialState::Infeasible, leg_->infeasible)
                                                       : Json(nullptr));
      leg_.reset();
      return {};
    }
    const bool is_rest = recorded.to == TrialState::Paused || recorded.to == TrialState::Stopped;
    if (!is_rest || is_person(recorded.detail)) return {};
    if (moved.state != TrialState::Running) return check_rest(recorded);
    PEGBOX_TRY(Decider * decider, this->decider());
    compare(result_.verdicts, fmt::format("what becomes of trial {} at step {}", recorded.trial, recorded.step),
            verdict_json(recorded.to, recorded.detail), judged(*decider, moved));
    return {};
  }

  /// What becomes of trials that wait when a budget is spent: all such events up to the end of the run, at once.
  Result<void> check_rest(const event::TrialMoved&) {
    if (at_ < rest_until_) return {};
    Json recorded = Json::array(), decided = Json::array();
    std::string reason;
    for (rest_until_ = at_; rest_until_ < events_.size(); ++rest_until_) {
      const Event& next = events_[rest_until_];
      if (const auto* moved = std::get_if<event::TrialMoved>(&next.what)) {
        recorded.push_back({{"trial", moved->trial}, {"to", name_of(moved->to)}, {"detail", moved->detail}});
        continue;
      }
      const auto* note = std::get_if<event::Note>(&next.what);
      if (note != nullptr && note->key == kRunNote && note->value.is_object()) reason = note->value.value("reason", "");
      break;
    }
    for (const Rest& rest : rest_until_a_larger_budget(history(), kKeptPaused, reason))
      decided.push_back({{"trial", rest.trial}, {"to", name_of(rest.to)}, {"detail", rest.detail}});
    compare(result_.ends, "what becomes of trials when the budget is spent", std::move(recorded), std::move(decided));
    return {};
  }

  Result<void> check(const event::Note& recorded) {
    if (recorded.trial || recorded.key != kRunNote || !recorded.value.is_object()) return {};
    const std::string state = recorded.value.value("state", ""), reason = recorded.value.value("reason", "");
    if (state == "running") decider_.reset();
    if (state != name_of(Outcome::Finished) || is_person(reason)) return {};
    PEGBOX_TRY(Decider * decider, this->decider());
    const auto leg = decider->director.next_leg(history());  // the director learns that a space is exhausted by asking
    compare(result_.ends, "why the run ended", reason,
            leg ? Json(decider->director.exhausted(history())) : error_json(leg.error()));
    return {};
  }

  std::span<const Event> events_;
  const ReplayOptions& options_;
  std::size_t at_ = 0;
  StudyState state_;
  std::unique_ptr<Decider> decider_;
  std::optional<Leg> leg_;      // of the trial that was just created
  std::size_t rest_until_ = 0;  // up to this event the end of a budget has been compared
  Replayed result_;
};

}  // namespace

Result<Replayed> replay(std::span<const Event> events, const ReplayOptions& options) {
  return Replayer(events, options).run();
}

}  // namespace pegbox
