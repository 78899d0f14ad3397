// Director: turns a history into the next decision, with a sampler and a scheduler.
#include "search/director.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/rng.h"
#include "base/units.h"
#include "search/paused_trials.h"
#include "search/source_trials.h"

namespace pegbox {
namespace {

constexpr std::ptrdiff_t kMostInfeasible = 100;  ///< trials in a row that could not run, for which nothing is charged

constexpr int kMostDraws = 1000;

/// Whether so many trials in a row were infeasible that looking for one that is not is hopeless.
bool none_feasible(const History& history) {
  if (std::ssize(history.trials) < kMostInfeasible) return false;
  return std::all_of(history.trials.end() - kMostInfeasible, history.trials.end(),
                     [](const Trial& trial) { return trial.state == TrialState::Infeasible; });
}

/// The next trial, without its configuration. Its seed has 31 bits, so that every language's random generator takes it.
event::TrialCreated next_trial(const History& history) {
  const auto number = static_cast<std::int64_t>(history.trials.size());
  const RngKey key{history.spec.seed, stream_id("trial seed"), static_cast<std::uint64_t>(number)};
  return {.trial = number, .config = {}, .reason = {}, .seed = Rng(key).next_u32() >> 1, .clone_of = {}};
}

Leg leg_of_waiting(const Trial& trial, std::int64_t until) {
  return {.trial = trial.number,
          .from = trial.checkpoint ? trial.checkpoint->step : 0,
          .until = until,
          .created = {},
          .infeasible = {}};
}

}  // namespace

std::string Director::spent(const History& history) const {
  const Budget& budget = history.spec.budget;
  if (budget.time_s > 0 && history.now_s >= budget.time_s) return format_duration(budget.time_s) + " of time";
  if (budget.tokens > 0 && history.tokens_spent >= budget.tokens) return format_count(budget.tokens) + " tokens";
  return {};
}

Result<std::optional<Leg>> Director::next_leg(const History& history) {
  if (!spent(history).empty()) return std::nullopt;
  if (const auto& waiting = history.in_state(TrialState::Waiting); !waiting.empty()) {
    const Trial& trial = history.trials[static_cast<std::size_t>(*waiting.begin())];
    const bool unfinished_leg = trial.until > (trial.checkpoint ? trial.checkpoint->step : 0);
    return leg_of_waiting(trial, unfinished_leg ? trial.until : rung_after(history, trial));
  }
  if (const auto promotion = scheduler_.next_to_resume(history)) {
    const Trial& trial = history.trials[static_cast<std::size_t>(promotion->trial)];
    Leg leg = leg_of_waiting(trial, promotion->until);
    if (history.steps > 0 && leg.until >= history.steps) leg.until = 0;
    return leg;
  }
  if (history.all_created() || none_feasible(history)) return std::nullopt;
  return new_trial(history);
}

Result<event::TrialCreated> Director::wanted_trial(const History& history, const Config& given,
                                                   const std::string& where) {
  const StudySpec& spec = history.spec;
  event::TrialCreated created = next_trial(history);
  Rng rng({spec.seed, stream_id("complete"), static_cast<std::uint64_t>(created.trial)});
  for (int draw = 0; draw < kMostDraws; ++draw) {
    PEGBOX_TRY(created.config, spec.space.complete(given, where, rng));
    PEGBOX_TRY(const auto violated, history.constraints.violated(created.config));
    if (!violated) break;
  }
  return created;
}

Result<event::TrialCreated> Director::added_trial(const History& history, const Config& given) {
  const std::string where = history.spec.name + " enqueue";
  PEGBOX_TRY(auto created, wanted_trial(history, given, where));
  PEGBOX_TRY(const auto violated, history.constraints.violated(created.config));
  if (violated) return fail(ErrorKind::InvalidInput, {.where = where, .what = "it violates " + *violated});
  created.reason = {{"by", "enqueue"}};
  return created;
}

// They are the first trials, unless the study file was changed.
std::int64_t Director::tried_first(const History& history) {
  if (history.spec.try_first.empty()) return 0;
  for (; looked_at_trials_ < history.trials.size(); ++looked_at_trials_) {
    const Json& reason = history.trials[looked_at_trials_].reason;
    if (reason.is_object() && reason.value("by", "") == "try_first") ++tried_first_;
  }
  return tried_first_;
}

// One for each source, in their order: the best one that the space and the constraints allow and nobody has tried.
Result<std::optional<event::TrialCreated>> Director::trial_of_source(const History& history) {
  const auto is_of_source = [](const Trial& trial) {
    return trial.reason.is_object() && trial.reason.value("by", "") == "transfer";
  };
  const auto made = static_cast<std::size_t>(std::ranges::count_if(history.trials, is_of_source));
  const std::size_t sources = std::min(history.sources.size(), kMostTriedSources);
  if (made >= sources) return std::nullopt;
  const auto all = best_of_sources(history);
  for (std::size_t turn = 0; turn < all.size(); ++turn)
    for (const SourceConfig& source : all[(made + turn) % all.size()]) {
      auto created = wanted_trial(history, source.config, history.spec.name + " transfer");
      if (!created) continue;
      PEGBOX_TRY(const auto violated, history.constraints.violated(created->config));
      const auto is_same = [&](const Trial& trial) { return trial.config == created->config; };
      if (violated || std::ranges::any_of(history.trials, is_same)) continue;
      created->reason = {{"by", "transfer"}, {"study", source.study}, {"trial", source.trial}};
      return std::optional(*std::move(created));
    }
  return std::nullopt;
}

Result<std::optional<Leg>> Director::new_trial(const History& history) {
  if (exhausted_at_trials_ == history.trials.size()) return std::nullopt;
  const StudySpec& spec = history.spec;
  event::TrialCreated created;
  const auto first = static_cast<std::size_t>(tried_first(history));
  std::optional<event::TrialCreated> of_source;
  if (first >= spec.try_first.size() && !history.sources.empty() && !sampler_.learns_from_sources()) {
    PEGBOX_TRY(of_source, trial_of_source(history));
  }
  if (of_source) {
    created = *std::move(of_source);
  } else if (first < spec.try_first.size()) {
    const std::string where = fmt::format("{} try_first[{}]", spec.name, first);
    PEGBOX_TRY(created, wanted_trial(history, spec.try_first[first], where));
    created.reason = {{"by", "try_first"}};
  } else {
    created = next_trial(history);
    const RngKey key{spec.seed, stream_id("sampler"), static_cast<std::uint64_t>(created.trial)};
    PEGBOX_TRY(auto suggestions, sampler_.suggest(history, 1, key));
    if (suggestions.empty()) {
      exhausted_at_trials_ = history.trials.size();
      return std::nullopt;
    }
    created.config = std::move(suggestions.front().config);
    created.reason = std::move(suggestions.front().reason);
    created.clone_of = std::move(suggestions.front().clone_of);
  }
  PEGBOX_TRY(const auto violated, history.constraints.violated(created.config));
  Trial trial;
  trial.number = created.trial;
  trial.config = created.config;
  trial.checkpoint = trial.clone_of = created.clone_of;
  if (created.clone_of) trial.step = trial.from = created.clone_of->step;
  Leg leg{.trial = created.trial,
          .from = trial.from,
          .until = rung_after(history, trial),
          .created = std::move(created),
          .infeasible = violated.value_or("")};
  return leg;
}

Judgement Director::judge(const History& history, const Trial& trial) {
  const Ruling ruling = scheduler_.on_reached(history, trial);
  const std::string at = " at step " + std::to_string(trial.step);
  if (ruling == Verdict::Pause) return {ruling.verdict, 0, "paused" + at + ": " + ruling.why};
  if (ruling == Verdict::Stop) return {ruling.verdict, 0, "stopped" + at + ": " + ruling.why};
  if (const std::string why = spent(history); !why.empty())
    return {Verdict::Pause, 0, std::string(kBudgetSpent) + ": " + why};
  return {Verdict::Continue, rung_after(history, trial), {}};
}

std::int64_t Director::rung_after(const History& history, const Trial& trial) {
  const std::int64_t rung = scheduler_.next_rung(history, trial);
  return history.steps > 0 && rung >= history.steps ? 0 : rung;
}

std::string Director::exhausted(const History& history) const {
  if (const std::string why = spent(history); !why.empty()) return why;
  if (history.all_created())
    return history.spec.budget.trials == 1 ? "1 trial" : std::to_string(history.spec.budget.trials) + " trials";
  if (none_feasible(history)) return fmt::format("the last {} configurations could not run", kMostInfeasible);
  if (exhausted_at_trials_ == history.trials.size()) return "the space has no more configurations";
  return {};
}

}  // namespace pegbox
