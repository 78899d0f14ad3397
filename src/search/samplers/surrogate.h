// Surrogate: the models behind the gp sampler: a Gaussian process of the loss, one of failure, and what they are worth.
//
// Letters: n observations, m points asked about, d axes.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "math/expected_improvement.h"
#include "math/gaussian_process.h"
#include "search/space.h"

namespace pegbox {

/// The kernel's dimensions for a space's axes: choices without order are categories, all others are real.
std::vector<math::Dimension> dimensions_of(const Space& space);

/// A point as the kernel wants it: the index of a category, kInactive where inactive.
std::vector<double> encode(const Space& space, const UnitPoint& point);

/// What the models are fitted to.
struct Evidence {
  std::vector<std::int64_t> trials;  ///< [n]: those with a loss
  std::vector<double> points;        ///< [n, d]: where they are, encoded
  std::vector<double> targets;       ///< [n]: warped losses
  std::vector<bool> allowed;         ///< [n]: no constraint on metrics is violated
  std::vector<double> failed;        ///< [f, d]: where trials failed without a loss

  bool operator==(const Evidence& other) const;  ///< to the bit; inactive coordinates are equal
};

/// The hyperparameters of both models, in standardized units.
struct SurrogateParameters {
  std::vector<math::Hyperparameters> loss;       ///< each of one model; what they say is averaged
  std::optional<math::Hyperparameters> failure;  ///< nothing where no trial has failed
};

class Surrogate {
 public:
  /// Searches for hyperparameters.
  static Result<SurrogateParameters> fit(const std::vector<math::Dimension>& dimensions, const Evidence& evidence);

  /// `parameters` may come from a fit to a part of the evidence. Failure is a regression on 0 and 1 ("least-squares
  /// classification", Rasmussen and Williams, "Gaussian processes for machine learning", 2006, section 6.5).
  static Result<Surrogate> create(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                  const SurrogateParameters& parameters);

  /// A trial without a result yet, believed to give what is predicted.
  Result<void> believe(std::span<const double> point);

  /// log of the augmented expected improvement on the lowest predicted loss at an allowed observation, times the
  /// probability that the trial does not fail to the fourth power; the latter alone where no observation is allowed.
  /// [m, d] -> [m] Augmented: times the part of a result there that would be news and not noise, so that the search
  /// does not try its best place over and over.
  std::vector<double> log_merit(std::span<const double> points) const;
  math::Acquisition log_merit_with_gradient(std::span<const double> point) const;

  /// What one more trial at each of these points is worth to somebody who will then choose the one of them with the
  /// lowest expected loss: expected_drop_of_minimum, averaged over the models. [m, d] -> [m]
  std::vector<double> worths(std::span<const double> points) const;

  math::Prediction predict(std::span<const double> point) const;  ///< mean and variance of the models' mixture

  /// Observations by predicted loss, best first.
  std::vector<std::size_t> ranking() const;

 private:
  struct Model {
    math::GaussianProcess process;
    std::optional<double> best;  // lowest prediction at an allowed observation
  };
  Surrogate() = default;
  static void add_merits(const Model& model, std::span<const double> points, std::span<double> log_sums);
  static math::Acquisition merit_of(const Model& model, std::span<const double> point);

  std::vector<Model> models_;
  std::optional<math::GaussianProcess> failure_;
  std::vector<double> predicted_;  // [n]: at the observations, the models' mean
};

}  // namespace pegbox
