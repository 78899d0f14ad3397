// Transfer design: the first trials of a study that starts from earlier ones.
#include "search/samplers/transfer_design.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "search/director.h"
#include "search/samplers/candidates.h"
#include "search/samplers/draw.h"
#include "search/source_trials.h"

namespace pegbox {
namespace {

constexpr int kPlacesOverall = 512, kPlacesAround = 40, kPlaceRounds = 4;
constexpr std::size_t kBestOfSource = 5;    ///< of a source's observations, around which candidates are looked for
constexpr double kApart = 0.1;              ///< along some axis, from what has been tried
constexpr std::int64_t kMostPlaces = 4096;  ///< configurations that are all looked at

/// All sources, or the one whose turn it is.
SourceModels whose_turn(const SourceModels& models, std::size_t turn) {
  std::vector<std::size_t> speaking;
  for (std::size_t i = 0; i < models.size(); ++i)
    if (models[i]) speaking.push_back(i);
  if (turn == 0 || speaking.size() == 1) return models;
  SourceModels one(models.size());
  const std::size_t chosen = speaking[(turn - 1) % speaking.size()];
  one[chosen] = models[chosen];
  return one;
}

class PlaceSearch {
 public:
  PlaceSearch(const History& history, const Space& beliefs, const SourceModels& models, const TakenConfigs& taken,
              const RngKey& key)
      : history_(history),
        beliefs_(beliefs),
        models_(models),
        mean_(TransferMean::before_any(models)),
        taken_(taken),
        key_(key),
        rng_({key.seed, stream_id("transfer design"), key.trial}) {
    for (const Trial& trial : history.trials) tried_.push_back(history.spec.space.to_unit(trial.config));
  }

  Result<std::optional<Config>> run() {
    Candidates pool(history_, beliefs_, taken_);
    PEGBOX_TRY(const bool listed, pool.add_all(kMostPlaces));
    if (!listed) PEGBOX_CHECK(collect(pool));
    if (pool.all().empty()) PEGBOX_CHECK(pool.add_drawn(rng_));
    for (int round = 0; !listed && round < kPlaceRounds; ++round) {
      const Candidate* best = best_of(pool);
      if (best == nullptr) break;
      const UnitPoint at = best->unit;
      PEGBOX_CHECK(pool.add_around(at, kPlacesAround, rng_));
      PEGBOX_CHECK(pool.add_steps(at, rng_));
    }
    const Candidate* best = best_of(pool);
    return best == nullptr ? std::nullopt : std::optional(best->config);
  }

 private:
  Result<void> collect(Candidates& pool) {
    const Space& space = history_.spec.space;
    PEGBOX_CHECK(pool.add_spread(kPlacesOverall, {key_.seed, stream_id("transfer spread"), key_.trial}));
    for (std::size_t i = 0; i < models_.size(); ++i) {
      if (!models_[i]) continue;
      const auto& ranking = models_[i]->ranking();
      for (std::size_t j = 0; j < std::min(kBestOfSource, ranking.size()); ++j) {
        std::vector<double> at(space.axes().size());
        for (double& coordinate : at) coordinate = rng_.uniform();  // where the source has none
        const UnitPoint known = space.to_unit(history_.sources[i].trials[ranking[j]].config);
        for (std::size_t axis = 0; axis < at.size(); ++axis)
          if (known.active[axis]) at[axis] = known.at[axis];
        PEGBOX_CHECK(pool.add(at));
        PEGBOX_CHECK(pool.add_around({at, std::vector<bool>(at.size(), true)}, kPlacesAround, rng_));
      }
    }
    return {};
  }

  bool is_apart(const UnitPoint& point) const {
    return std::ranges::all_of(tried_, [&](const UnitPoint& other) {
      for (std::size_t axis = 0; axis < point.at.size(); ++axis)
        if (point.active[axis] != other.active[axis] || std::abs(point.at[axis] - other.at[axis]) > kApart) return true;
      return false;
    });
  }

  /// The lowest mean among those apart from what was tried; among all if none is.
  const Candidate* best_of(const Candidates& pool) const {
    std::vector<double> points;
    for (const Candidate& each : pool.all()) points.insert(points.end(), each.encoded.begin(), each.encoded.end());
    if (points.empty()) return pool.all().empty() ? nullptr : &pool.all().front();
    const auto means = mean_.values(points);
    const Candidate* best = nullptr;
    std::pair<bool, double> least;
    for (std::size_t i = 0; i < means.size(); ++i) {
      const std::pair<bool, double> merit{!is_apart(pool.all()[i].unit), means[i]};
      if (best == nullptr || merit < least) best = &pool.all()[i], least = merit;
    }
    return best;
  }

  const History& history_;
  const Space& beliefs_;
  const SourceModels& models_;
  TransferMean mean_;
  const TakenConfigs& taken_;
  RngKey key_;
  Rng rng_;
  std::vector<UnitPoint> tried_;
};

std::size_t transferred(const History& history) {
  return static_cast<std::size_t>(std::ranges::count_if(history.trials, [](const Trial& trial) {
    return trial.reason.is_object() && trial.reason.value("design", "") == "transfer";
  }));
}

}  // namespace

Result<std::optional<Suggestion>> suggest_best_of_sources(const History& history, const TakenConfigs& taken) {
  const auto all = best_of_sources(history);
  for (std::size_t i = transferred(history); i < all.size(); ++i)
    for (const SourceConfig& source : all[i]) {
      const auto wanted = Director::wanted_trial(history, source.config, history.spec.name + " transfer");
      if (!wanted || taken.contains(wanted->config)) continue;
      PEGBOX_TRY(const bool feasible, is_feasible(history, wanted->config));
      if (!feasible) continue;
      const Json reason = {{"by", "gp"}, {"design", "transfer"}, {"study", source.study}, {"trial", source.trial}};
      return Suggestion{wanted->config, reason};
    }
  return std::nullopt;
}

Json source_weights(const History& history, const TransferMean& mean) {
  Json weights = Json::array();
  for (std::size_t i = 0; i < mean.weights().size(); ++i)
    weights.push_back({{"study", history.sources[i].study}, {"weight", json_number(mean.weights()[i])}});
  return weights;
}

Result<std::optional<Suggestion>> suggest_from_sources(const History& history, const Space& beliefs,
                                                       const std::vector<SourceModels>& models,
                                                       const TakenConfigs& taken, const RngKey& key) {
  std::vector<const SourceModels*> speaking_of;  // objectives
  for (const SourceModels& each : models)
    if (std::ranges::any_of(each, [](const auto& model) { return model != nullptr; })) speaking_of.push_back(&each);
  assert(!speaking_of.empty());
  const std::size_t turn = transferred(history);
  const SourceModels speaking = whose_turn(*speaking_of[turn % speaking_of.size()], turn / speaking_of.size());
  PEGBOX_TRY(auto config, PlaceSearch(history, beliefs, speaking, taken, key).run());
  if (!config) return std::nullopt;
  Json reason = {{"by", "gp"}, {"design", "transfer"}};
  reason["transfer"] = source_weights(history, TransferMean::before_any(speaking));
  return Suggestion{std::move(*config), std::move(reason)};
}

}  // namespace pegbox
