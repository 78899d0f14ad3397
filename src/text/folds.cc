// Folds: see folds.h.
#include "text/folds.h"

#include <map>
#include <numeric>

namespace pegbox::text {

std::vector<std::size_t> even_folds(std::span<const std::size_t> kinds, const RngKey& key) {
  std::vector<std::size_t> order(kinds.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  Rng rng(key);
  shuffle(order, rng);
  std::map<std::size_t, std::size_t> dealt;
  std::vector<std::size_t> folds(kinds.size());
  for (const std::size_t row : order) folds[row] = dealt[kinds[row]]++ % kFolds;
  return folds;
}

}  // namespace pegbox::text
