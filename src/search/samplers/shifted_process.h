// ShiftedProcess: a Gaussian process whose mean before any observation is what earlier studies expect; without these
// the plain process.
#pragma once

#include <memory>

#include "math/gaussian_process.h"
#include "math/posterior_draw.h"
#include "search/samplers/transfer_mean.h"

namespace pegbox {

/// What is known of a loss before the study's own observations.
struct PriorMean {
  std::shared_ptr<const TransferMean> at;  ///< null: nothing
  std::vector<double> values;              ///< [n]: at the observations; empty: nothing

  /// What is left of targets [n] for the process to learn.
  std::vector<double> residuals(std::span<const double> targets) const;
};

/// The members of GaussianProcess that the models need, with its meaning.
class ShiftedProcess {
 public:
  static Result<ShiftedProcess> with(const std::vector<math::Dimension>& dimensions, std::span<const double> points,
                                     std::span<const double> targets, const math::Hyperparameters& hyperparameters,
                                     const PriorMean& prior);

  Result<void> append_pending(std::span<const double> point);
  math::Prediction predict(std::span<const double> point) const;
  math::PredictionGradient predict_with_gradient(std::span<const double> point) const;
  std::vector<math::Prediction> predict_all(std::span<const double> points) const;
  std::vector<double> mean_all(std::span<const double> points) const;

  int dimensions() const { return process_.dimensions(); }
  double noise_variance() const { return process_.noise_variance(); }
  double target_scale() const { return process_.target_scale(); }  ///< of the differences from what is expected

 private:
  friend class ShiftedDraw;
  ShiftedProcess(math::GaussianProcess process, PriorMean prior)
      : process_(std::move(process)), mean_(std::move(prior.at)), shifts_(std::move(prior.values)) {}

  math::GaussianProcess process_;
  std::shared_ptr<const TransferMean> mean_;  // null: none
  std::vector<double> shifts_;                // at the observations, then at pending points; empty: none
};

/// One function drawn from such a process, as PosteriorDraw.
class ShiftedDraw {
 public:
  ShiftedDraw(const ShiftedProcess& process, const RngKey& key);

  std::vector<double> values(std::span<const double> points) const;  // [m, d] -> [m]
  math::PredictionGradient value_with_gradient(std::span<const double> point) const;
  const std::vector<double>& at_observations() const { return at_observations_; }

 private:
  math::PosteriorDraw difference_;
  std::shared_ptr<const TransferMean> mean_;  // null: none
  std::vector<double> at_observations_;
};

}  // namespace pegbox
