// Transfer design: the first trials of a study that starts from earlier ones: where these expect the best.
//
// First the place that all sources together expect most of; then, by turns, that of each source by itself, at a
// distance from what has been tried: the first trial has told by then whether the place that all believe in is any
// good, and different places tell more of how the sources agree with the study.
#pragma once

#include <optional>

#include "base/rng.h"
#include "search/sampler.h"
#include "search/samplers/taken_configs.h"
#include "search/samplers/transfer_mean.h"

namespace pegbox {

/// Trials before the models are asked: of these every second one is of the blind design (design.h), for where all
/// sources expect the best nothing tells whether what is found there is any good.
inline constexpr std::size_t kTransferTrials = 4;

/// The next one; nothing if the space has no more. `models`: of each objective; they take turns. `beliefs`: the
/// history's space, with the priors to go by.
Result<std::optional<Suggestion>> suggest_from_sources(const History& history, const Space& beliefs,
                                                       const std::vector<SourceModels>& models,
                                                       const TakenConfigs& taken, const RngKey& key);

/// For sources that have too few results for a model: the best configuration of each, one after another; nothing when
/// they have been tried.
Result<std::optional<Suggestion>> suggest_best_of_sources(const History& history, const TakenConfigs& taken);

/// [{"study": "small", "weight": 0.6}, ...]
Json source_weights(const History& history, const TransferMean& mean);

}  // namespace pegbox
