// Suggest each: a call's suggestions one after another.
#include "search/samplers/suggest_each.h"

namespace pegbox {

Result<std::vector<Suggestion>> suggest_each(int count, RngKey key, TakenConfigs& taken, const SuggestOne& next) {
  std::vector<Suggestion> suggestions;
  for (int i = 0; i < count; ++i, ++key.trial) {
    PEGBOX_TRY(auto suggestion, next(key));
    if (!suggestion) break;
    taken.add(suggestion->config);
    suggestions.push_back(std::move(*suggestion));
  }
  return suggestions;
}

}  // namespace pegbox
