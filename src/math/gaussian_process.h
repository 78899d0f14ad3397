// GaussianProcess: exact regression on points of a unit cube with real, categorical and conditional dimensions.
//
// Prior: a constant mean and the kernel of kernel.h (Matern 5/2 with one length scale and, if wanted, one warp for each
// dimension). Targets are standardized. Hyperparameters are the maximum a posteriori under dimension-scaled priors
// (Hvarfner, Hellsten, Nardi, "Vanilla Bayesian optimization performs great in high dimensions", ICML 2024, arXiv
// 2402.02229), found by L-BFGS from fixed starts: the same data give the same model.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "math/kernel.h"

namespace pegbox::math {

class Embedding;
struct EmbeddedPoints;

/// How to fit. The defaults follow the paper above and need no tuning.
struct FitOptions {
  int max_evaluations = 60;          ///< of the likelihood, for each local search
  int max_starts = 2;                ///< local searches, from the best of the fixed starts; one more over 125 points
  double min_noise_variance = 1e-6;  ///< of standardized targets
  NoisePrior noise = {};
  double warp_spread = 0;  ///< a priori, of the logarithms of the warps' a and b; 0: real dimensions are not warped
};

struct SampleOptions {
  int count = 6;
  int steps_each = 3;  ///< of the chain, between two draws
  NoisePrior noise = {};
  double warp_spread = 0;  ///< as of the fit
};

/// Mean and variance of the latent function at a point, in the units of the targets (observation noise not included).
struct Prediction {
  double mean = 0;
  double variance = 0;

  double standard_deviation() const;
};

/// The latent function at several points together, in the units of the targets.
struct JointPrediction {
  std::vector<double> means;        // [m]
  std::vector<double> covariances;  // [m, m]
};

/// A prediction and its derivatives by each coordinate: zero for categorical and inactive ones.
struct PredictionGradient {
  Prediction prediction;
  std::vector<double> mean_gradient;      // [d]
  std::vector<double> variance_gradient;  // [d]
};

/// A fit takes O(n^3) time and O(n^2 d) memory: some milliseconds for 100 points, 0.1 GB and seconds for 1,000 points
/// of 20 dimensions. Const members may run in several threads. Points are rows of d doubles: real coordinates in [0,
/// 1], categorical ones the index of the choice (0, 1, 2, ...), inactive ones (only in conditional dimensions)
/// kInactive.
class GaussianProcess {
 public:
  /// Fits hyperparameters to `points` [n, d] and `targets` [n], n >= 1. InvalidInput for shapes that do not agree, a
  /// target that is not finite, or a coordinate that its dimension does not allow.
  static Result<GaussianProcess> fit(std::vector<Dimension> dimensions, std::span<const double> points,
                                     std::span<const double> targets, const FitOptions& options = {});

  /// `options.count` draws from the posterior of the hyperparameters (in standardized units), by elliptical slice
  /// sampling from `start`: the same data give the same draws. Where few points leave open which dimensions matter,
  /// an average over draws is wiser than the one best guess (Snoek, Larochelle, Adams, NeurIPS 2012, arXiv 1206.2944).
  static Result<std::vector<Hyperparameters>> sample(std::vector<Dimension> dimensions, std::span<const double> points,
                                                     std::span<const double> targets, const Hyperparameters& start,
                                                     const SampleOptions& options = {});

  /// As `fit`, with the given hyperparameters (in standardized units) instead of a search.
  static Result<GaussianProcess> with(std::vector<Dimension> dimensions, std::span<const double> points,
                                      std::span<const double> targets, Hyperparameters hyperparameters);

  GaussianProcess(const GaussianProcess& other);
  GaussianProcess(GaussianProcess&&) noexcept;
  GaussianProcess& operator=(const GaussianProcess& other);
  GaussianProcess& operator=(GaussianProcess&&) noexcept;
  ~GaussianProcess();

  /// Adds one observation in O(n^2): same hyperparameters, same standardization. Refused as in `fit`.
  Result<void> append(std::span<const double> point, double target);
  /// Adds a point whose result is pending as if its posterior mean had been observed ("kriging believer", Ginsbourger
  /// et al. 2010): the mean stays, the variance around it shrinks. Append to a copy to keep the model.
  Result<void> append_pending(std::span<const double> point);
  /// Adds to the targets [size()], in their units: same points, hyperparameters and standardization. O(n^2)
  void shift_targets(std::span<const double> changes);

  /// `point` must be valid for the dimensions.
  Prediction predict(std::span<const double> point) const;
  PredictionGradient predict_with_gradient(std::span<const double> point) const;
  std::vector<Prediction> predict_all(std::span<const double> points) const;  // [m, d] -> [m]
  std::vector<double> mean_all(std::span<const double> points) const;  // [m, d] -> [m]; without variances: O(m n)
  /// As predict_with_gradient with all variances left at 0: O(n).
  PredictionGradient mean_with_gradient(std::span<const double> point) const;
  std::vector<double> mean_at_observations() const;  ///< at its own points, in their order: O(n)

  JointPrediction predict_jointly(std::span<const double> points) const;  // [m, d]; O(m n^2 + m^2 n)

  int size() const;        ///< observations, pending ones included
  int dimensions() const;  ///< d
  const std::vector<Dimension>& dimension_kinds() const;
  const Hyperparameters& hyperparameters() const;  ///< in standardized units
  double noise_variance() const;                   ///< in squared units of the targets
  double target_mean() const;                      ///< the standardization: (target - mean) / scale
  double target_scale() const;
  double log_marginal_likelihood() const;  ///< of the standardized targets, without priors
  int evaluations() const;                 ///< likelihoods computed by the fit
  const Embedding& embedding() const;      ///< this and the next: for this room
  const EmbeddedPoints& embedded_points() const;

 private:
  struct State;
  explicit GaussianProcess(std::unique_ptr<State> state);
  static Result<GaussianProcess> prepare(std::vector<Dimension> dimensions, std::span<const double> points,
                                         std::span<const double> targets);
  std::unique_ptr<State> state_;
};

}  // namespace pegbox::math
