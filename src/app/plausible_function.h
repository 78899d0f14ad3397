// PlausibleFunction: one function that a study's trials leave possible: a draw from the posterior of a Gaussian
// process, asked point by point.
//
// The values at the trials that the models of search/samplers/beliefs.h have seen are drawn together; then each new
// value is drawn given all before it. So the answers are those of one function, whatever is asked next, and the same
// question has the same answer.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/rng.h"
#include "search/samplers/beliefs.h"

namespace pegbox {

class PlausibleFunction {
 public:
  /// `count` functions for the first objective's loss, each with hyperparameters of its own. The worst third of the
  /// trials counts by rank only (rank_warp.h), so that bad losses are nearer than they are. InvalidInput as Beliefs.
  static Result<std::vector<PlausibleFunction>> draw(const History& history, int count, std::uint64_t seed);

  /// The loss that is expected of a configuration of the space.
  Result<double> operator()(const Config& config);
  double noise() const { return noise_; }  ///< standard deviation of one trial around it

 private:
  PlausibleFunction(const Space& space, math::GaussianProcess process, double noise, const RngKey& key)
      : space_(&space), process_(std::move(process)), noise_(noise), rng_(key) {}

  const Space* space_;
  math::GaussianProcess process_;
  double noise_;
  Rng rng_;
  std::unordered_map<std::string, double> known_;
};

}  // namespace pegbox
