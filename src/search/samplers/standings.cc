// Standings: the configurations of a study by what is to be expected of them.
#include "search/samplers/standings.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_map>

#include "math/normal_mixture.h"
#include "search/comparable_trials.h"
#include "search/samplers/design.h"
#include "search/samplers/evidence.h"
#include "search/samplers/surrogate.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {
namespace {

using Trials = std::vector<std::int64_t>;

const Config& config_of(const History& history, std::int64_t trial) {
  return history.trials[static_cast<std::size_t>(trial)].config;
}

tl::unexpected<Error> fail_standings(const History& history, std::string what, std::string got, std::string expected) {
  return fail(
      ErrorKind::InvalidInput,
      {.where = history.spec.name, .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

/// Trials by configuration, in the order of their first trial; in each the best result first.
std::vector<Trials> by_configuration(const History& history) {
  std::unordered_map<std::string, std::size_t> places;
  std::vector<Trials> groups;
  for (const std::int64_t number : comparable_trials(history)) {
    const Config& config = config_of(history, number);
    if (!history.spec.space.contains(config)) continue;
    const auto [place, is_new] = places.emplace(config_key(config), groups.size());
    if (is_new) groups.emplace_back();
    groups[place->second].push_back(number);
  }
  for (Trials& group : groups)
    std::ranges::stable_sort(group, {}, [&](std::int64_t number) {
      return *loss_of(history, history.trials[static_cast<std::size_t>(number)]);
    });
  return groups;
}

/// The group of the default configuration; nothing if it was not tried.
std::optional<std::size_t> default_group(const History& history, std::span<const Trials> groups) {
  const auto place = [&](const auto& group) {
    return group == groups.end() ? std::nullopt : std::optional(static_cast<std::size_t>(group - groups.begin()));
  };
  for (const Trial& trial : history.trials)
    if (trial.reason.is_object() && trial.reason.value("by", Json()) == "try_first")
      return place(std::ranges::find_if(
          groups, [&](const Trials& group) { return std::ranges::find(group, trial.number) != group.end(); }));
  if (!history.spec.space.has_prior()) return std::nullopt;
  const std::string key = config_key(prior_mode(history.spec.space));
  return place(std::ranges::find(groups, key,
                                 [&](const Trials& group) { return config_key(config_of(history, group.front())); }));
}

std::vector<double> points_of(const History& history, std::span<const Trials> groups) {
  Trials fronts;
  for (const Trials& group : groups) fronts.push_back(group.front());
  return encoded_configs(history, fronts);
}

/// The groups that the models have seen a trial of, and that of the best result.
std::vector<Trials> seen_groups(const History& history, std::vector<Trials> groups,
                                const std::vector<std::int64_t>& seen) {
  const auto best = best_trial(history);
  std::erase_if(groups, [&](const Trials& group) {
    return std::ranges::none_of(
        group, [&](std::int64_t trial) { return trial == best || std::ranges::binary_search(seen, trial); });
  });
  return groups;
}

/// The best of `groups` by the models' mean, best first.
std::vector<Trials> rank(const History& history, const Beliefs& beliefs, const std::vector<Trials>& groups) {
  const std::vector<double> means = beliefs.means(points_of(history, groups));
  std::vector<std::size_t> order(groups.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return means[i]; });
  std::vector<Trials> ranked;
  for (const std::size_t i : order) ranked.push_back(groups[i]);
  if (ranked.size() > kMostRanked) ranked.resize(kMostRanked);
  return ranked;
}

using Joint = std::vector<math::JointPrediction>;

std::vector<math::Prediction> at(const Joint& joint, std::size_t i) {
  std::vector<math::Prediction> predictions;
  for (const auto& [means, covariances] : joint) predictions.push_back({means[i], covariances[i * means.size() + i]});
  return predictions;
}

/// P(loss at i < loss at k)
double less(const Joint& joint, std::size_t i, std::size_t k) {
  std::vector<math::Prediction> differences;
  for (const auto& [means, covariances] : joint) {
    const std::size_t m = means.size();
    const double variance = covariances[i * m + i] + covariances[k * m + k] - 2 * covariances[i * m + k];
    differences.push_back({means[i] - means[k], std::max(0.0, variance)});
  }
  return math::mixture_cdf(differences, 0);
}

RankedConfig ranked_config(const Trials& trials, const std::vector<math::Prediction>& losses, double sign) {
  constexpr double kTail = (1 - kStandingsConfidence) / 2;
  double mean = 0;
  for (const math::Prediction& each : losses) mean += each.mean / static_cast<double>(losses.size());
  double low = sign * math::mixture_quantile(losses, kTail), high = sign * math::mixture_quantile(losses, 1 - kTail);
  if (low > high) std::swap(low, high);
  return {trials, sign * mean, {low, high}};
}

Result<void> check(const History& history, const Observations& observations) {
  if (history.spec.objectives.size() > 1)
    return fail_standings(history, "there is no single best trial", "several objectives", "one");
  if (history.spec.space.dimensions() == 0)
    return fail_standings(history, "nothing varies in this space", "no axis", "at least one");
  const auto best = best_trial(history);
  if (!best) return fail_standings(history, "no trial can be compared", "0", "at least 1");
  if (!history.spec.space.contains(config_of(history, *best)))
    return fail_standings(history, "the best result lies outside the present space", "trial " + std::to_string(*best),
                          "a trial of this space");
  const auto finite = std::ranges::count_if(observations.measured,
                                            [](const Measured& each) { return std::isfinite(each.losses.front()); });
  if (finite < static_cast<std::ptrdiff_t>(kFewestForStandings))
    return fail_standings(history, "not enough trials to say", std::to_string(finite) + " with a finite result",
                          "at least " + std::to_string(kFewestForStandings));
  return {};
}

}  // namespace

bool ignores_seeds(const History& history) {
  std::unordered_map<std::string, double> losses;
  bool repeated = false;
  for (const std::int64_t number : history.in_state(TrialState::Done)) {
    const Trial& trial = history.trials[static_cast<std::size_t>(number)];
    const auto loss = loss_of(history, trial);
    if (!loss) continue;
    const auto [known, is_new] = losses.emplace(config_key(trial.config), *loss);
    if (!is_new && known->second != *loss) return false;
    repeated = repeated || !is_new;
  }
  return repeated;
}

Result<Standings> standings(const History& history) {
  const Observations observations = observe(history, history.trials);
  PEGBOX_CHECK(check(history, observations));
  PEGBOX_TRY(const Beliefs beliefs, Beliefs::form(history, observations, {.no_luck = ignores_seeds(history)}));
  const auto all = by_configuration(history);
  auto groups = rank(history, beliefs, seen_groups(history, all, beliefs.trials()));
  const std::size_t ranked = groups.size();
  const auto choice = default_group(history, all);
  if (choice) groups.push_back(all[*choice]);
  const Joint joint = beliefs.predict_jointly(points_of(history, groups));

  const double sign = history.spec.objective().sign();
  Standings found{.noise = std::sqrt(beliefs.noise_variance())};
  for (std::size_t i = 0; i < ranked; ++i) found.ranked.push_back(ranked_config(groups[i], at(joint, i), sign));
  if (ranked > 1) found.runner_up = Rival{groups[1].front(), less(joint, 0, 1)};
  found.best_is_default = choice && groups.front() == groups.back();
  if (choice && !found.best_is_default)
    found.default_choice = Rival{groups.back().front(), less(joint, 0, groups.size() - 1)};
  return found;
}

std::optional<std::int64_t> expected_best_trial(const History& history) {
  if (const auto found = standings(history)) return found->ranked.front().trials.front();
  return best_trial(history);
}

}  // namespace pegbox
