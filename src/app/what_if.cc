// WhatIf: replays of every sampler on functions that a study's trials leave possible.
#include "app/what_if.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/plausible_function.h"
#include "base/number.h"
#include "search/director.h"
#include "search/samplers/standings.h"
#include "search/samplers/table.h"
#include "search/tuner.h"

namespace pegbox {

namespace {

constexpr std::int64_t kMostTrials = 60;
/// Strategies that live on trials which stop early or go on from others: a replay of results alone is none.
constexpr std::array<std::string_view, 3> kOfCurves{"bohb", "dehb", "pbt"};

/// The study file for a replay: the same space, constraints, priors and first configurations, another search.
Json spec_for(const StudySpec& spec, const std::string& search, std::int64_t trials, std::uint64_t seed) {
  Json file = spec.source;
  if (search != spec.search.name) file["search"] = search;
  file["stop"] = "none";
  file["budget"] = {{"trials", trials}};
  file["seed"] = seed;
  return file;
}

/// One search on one function. [trials]: the loss that is expected of the configuration with the lowest result so far.
class Replay {
 public:
  static Result<std::vector<double>> run(const StudyState& original, const std::string& search, std::int64_t trials,
                                         std::uint64_t seed, PlausibleFunction& function) {
    Replay replay;
    PEGBOX_CHECK(replay.apply(event::StudyCreated{spec_for(original.spec(), search, trials, seed), "what-if"}));
    if (const auto note = original.notes().find(kDescribedNote); note != original.notes().end())
      PEGBOX_CHECK(replay.apply(event::Note{{}, kDescribedNote, note->second}));
    PEGBOX_TRY(const auto sampler, make_sampler(replay.state_.spec()));
    Rng luck({seed, stream_id("what-if luck"), 0});
    double lowest = kInfinity, found = kInfinity;
    std::vector<double> path;
    for (std::int64_t i = 0; i < trials; ++i) {
      PEGBOX_TRY(const auto asked, replay.next(*sampler, seed));
      if (!asked.empty()) {  // else the space is exhausted
        PEGBOX_TRY(const double expected, function(asked.front().config));
        const double result = expected + function.noise() * luck.normal();
        if (result < lowest) lowest = result, found = expected;
        PEGBOX_CHECK(replay.done(asked.front(), result));
      }
      path.push_back(found);
    }
    return path;
  }

 private:
  /// What the study file wants tried first, then the sampler's; nothing if the space is exhausted.
  Result<std::vector<Suggestion>> next(Sampler& sampler, std::uint64_t seed) const {
    const History history = state_.history();
    const std::size_t number = history.trials.size();
    if (number >= history.spec.try_first.size())
      return sampler.suggest(history, 1, {seed, stream_id("sampler"), number});
    PEGBOX_TRY(const auto wanted, Director::wanted_trial(history, history.spec.try_first[number], "try_first"));
    return std::vector<Suggestion>{{wanted.config, {{"by", "try_first"}}}};
  }

  Result<void> apply(Event::What what) { return state_.apply({state_.event_count(), 0, "what-if", std::move(what)}); }

  Result<void> done(const Suggestion& suggestion, double loss) {
    const auto number = static_cast<std::int64_t>(state_.history().trials.size());
    const Objective& objective = state_.spec().objective();
    PEGBOX_CHECK(apply(event::TrialCreated{number, suggestion.config, suggestion.reason, 0, {}}));
    PEGBOX_CHECK(apply(event::TrialStarted{number, "what-if", 0, 0, 0}));
    PEGBOX_CHECK(apply(event::TrialReported{number, 1, {{objective.metric, objective.sign() * loss}}}));
    return apply(event::TrialMoved{number, TrialState::Done, 1, {}, {}, {}});
  }

