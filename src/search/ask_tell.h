// AskTell: a study whose trials the caller runs: it asks for them, reports how they come on, and tells what became of
// them.
//
// It is the tuner with a caller instead of an executor: the same director decides, and the same events are logged in
// the same order, so a seed gives the same configurations. Asks, tells and verdicts are durable before they are
// acknowledged; reports on the way are grouped.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "search/asked_trial.h"
#include "search/director.h"
#include "search/paused_trials.h"
#include "search/study.h"

namespace pegbox {

struct AskTellOptions {
  double report_group_s = 0.1;                                     ///< a kill loses the reports of so many seconds
  double command_poll_s = 0.2;                                     ///< how often `commands` is asked
  std::function<Result<std::vector<PostedCommand>>()> commands{};  ///< wishes of other processes; empty: none
  std::size_t keep_paused = kKeptPaused;                           ///< see rest_until_a_larger_budget
  /// false: the caller calls flush() before it acknowledges anything, once for several calls.
  bool commits = true;
  bool keeps_wishes = false;  ///< what a person asked for and no trial has heard yet is in the log (the run note)
  bool takes_over = false;    ///< begin() goes on with such wishes, and obeys those that wait; else they are forgotten
  /// Whether a trial that runs in the log does so elsewhere, under a lease: begin() leaves it running. Empty: none
  /// does.
  std::function<bool(const Trial&)> runs_elsewhere{};
};

inline constexpr const char* kCallerAuthor = "caller";  ///< whose word reports and ends are, in the log

/// Threads: every function may be called from any thread; they take turns. A call that failed at the store (the disk is
/// full) may be made again: what it said is not logged twice.
class AskTell {
 public:
  /// `study` and `director` are nobody else's while this exists.
  AskTell(Study& study, Director& director, const Clock& clock, AskTellOptions options = {})
      : study_(study), director_(director), clock_(clock), options_(std::move(options)) {}

  /// First of all: trials that a dead process left open go back to the queue, and are asked for first. Those that run
  /// elsewhere stay with their taker.
  Result<void> begin();

  /// The next trial, in the order of Director::next_leg. Nothing if none may be started now: the budget is spent, the
  /// space is exhausted, or a person paused or stopped the study. While others run, one of them may be paused and come
  /// back; when none does, the study is finished, and what waits rests for a larger budget (paused_trials.h).
  Result<std::optional<AskedTrial>> ask(const Taker& taker = {});

  /// At or past its rung, with a value of an objective, a trial is judged; before that, and at its full length, it goes
  /// on, unless the study's time is over or a person wants it to pause or stop. After Pause, ask() may give it back
  /// some day, with `step` where it stopped; after Stop it has ended; a report after either changes nothing and hears
  /// the same again. Steps up to where the leg began are known already and change nothing, so that a program without a
  /// snapshot may begin again. InvalidInput for a step reported before in this leg, and for no metrics.
  Result<Verdict> report(TrialLeg id, const CallersReport& report);

  /// The trial ran to its end. `metrics` are its last; of what they leave out the last report counts. InvalidInput if
  /// an objective has no value at all. An objective that is not finite makes it a failure of kind Diverged.
  Result<void> tell(TrialLeg id, const Metrics& metrics);

  /// The trial failed; it may be paused. `metrics` may be empty. Infeasible: it was refused, and costs no budget.
  Result<void> tell_failed(TrialLeg id, FailureKind kind, const std::string& detail, const Metrics& metrics = {});

  /// The trial goes back to the queue: somebody interrupted the caller.
  Result<void> give_back(TrialLeg id, const std::string& detail);

  /// Its taker is silent or dead: back to the queue, or failed where it has lost `workers.retries` others before.
  Result<void> lose(TrialLeg id, const std::string& detail);

  Result<void> keep_checkpoint(TrialLeg id, std::int64_t step, const std::string& name);  ///< a snapshot on the way
  Result<Verdict> heed(TrialLeg id);  ///< what a person wants of a trial that has nothing to report

  /// What there is to tune, where the study does not know it yet: described values and limits.
  Result<void> describe(const message::Described& described);

  /// Obeys wishes and notes the end of a study in which nothing runs and nothing may be started, though nobody asks.
  Result<void> look_around();

  /// Everything said so far is durable when it returns; to be called where `commits` is false.
  Result<void> flush();

  /// The caller leaves: what it still has goes back to the queue. Nothing may be called after it.
  Result<void> close();

  /// A configuration to try before the sampler's next; what it leaves out is drawn. Its trial's number. InvalidInput if
  /// the space or a constraint refuses it; Conflict if the budget has no trial left.
  Result<std::int64_t> enqueue(const Config& config);

  /// Looks at the study, while nobody changes it. The History is valid within `look` only.
  template <class Look>
  auto look(Look look) const {
    const std::lock_guard lock(mutex_);
    return look(study_.history());
  }

 private:
  enum class Mode : std::uint8_t { Running, Pausing, Stopping, Over };
  struct Given {
    std::uint64_t leg = 0;  // 0: not asked for since begin()
    std::int64_t from = 0;
    Taker taker{};
  };

  Result<void> tick();
  History history_now() const;
  const Trial& trial(std::int64_t number) const { return study_.state().trial(number); }
  Result<const Trial*> find(TrialLeg id) const;
  Result<const Trial*> find_running(TrialLeg id) const;
  Result<void> look_for_commands();
  Result<void> obey(const PostedCommand& posted);
  Result<void> note_run();
  void recall_wishes();
  Result<void> obey_about_trial(std::int64_t number, Command command);
  Result<std::int64_t> add(const Config& config);
  Result<std::optional<AskedTrial>> start_next(const Taker& taker);
  AskedTrial begin_leg(const Leg& leg, const Taker& taker);
  void give(std::int64_t number, std::int64_t from, const Taker& taker);
  std::string author_of(std::int64_t number) const;
  Result<void> check_report(const Trial& trial, const CallersReport& report) const;
  Result<Judgement> judge(const Trial& trial, const CallersReport& report);
  Result<Judgement> wish_about(const Trial& trial);
  Result<void> measured(std::int64_t number, const Metrics& metrics);
  Result<void> log(Event::What what, std::string author = kTunerAuthor);
  Result<void> move(std::int64_t number, TrialState to, std::string detail);
  Result<void> end(std::int64_t number, TrialState to, std::string detail, std::optional<FailureKind> failure = {});
  Result<void> note_checkpoint(std::int64_t number, std::int64_t step, const std::string& name);
  Result<void> finish_if_idle();
  bool nothing_is_left() const;
  Result<void> commit();  // unless the caller does
  Result<void> make_durable();
  double lease_of(std::int64_t number) const;
  std::string place_of(std::int64_t number) const;

  Study& study_;
  Director& director_;
  const Clock& clock_;
  const AskTellOptions options_;

  mutable std::mutex mutex_;
  double now_s_ = 0, clock_offset_s_ = 0, committed_s_ = 0;  // study time
  std::uint64_t legs_begun_ = 0;
  std::vector<Given> given_;               // [trials asked for]: the last time
  std::vector<AskedTrial> unheard_;        // begun, but not yet durable: not yet given to anybody
  std::set<std::int64_t> undurable_ends_;  // told, but not yet durable
  Mode mode_ = Mode::Running;
  double commands_asked_s_ = 0;
  std::set<std::int64_t> asked_to_pause_, asked_to_stop_;  // by a person; obeyed at the next report
};

}  // namespace pegbox
