// Beliefs: what is to be expected of a study's configurations: a Gaussian process of all trials, averaged over what is
// not known of it.
//
// The search only asks where to look next, and takes little noise for granted. Whoever is to say how good the best one
// is must not: trials of a search crowd around the luckiest ones, so that noise may be as large as all that differs
// between them. Few results do not tell noise from a function with short waves either, and a chain of draws that starts
// at one explanation is slow to find the other. So the noise's prior is wide, and half of the draws come from a chain
// that starts where all is noise. A model whose predictions of its own trials, each left out in turn, miss by more than
// it says has its variance raised to what they miss by; and as its scale and mean were estimated from n results, its
// spread is Student's. docs/search.md says how often the intervals held the truth, docs/LOG.md what each of these does.
//
// Letters: n trials that the models see, m points asked about, d axes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "math/gaussian_process.h"
#include "search/history.h"
#include "search/samplers/observations.h"

namespace pegbox {

/// The models see at most so many trials, chosen without a look at their luck: a half evenly by number, the other half
/// those that a model of the first half expects most of, among kMostPredicted that are spread evenly by number; and the
/// one with the lowest loss.
inline constexpr std::size_t kMostModelled = 100;
inline constexpr std::size_t kMostPredicted = 2000;

struct BeliefOptions {
  int draws = 32;        ///< of the hyperparameters, at least 2
  bool no_luck = false;  ///< results do not depend on the seed
};

class Beliefs {
 public:
  /// Of the first objective. InvalidInput where no measured trial has a finite loss.
  static Result<Beliefs> form(const History& history, const Observations& observations,
                              const BeliefOptions& options = {});

  const std::vector<std::int64_t>& trials() const { return trials_; }           ///< [n], ascending
  const std::vector<math::GaussianProcess>& models() const { return models_; }  ///< with equal weights
  double noise_variance() const;                                                ///< the models' mean
  std::vector<double> means(std::span<const double> points) const;              // [m, d] -> [m]
  /// By each model, its covariances widened as the head of this file says. [models] of m points each
  std::vector<math::JointPrediction> predict_jointly(std::span<const double> points) const;

 private:
  std::vector<std::int64_t> trials_;
  std::vector<math::GaussianProcess> models_;
  std::vector<double> widening_;  ///< [models]: of variances
};

}  // namespace pegbox
