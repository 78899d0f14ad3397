// Results: trials with a value, and a choice of them.
#include "report/results.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "search/comparable_trials.h"

namespace pegbox {

std::vector<Scored> results_of(const History& history) {
  std::vector<Scored> results;
  const std::string& metric = history.spec.objective().metric;
  for (const Trial& trial : history.trials)
    if (const auto value = trial.metric(metric); value && std::isfinite(*value))
      results.push_back({&trial, *value, !refusal_reasons(history, trial).empty()});
  const auto end_of = [](const Scored& result) {
    return is_final(result.trial->state) ? result.trial->ended_s : INFINITY;
  };
  std::ranges::stable_sort(results, {}, end_of);
  return results;
}

std::vector<Scored> drawn_results(const History& history, std::size_t most) {
  std::vector<Scored> results = results_of(history);
  const auto number_of = [](const Scored& each) { return each.trial->number; };
  if (results.size() > most) {
    const double sign = history.spec.objective().sign();
    const auto quarter = static_cast<std::ptrdiff_t>(most / 4);
    std::set<std::int64_t> wanted;
    std::ranges::nth_element(results, results.begin() + quarter, {},
                             [&](const Scored& each) { return sign * each.value; });
    for (auto each = results.begin(); each != results.begin() + quarter; ++each) wanted.insert(number_of(*each));
    if (history.spec.objectives.size() > 1)
      for (const std::int64_t number : thinned(pareto_front(history), most / 4)) wanted.insert(number);
    std::ranges::sort(results, {}, number_of);
    for (const Scored& each : thinned(results, most - wanted.size())) wanted.insert(number_of(each));
    std::erase_if(results, [&](const Scored& each) { return !wanted.contains(number_of(each)); });
  }
  std::ranges::sort(results, {}, number_of);
  return results;
}

}  // namespace pegbox
