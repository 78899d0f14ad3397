// WhatIf: replays of every sampler on functions that a study's trials leave possible.
#include "app/what_if.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>

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

/// The study file for a replay: the same space, constraints, priors and first configurations; `search` empty: the same
/// search.
Json spec_for(const StudySpec& spec, const std::string& search, std::int64_t trials, std::uint64_t seed) {
  Json file = spec.source;
  if (!search.empty()) file["search"] = search;
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

struct Strategy {
  std::string name;    ///< for people
  std::string search;  ///< for the study file; empty: the study's own, with its options
};

/// The study's own first.
std::vector<Strategy> strategies_of(const StudySpec& spec, std::vector<std::string>& left_out) {
  const std::string own = spec.search.name == "auto" ? auto_sampler(spec).name : spec.search.name;
  std::vector<Strategy> strategies{{own, ""}};
  for (const SamplerRow& row : sampler_table()) {
    if (row.name == own) continue;
    if (std::ranges::find(kOfCurves, row.name) != kOfCurves.end())
      left_out.push_back(std::string(row.name) + ": it lives on trials that stop early or go on from others");
    else
      strategies.push_back({std::string(row.name), std::string(row.name)});
  }
  return strategies;
}

/// What happened on one draw.
struct Drawn {
  double best = 0;                         ///< expected of the study's best
  std::vector<std::vector<double>> paths;  ///< [strategies][trials]
};

/// All draws, shared out among threads.
class Replays {
 public:
  Replays(const StudyState& state, const WhatIfOptions& options, std::vector<Strategy> strategies, std::int64_t trials,
          std::int64_t best)
      : state_(state), options_(options), strategies_(std::move(strategies)), trials_(trials), best_(best) {}

  Result<std::vector<Drawn>> run(std::vector<PlausibleFunction> functions) {
    std::vector<Drawn> drawn(functions.size());
    const auto work = [&] {
      for (std::size_t i = next_++; i < functions.size() && !gives_up(); i = next_++) {
        auto one = replay(functions[i], i);
        const std::scoped_lock lock(mutex_);
        if (!one) {
          error_ = error_.value_or(one.error());
          return;
        }
        drawn[i] = *std::move(one);
        options_.progress(++done_);
      }
    };
    {
      std::vector<std::jthread> threads;
      for (int i = 1; i < options_.threads; ++i) threads.emplace_back(work);
      work();
    }
    if (error_) return tl::unexpected(*error_);
    if (is_interrupted()) return fail(ErrorKind::Interrupted, {.where = "what-if", .what = "given up"});
    return drawn;
  }

 private:
  bool is_interrupted() const { return options_.interrupted != nullptr && options_.interrupted->load(); }
  bool gives_up() {
    const std::scoped_lock lock(mutex_);
    return error_.has_value() || is_interrupted();
  }

  Result<Drawn> replay(PlausibleFunction& function, std::size_t draw) const {
    Drawn drawn;
    PEGBOX_TRY(drawn.best, function(state_.trial(best_).config));
    for (const Strategy& strategy : strategies_) {
      if (is_interrupted()) return drawn;
      PEGBOX_TRY(auto path, Replay::run(state_, strategy.search, trials_, options_.seed + draw, function));
      drawn.paths.push_back(std::move(path));
    }
    return drawn;
  }

  const StudyState& state_;
  const WhatIfOptions& options_;
  std::vector<Strategy> strategies_;
  std::int64_t trials_, best_;
  std::atomic<std::size_t> next_ = 0;
  std::mutex mutex_;
  std::optional<Error> error_;  // guarded by mutex_, as is done_
  int done_ = 0;
};

std::vector<std::int64_t> checkpoints_of(std::int64_t trials) {
  std::vector<std::int64_t> checkpoints;
  for (const std::int64_t each : {10, 20, 40})
    if (each < trials) checkpoints.push_back(each);
  checkpoints.push_back(trials);
  return checkpoints;
}

Result<WhatIfRow> row_of(const std::string& name, std::size_t strategy, const std::vector<Drawn>& drawn,
                         std::int64_t trials, double sign) {
  WhatIfRow row{.strategy = name, .is_own = strategy == 0};
  for (const std::int64_t after : checkpoints_of(trials)) {
    std::vector<double> found, differences;
    for (const Drawn& each : drawn) {
      const auto last = static_cast<std::size_t>(after - 1);
      found.push_back(sign * each.paths[strategy][last]);
      differences.push_back(sign * (each.paths[strategy][last] - each.paths[0][last]));
    }
    PEGBOX_TRY(const math::Interval interval, math::student_interval(differences));
    row.after.push_back({after, math::mean(found), math::mean(differences), interval});
  }
  for (const Drawn& each : drawn) {
    const double mine = each.paths[strategy].back(), own = each.paths[0].back();
    const double better = mine < own ? 1.0 : mine == own ? 0.5 : 0.0;
    row.better_than_own_fraction += better / static_cast<double>(drawn.size());
  }
  return row;
}

Result<void> check(const History& history, std::int64_t best) {
  const auto violated = history.constraints.violated_by(history.trials[static_cast<std::size_t>(best)].config, {});
  if (violated && !*violated) return {};
  return fail(ErrorKind::InvalidInput, {.where = history.spec.name,
                                        .what = "constraints on metrics and gates cannot be replayed",
                                        .got = violated ? **violated : violated.error().message});
}

std::int64_t ended_in(const History& history) {
  return std::ranges::count_if(history.trials, [](const Trial& trial) {
    return is_final(trial.state) && trial.state != TrialState::Infeasible;
  });
}

}  // namespace

Result<WhatIf> what_if(const StudyState& state, const WhatIfOptions& options) {
  const History history = state.history();
  PEGBOX_TRY(const Standings known, standings(history));
  WhatIf found{.study_best = known.ranked.front().trials.front()};
  PEGBOX_CHECK(check(history, found.study_best));
  const std::int64_t trials =
      options.trials > 0 ? options.trials : std::clamp<std::int64_t>(ended_in(history), 1, kMostTrials);
  PEGBOX_TRY(auto functions, PlausibleFunction::draw(history, options.draws, options.seed));
  const double sign = history.spec.objective().sign(), count = static_cast<double>(functions.size());
  for (const PlausibleFunction& function : functions) found.noise += function.noise() / count;
  const std::vector<Strategy> strategies = strategies_of(history.spec, found.left_out);
  Replays replays(state, options, strategies, trials, found.study_best);
  PEGBOX_TRY(const std::vector<Drawn> drawn, replays.run(std::move(functions)));
  for (const Drawn& each : drawn) found.study_best_expected += sign * each.best / count;
  for (std::size_t i = 0; i < strategies.size(); ++i) {
    PEGBOX_TRY(auto row, row_of(strategies[i].name, i, drawn, trials, sign));
    found.rows.push_back(std::move(row));
  }
  std::ranges::stable_sort(found.rows, {}, [&](const WhatIfRow& row) { return sign * row.after.back().found; });
  return found;
}

}  // namespace pegbox
