// Ablation: which of the changes from one configuration to another gave what.
//
// Fawcett and Hoos, "Analysing differences between algorithm configurations through ablation", Journal of Heuristics 22
// (2016): from the source on each change that is left is tried by itself, the one after which the mean loss is lowest
// stays, and so on to the target. The lowest of several means of a few runs flatters what was chosen, so the
// configurations of the path are then run once more, and these runs alone say what a change gave.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "math/statistics.h"
#include "search/space.h"

namespace pegbox {

struct AblationPlan {
  Config from, to;           ///< of the space
  std::int64_t repeats = 3;  ///< runs of each configuration, with seeds of their own

  Json to_json() const;  ///< {"from", "to", "repeats"}
  static Result<AblationPlan> from_json(const Json& json);
};

/// A run that has ended; an infinite loss: it failed, or could not be.
struct AblationRun {
  Config config;
  double loss = 0;  ///< smaller is better
};

/// A configuration on the way, with what the change to it gave.
struct AblationStep {
  std::vector<std::string> changed;  ///< parameters, the deciding one first; none of the source
  Config config;
  double loss = 0;                         ///< mean of the runs that chose nothing
  double gain = 0;                         ///< mean loss before less mean loss after; 0 of the source
  std::optional<math::Interval> interval;  ///< of the gain, 95 %; nothing with single runs, or where some failed
};

class Ablation {
 public:
  /// InvalidInput if a configuration is none of the space, or if nothing differs.
  static Result<Ablation> create(const Space& space, AblationPlan plan);

  /// How many runs it takes at most: fewer where a change takes others with it.
  std::int64_t most_runs() const;
  const std::vector<std::string>& changes() const { return changes_; }  ///< parameters that differ

  /// What is to be run next, a configuration for each run; nothing where `runs`, in the order in which they were made,
  /// are all that is needed. A function of the runs.
  std::vector<Config> next(std::span<const AblationRun> runs) const;

  /// The path, from the source to the target. Call where `next` has nothing.
  std::vector<AblationStep> steps(std::span<const AblationRun> runs) const;

 private:
  Ablation(const Space& space, AblationPlan plan) : space_(space), plan_(std::move(plan)) {}
  struct Path;
  Config mixed(std::span<const std::string> taken) const;
  Path follow(std::span<const AblationRun> runs) const;

  const Space& space_;  // outlives it
  AblationPlan plan_;
  std::vector<std::string> changes_;
};

}  // namespace pegbox
