// Good trials: by loss, or by fronts and hypervolume.
#include "search/samplers/good_trials.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/number.h"
#include "math/pareto.h"
#include "search/samplers/evidence.h"

namespace pegbox {
namespace {

constexpr double kLeastWeight = 0.1;      ///< of the mean
constexpr std::size_t kMaxCompared = 64;  ///< points of one front whose hypervolumes are compared

bool is_eligible(const Measured& each) {
  return each.allowed && std::ranges::all_of(each.losses, [](double loss) { return std::isfinite(loss); });
}

void normalize(std::vector<double>& weights) {
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const auto count = static_cast<double>(weights.size());
  for (double& weight : weights)
    weight = sum > 0 && std::isfinite(sum) ? kLeastWeight + (1 - kLeastWeight) * weight * count / sum : 1;
}

GoodTrials choose_by_loss(const std::vector<Measured>& measured, std::vector<std::size_t> places, std::size_t count) {
  const auto loss = [&](std::size_t place) { return measured[place].losses.front(); };
  const auto better = [&](std::size_t a, std::size_t b) { return std::pair(loss(a), a) < std::pair(loss(b), b); };
  const std::size_t kept = std::min(count, places.size());
  const std::size_t sorted = std::min(kept + 1, places.size());
  std::ranges::partial_sort(places, places.begin() + static_cast<std::ptrdiff_t>(sorted), better);
  GoodTrials good;
  const double limit = sorted > 0 ? loss(places[sorted - 1]) : 0;
  for (std::size_t i = 0; i < kept; ++i) {
    good.places.push_back(places[i]);
    good.weights.push_back(limit - loss(places[i]));
  }
  normalize(good.weights);
  return good;
}

/// Losses of some trials scaled to [0, 1] in each objective, by rows.
std::vector<double> scaled(const std::vector<Measured>& measured, std::span<const std::size_t> places) {
  const std::size_t objectives = measured[places.front()].losses.size();
  std::vector<double> rows(places.size() * objectives);
  for (std::size_t k = 0; k < objectives; ++k) {
    double low = kInfinity, high = -kInfinity;
    for (const std::size_t place : places) {
      low = std::min(low, measured[place].losses[k]);
      high = std::max(high, measured[place].losses[k]);
    }
    for (std::size_t i = 0; i < places.size(); ++i)
      rows[i * objectives + k] = high > low ? (measured[places[i]].losses[k] - low) / (high - low) : 0;
  }
  return rows;
}

class FrontChoice {
 public:
  FrontChoice(std::span<const double> rows, std::size_t objectives) : rows_(rows), reference_(objectives, 1.1) {}

  /// `count` of `front`, each time the one that adds most to the hypervolume of those before.
  std::vector<std::size_t> greedy(std::vector<std::size_t> front, std::size_t count) const {
    if (front.size() > kMaxCompared) front = thinned(front, std::max(count, kMaxCompared));
    std::vector<std::size_t> chosen;
    while (chosen.size() < count && !front.empty()) {
      std::size_t best = 0;
      double most = -1;
      for (std::size_t i = 0; i < front.size(); ++i) {
        chosen.push_back(front[i]);
        const double volume = volume_of(chosen);
        chosen.pop_back();
        if (volume > most) most = volume, best = i;
      }
      chosen.push_back(front[best]);
      front.erase(front.begin() + static_cast<std::ptrdiff_t>(best));
    }
    return chosen;
  }

  /// What the hypervolume of `points` would lose with each.
  std::vector<double> contributions(std::span<const std::size_t> points) const {
    const double all = volume_of(points);
    std::vector<double> lost;
    for (std::size_t i = 0; i < points.size(); ++i) {
      std::vector<std::size_t> others(points.begin(), points.end());
      others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
      lost.push_back(std::max(0.0, all - volume_of(others)));
    }
    return lost;
  }

 private:
  double volume_of(std::span<const std::size_t> points) const {
    std::vector<double> chosen;
    for (const std::size_t i : points) {
      const auto row = rows_.subspan(i * reference_.size(), reference_.size());
      chosen.insert(chosen.end(), row.begin(), row.end());
    }
    return math::hypervolume(chosen, reference_).value_or(0);
  }

  /// Spread along the first objective.
  std::vector<std::size_t> thinned(std::vector<std::size_t> front, std::size_t count) const {
    std::ranges::stable_sort(front, {}, [&](std::size_t i) { return rows_[i * reference_.size()]; });
    std::vector<std::size_t> kept;
    for (std::size_t i = 0; i < std::min(count, front.size()); ++i) kept.push_back(front[i * front.size() / count]);
    return kept;
  }

  std::span<const double> rows_;  // [n, objectives]
  std::vector<double> reference_;
};

GoodTrials choose_by_fronts(const std::vector<Measured>& measured, const std::vector<std::size_t>& places,
                            std::size_t count) {
  const std::vector<double> rows = scaled(measured, places);
  const std::size_t objectives = rows.size() / places.size();
  const auto ranks = math::non_dominated_ranks(rows, static_cast<int>(objectives));
  std::vector<std::vector<std::size_t>> fronts;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto rank = static_cast<std::size_t>((*ranks)[i]);
    if (fronts.size() <= rank) fronts.resize(rank + 1);
    fronts[rank].push_back(i);
  }
  const FrontChoice choice(rows, objectives);
  std::vector<std::size_t> chosen;
  for (const auto& front : fronts) {
    if (chosen.size() >= count) break;
    const std::size_t free = count - chosen.size();
    const auto part = front.size() <= free ? front : choice.greedy(front, free);
    chosen.insert(chosen.end(), part.begin(), part.end());
  }
  GoodTrials good{.places = {}, .weights = choice.contributions(chosen)};
  for (const std::size_t i : chosen) good.places.push_back(places[i]);
  normalize(good.weights);
  return good;
}

}  // namespace

GoodTrials choose_good(const std::vector<Measured>& measured, std::size_t count) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < measured.size(); ++i)
    if (is_eligible(measured[i])) places.push_back(i);
  if (places.empty()) return {};
  const bool several = measured[places.front()].losses.size() > 1;
  return several ? choose_by_fronts(measured, places, count) : choose_by_loss(measured, std::move(places), count);
}

void keep_best_of_each(const std::vector<Measured>& measured, const std::function<float(std::int64_t trial)>& value_of,
                       GoodTrials& good) {
  if (good.places.empty()) return;
  const std::size_t objectives = measured.front().losses.size();
  const auto losses = scalarize(measured, std::vector<double>(objectives, 1.0 / static_cast<double>(objectives)));
  std::map<float, std::size_t> best;  // places in `measured`, by value
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const float value = value_of(measured[i].trial);
    if (value < 0 || !is_eligible(measured[i])) continue;
    const auto [known, is_first] = best.emplace(value, i);
    if (!is_first && losses[i] < losses[known->second]) known->second = i;
  }
  for (const std::size_t place : good.places) best.erase(value_of(measured[place].trial));
  for (const auto& [value, place] : best) {
    good.places.push_back(place);
    good.weights.push_back(1);
  }
}

}  // namespace pegbox
