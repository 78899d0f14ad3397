// Candidates: places in the space worth asking the models about, each allowed, new and different from the others.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/rng.h"
#include "search/history.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {

struct Candidate {
  Config config;
  UnitPoint unit;
  std::vector<double> encoded;  ///< [d], for the models
};

class Candidates {
 public:
  /// `beliefs`: the history's space, with the priors to go by.
  Candidates(const History& history, const Space& beliefs, const TakenConfigs& taken)
      : history_(history), beliefs_(beliefs), taken_(taken) {}

  /// The configuration at a point of the unit cube; nothing if it is not allowed or taken.
  Result<std::optional<Candidate>> at(std::span<const double> at) const;

  Result<void> add(std::span<const double> at);  ///< if it is allowed, new, and not there yet

  /// Every configuration, if there are at most `limit`; false if there are more.
  Result<bool> add_all(std::int64_t limit);

  /// `count` points of a Sobol sequence scrambled by `key`; every second one is moved to the priors, if there are any.
  Result<void> add_spread(int count, const RngKey& key);

  /// One allowed point by rejection, if there is any: for spaces in which constraints leave little.
  Result<void> add_drawn(Rng& rng);

  /// `count` points around one: some axes moved, near and farther, choices drawn anew.
  Result<void> add_around(const UnitPoint& center, int count, Rng& rng);

  /// All points that differ in the value of one axis with levels: every other value where there are few, else the
  /// nearest and some others.
  Result<void> add_steps(const UnitPoint& center, Rng& rng);

  const std::vector<Candidate>& all() const { return all_; }

 private:
  /// `center` with fresh coordinates on its inactive axes, which a step may switch on.
  std::vector<double> filled(const UnitPoint& center, Rng& rng) const;

  const History& history_;
  const Space& beliefs_;
  const TakenConfigs& taken_;
  std::vector<Candidate> all_;
  std::unordered_set<std::string> keys_;
};

}  // namespace pegbox
