// Sampler: proposes configurations. It sees the history and a key for its random numbers; never a store, clock or
// process.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/rng.h"
#include "search/history.h"

namespace pegbox {

struct Suggestion {
  Config config;
  Json reason;  ///< {"by": "gp", "acquisition": ..., "predicted": {"mean", "spread"}}: why this one
  std::optional<CheckpointRef> clone_of{};  ///< goes on from another trial's snapshot, at that one's step
};

/// A decision depends only on (history, key): a fresh instance that is given the same history answers the same. An
/// instance may cache what it derived from a prefix of the same history.
class Sampler {
 public:
  virtual ~Sampler() = default;

  /// At most `count` configurations that satisfy the space and its constraints and repeat no pending one. Fewer, or
  /// none, only if the space has no more to give (a finished grid). `key.trial` is the number of the first trial to be
  /// made.
  virtual Result<std::vector<Suggestion>> suggest(const History& history, int count, RngKey key) = 0;

  /// Whether it makes something of the history's earlier studies. Where not, their best configurations are tried before
  /// it is asked.
  virtual bool learns_from_sources() const { return false; }
};

}  // namespace pegbox
