// PopulationSampler: the frame of the evolutionary strategies.
#include "search/samplers/population_sampler.h"

#include <utility>

#include "search/samplers/suggest_each.h"

namespace pegbox {

Result<std::vector<Suggestion>> PopulationSampler::suggest(const History& history, int count, RngKey key) {
  taken_.update(history);
  chronicle_.update(history);
  return suggest_each(count, key, taken_, [&](const RngKey& each) { return next(history, chronicle_, each); });
}

Json descent(std::string_view by, std::span<const std::int64_t> parents, std::string_view operation,
             std::int64_t generation) {
  return {{"by", by},
          {"parents", std::vector<std::int64_t>(parents.begin(), parents.end())},
          {"operator", operation},
          {"generation", generation}};
}

Result<std::optional<Suggestion>> suggest_founder(const History& history, const TakenConfigs& taken,
                                                  std::string_view by, std::int64_t generation, const RngKey& key) {
  const RngKey own{key.seed, stream_id(by), key.trial};
  Rng rng(own);
  PEGBOX_TRY(auto config, draw_founder(history, taken, own, rng));
  if (!config) return std::nullopt;
  return Suggestion{std::move(*config), descent(by, {}, "founder", generation)};
}

Result<std::optional<Suggestion>> suggest_child(const History& history, const TakenConfigs& taken,
                                                const MakeChild& make, const std::function<Json()>& reason, Rng& rng) {
  PEGBOX_TRY(auto bred, breed(history, taken, make, rng));
  if (!bred) return std::nullopt;
  Json why = reason();
  if (bred->from_prior) {
    why["parents"] = Json::array();
    why["operator"] = "prior";
  }
  return Suggestion{std::move(bred->config), std::move(why)};
}

}  // namespace pegbox
