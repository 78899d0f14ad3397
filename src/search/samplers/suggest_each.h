// Suggest each: a call's suggestions one after another, each of which the next one knows.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "search/sampler.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {

/// One configuration that is not taken; nothing if the space has no more. `key.trial` differs for each of a call's
/// suggestions.
using SuggestOne = std::function<Result<std::optional<Suggestion>>(const RngKey& key)>;

/// At most `count` suggestions by `next`, each added to `taken`; fewer where the space has no more.
Result<std::vector<Suggestion>> suggest_each(int count, RngKey key, TakenConfigs& taken, const SuggestOne& next);

}  // namespace pegbox