  StudyState state_;
};

std::vector<std::int64_t> checkpoints_of(std::int64_t trials) {
  std::vector<std::int64_t> checkpoints;
  for (const std::int64_t each : {10, 20, 40})
    if (each < trials) checkpoints.push_back(each);
  checkpoints.push_back(trials);
  return checkpoints;
}

std::vector<std::string> strategies_of(const StudySpec& spec, WhatIf& found) {
  std::vector<std::string> strategies{spec.search.name};
  for (const SamplerRow& row : sampler_table()) {
    if (row.name == spec.search.name) continue;
    if (std::ranges::find(kOfCurves, row.name) != kOfCurves.end())
      found.left_out.push_back(std::string(row.name) + ": it lives on trials that stop early or go on from others");
    else
      strategies.emplace_back(row.name);
  }
  return strategies;
}

/// Paths of losses [functions][trials] as a row, against the study's best under the same functions [functions].
WhatIfRow row_of(const std::string& strategy, const std::vector<std::vector<double>>& paths,
                 const std::vector<std::vector<double>>& own, const std::vector<double>& bests, double sign,
                 const std::vector<std::int64_t>& checkpoints) {
  WhatIfRow row{.strategy = strategy};
  for (const std::int64_t trials : checkpoints) {
    std::vector<double> differences;
    for (std::size_t k = 0; k < paths.size(); ++k)
      differences.push_back(sign * (paths[k][static_cast<std::size_t>(trials - 1)] - bests[k]));
    row.differences.push_back(math::mean(differences));
    row.intervals.push_back({math::quantile(differences, 0.05), math::quantile(differences, 0.95)});
  }
  for (std::size_t k = 0; k < paths.size(); ++k) {
    const double mine = paths[k].back(), theirs = own[k].back();
    row.better_than_own_fraction += (mine < theirs    ? 1.0
                                     : mine == theirs ? 0.5
                                                      : 0.0) /
                                    static_cast<double>(paths.size());
  }
  return row;
}

Result<void> check(const History& history, std::int64_t best) {
  const auto violated = history.constraints.violated_by(history.trials[static_cast<std::size_t>(best)].config, {});
  if (violated && !*violated) return {};
  return fail(ErrorKind::InvalidInput, {.where = history.spec.name,
                                        .what = "constraints on metrics cannot be replayed",
                                        .got = violated ? **violated : violated.error().message});
}

}  // namespace

Result<WhatIf> what_if(const StudyState& state, const WhatIfOptions& options) {
  const History history = state.history();
  PEGBOX_TRY(const Standings known, standings(history));
  WhatIf found{.study_best = known.ranked.front().trials.front()};
  PEGBOX_CHECK(check(history, found.study_best));
  std::int64_t trials = options.trials;
  if (trials == 0)
    trials = std::min(kMostTrials, std::ranges::count_if(history.trials, [](const Trial& trial) {
                        return is_final(trial.state) && trial.state != TrialState::Infeasible;
                      }));
  found.checkpoints = checkpoints_of(trials);
  PEGBOX_TRY(auto functions, PlausibleFunction::draw(history, options.functions, options.seed));
  std::vector<double> bests;
  for (PlausibleFunction& function : functions) {
    PEGBOX_TRY(const double best, function(state.trial(found.study_best).config));
    bests.push_back(best);
  }
  std::vector<std::vector<double>> own;
  for (const std::string& strategy : strategies_of(history.spec, found)) {
    if (options.progress && !options.progress(strategy))
      return fail(ErrorKind::Interrupted, {.where = history.spec.name, .what = "given up"});
    std::vector<std::vector<double>> paths;
    for (std::size_t k = 0; k < functions.size(); ++k) {
      PEGBOX_TRY(auto path, Replay::run(state, strategy, trials, options.seed + k, functions[k]));
      paths.push_back(std::move(path));
    }
    if (own.empty()) own = paths;
    found.rows.push_back(row_of(strategy, paths, own, bests, history.spec.objective().sign(), found.checkpoints));
  }
  found.rows.front().is_own = true;
  const double sign = history.spec.objective().sign();
  std::ranges::stable_sort(found.rows, {}, [&](const WhatIfRow& row) { return sign * row.differences.back(); });
  return found;
}

}  // namespace pegbox
