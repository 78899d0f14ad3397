// StudyAblation: see study_ablation.h.
#include "app/study_ablation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/executor_factory.h"
#include "app/patience.h"
#include "app/progress.h"
#include "app/session.h"
#include "search/director.h"
#include "search/samplers/design.h"
#include "search/samplers/standings.h"
#include "search/schedulers/table.h"

namespace pegbox {

namespace {

constexpr char kAblationNote[] = "ablation";  ///< of the study: AblationPlan::to_json

/// All configurations are tried first; there is nothing to search.
class NothingMore final : public Sampler {
 public:
  Result<std::vector<Suggestion>> suggest(const History&, int, RngKey) override { return std::vector<Suggestion>{}; }
};

std::vector<AblationRun> runs_of(const History& history) {
  std::vector<AblationRun> runs;
  for (const Trial& trial : history.trials) {
    const bool has_failed = trial.state == TrialState::Failed || trial.state == TrialState::Infeasible;
    if (trial.state != TrialState::Done && !has_failed) continue;
    runs.push_back({trial.config, has_failed ? HUGE_VAL : loss_of(history, trial).value_or(HUGE_VAL)});
  }
  return runs;
}

/// The study's file for these configurations beside those that were tried: no search, no rule, no other budget.
Result<StudySpec> spec_with(const StudySpec& studied, const History* tried, std::span<const Config> next) {
  Json source = studied.source, first = Json::array();
  std::int64_t counted = 0;
  if (tried != nullptr)
    for (const Trial& trial : tried->trials) {
      first.push_back(trial.config.to_json());
      counted += trial.state == TrialState::Infeasible ? 0 : 1;
    }
  for (const Config& config : next) first.push_back(config.to_json());
  for (const char* other : {"transfer", "checks"}) source.erase(other);
  source["name"] = tried != nullptr ? tried->spec.name : ablation_name(studied.name);
  source["try_first"] = std::move(first);
  source["search"] = "random";
  source["stop"] = "none";
  source["budget"] = {{"trials", counted + std::ssize(next)}};
  return StudySpec::read({.json = std::move(source), .name = "ablation"});
}

Result<AblationPlan> plan_in(const StudyState& state) {
  const auto note = state.notes().find(kAblationNote);
  if (note == state.notes().end())
    return fail(ErrorKind::Conflict, {.where = state.spec().name,
                                      .what = "a study of this name is there, and it is no ablation",
                                      .hint = "`pegbox delete` removes it"});
  return AblationPlan::from_json(note->second);
}

tl::unexpected<Error> refuse(const History& history, std::string what, std::string got) {
  return fail(ErrorKind::InvalidInput, {.where = history.spec.name, .what = std::move(what), .got = std::move(got)});
}

Result<Config> config_of(const History& history, std::int64_t number) {
  PEGBOX_CHECK(check_trial(history, number));
  return history.trials[static_cast<std::size_t>(number)].config;
}

Config default_config(const History& history) {
  for (const Trial& trial : history.trials)
    if (trial.reason.is_object() && trial.reason.value("by", "") == "try_first") return trial.config;
  return prior_mode(history.spec.space);
}

/// One round: all that `next` names.
Result<RunResult> run_round(Study& study, const StudySpec& studied, std::span<const Config> next, Store& store,
                            Executor& executor, const std::atomic<bool>& interrupted) {
  const History history = study.history();
  const auto open = history.in_state(TrialState::Waiting).size() + history.in_state(TrialState::Running).size() +
                    history.in_state(TrialState::Paused).size();
  if (open == 0) {
    PEGBOX_TRY(const StudySpec larger, spec_with(studied, &history, next));
    PEGBOX_CHECK(study.append(study.state().now_s(), kTunerAuthor, event::StudyChanged{larger.source}));
  }
  NothingMore sampler;
  PEGBOX_TRY(const auto scheduler, make_scheduler(study.state().spec()));
  Director director(sampler, *scheduler);
  TunerOptions options;
  options.interrupted = &interrupted;
  options.commands = [&store, name = study.name()] { return store.take_commands(name); };
  return Tuner(study, director, executor, std::move(options)).run();
}

}  // namespace

std::string ablation_name(const std::string& study) { return study + "-ablation"; }

Result<AblationPlan> ablation_plan(const History& history, const AblationOptions& options) {
  if (history.spec.objectives.size() > 1)
    return refuse(history, "there is no single best trial to come to", "several objectives");
  AblationPlan plan{.from = {}, .to = {}, .repeats = options.repeats};
  const auto best = options.to ? options.to : expected_best_trial(history);
  if (!best) return refuse(history, "there is no best trial to come to", "no trial with a result");
  PEGBOX_TRY(plan.to, config_of(history, *best));
  if (options.from) {
    PEGBOX_TRY(plan.from, config_of(history, *options.from));
  } else {
    plan.from = default_config(history);
  }
  return plan;
}

AblationCost cost_of(const Ablation& ablation, const History& history) {
  AblationCost cost{.trials = ablation.most_runs(), .workers = history.spec.workers.count};
  double seconds = 0, tokens = 0;
  const auto& done = history.in_state(TrialState::Done);
  for (const std::int64_t number : done) {
    const Trial& trial = history.trials[static_cast<std::size_t>(number)];
    seconds += trial.ended_s - trial.created_s;
    tokens += trial.metric("tokens").value_or(0);
  }
  if (done.empty()) return cost;
  cost.trial_s = seconds / static_cast<double>(done.size());
  cost.tokens = tokens / static_cast<double>(done.size());
  return cost;
}

Result<AblationRunning> ablate_study(Store& store, const StudyFile& file, const AblationPlan& plan, bool is_named,
                                     const StorePlace& place, Console& console, const std::atomic<bool>& interrupted) {
  const std::string name = ablation_name(file.spec.name);
  PEGBOX_TRY(const auto entries, list_studies(store));
  const bool is_new = std::ranges::find(entries, name, &StudyEntry::name) == entries.end();
  std::unique_ptr<Study> study;
  if (is_new) {
    PEGBOX_TRY(const Ablation ablation, Ablation::create(file.spec.space, plan));
    PEGBOX_TRY(const StudySpec spec, spec_with(file.spec, nullptr, ablation.next({})));
    PEGBOX_TRY(study, Study::create(store, spec));
    PEGBOX_CHECK(study->append(0, kTunerAuthor, event::Note{{}, kAblationNote, plan.to_json()}));
    PEGBOX_CHECK(study->commit());
  }
  PEGBOX_TRY(const auto lease, patiently([&] { return store.lease(name); }));
  if (!is_new) {
    PEGBOX_TRY(study, Study::open(store, name));
  }
  AblationRunning running;
  PEGBOX_TRY(running.plan, plan_in(study->state()));
  if (is_named && running.plan.to_json() != plan.to_json())
    return fail(ErrorKind::Conflict,
                {.where = name,
                 .what = "this ablation was begun with other configurations or repeats",
                 .got = excerpt(plan.to_json()),
                 .expected = excerpt(running.plan.to_json()),
                 .hint = fmt::format("leave --from, --to and --repeats out to go on, or `pegbox delete {}`", name)});
  PEGBOX_TRY(const Ablation ablation, Ablation::create(study->state().spec().space, running.plan));
  PEGBOX_TRY(const auto executor, make_executor(file, place.study_files(name), interrupted));
  PEGBOX_TRY(const auto stale, store.take_commands(name));
  Progress progress(*study, store, console, interrupted);
  study->observe(progress);
  for (;;) {
    const std::vector<Config> next = ablation.next(runs_of(study->history()));
    if (next.empty()) break;
    PEGBOX_TRY(const RunResult result, run_round(*study, file.spec, next, store, *executor, interrupted));
    running.outcome = result.outcome;
    running.reason = result.reason;
    if (result.outcome != Outcome::Finished) return running;
  }
  running.steps = ablation.steps(runs_of(study->history()));
  return running;
}

Result<std::optional<AblationRunning>> stored_ablation(Store& store, const std::string& study) {
  const std::string name = ablation_name(study);
  PEGBOX_TRY(const auto entries, list_studies(store));
  if (std::ranges::find(entries, name, &StudyEntry::name) == entries.end()) return std::optional<AblationRunning>();
  PEGBOX_TRY(const auto stored, Study::open(store, name));
  AblationRunning running;
  PEGBOX_TRY(running.plan, plan_in(stored->state()));
  PEGBOX_TRY(const Ablation ablation, Ablation::create(stored->state().spec().space, running.plan));
  const std::vector<AblationRun> runs = runs_of(stored->history());
  if (ablation.next(runs).empty()) running.steps = ablation.steps(runs);
  return std::optional(std::move(running));
}

}  // namespace pegbox
