// TransferMean: what earlier studies expect of a loss, each weighed by how well it agrees with what the study itself
// has seen; the mean of a Gaussian process before it sees anything.
//
// The process then has to learn the difference only: Golovin et al., "Google Vizier: a service for black-box
// optimization" (KDD 2017), section 3.3. There the latest study's residuals are modelled on the one before; here
//
//   target(x) = c + sum over sources of b_i s_i(x) + Gaussian process + noise
//
// with s_i a source's posterior mean (source_model.h) and 0 <= b_i <= 1 shrunk towards 1 / T for T sources, so that two
// results do not make a source of what agrees by chance, and thirty leave nothing to one that does not agree.
//
// Targets are losses whose bad third is squeezed by rank (rank_warp.h). A source's losses are squeezed elsewhere, and
// where most of the study's results are good, what is merely average is squeezed hard. The b are therefore learned from
// what is comparable: from what the sources foretell at the study's own observations, squeezed there as the targets
// are. A source that is exact then agrees exactly.
// Ranking losses (RGPE: Feurer et al., arXiv 1802.02219) as weights were compared with these: docs/LOG.md.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "math/expected_improvement.h"
#include "search/samplers/source_model.h"

namespace pegbox {

using SourceModels = std::vector<std::shared_ptr<const SourceModel>>;  ///< null: says nothing of this loss

class TransferMean {
 public:
  /// Without any observation: all sources alike.
  static TransferMean before_any(const SourceModels& models);

  /// `points` [n, d] with their `targets` [n].
  static TransferMean learn(const SourceModels& models, std::span<const double> points,
                            std::span<const double> targets);

  std::vector<double> values(std::span<const double> points) const;  // [m, d] -> [m]
  math::Acquisition with_gradient(std::span<const double> point) const;

  /// The standard deviation of what is expected, if the sources are independent: over the study's own observations, or
  /// over the sources' as long as there are none.
  double spread() const;

  /// Of each source: how much of a difference that it predicts is expected here; 1: all of it.
  const std::vector<double>& weights() const { return weights_; }

 private:
  SourceModels models_;
  std::vector<double> weights_;     // [sources]
  std::vector<double> deviations_;  // [sources], of what they foretell
};

}  // namespace pegbox
