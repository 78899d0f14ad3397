// Surrogate: the models behind the gp sampler: a Gaussian process of each loss, one of success, and what they are
// worth.
//
// Letters: n observations, m points asked about, d axes, k losses: one, or several of which a front is wanted.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "math/gaussian_process.h"
#include "math/probit_process.h"
#include "search/samplers/criterion.h"
#include "search/samplers/goal.h"
#include "search/samplers/shifted_process.h"
#include "search/space.h"

namespace pegbox {

/// The kernel's dimensions for a space's axes: choices without order are categories, all others are real.
std::vector<math::Dimension> dimensions_of(const Space& space);

/// A point as the kernel wants it: the index of a category, kInactive where inactive.
std::vector<double> encode(const Space& space, const UnitPoint& point);

/// Equal numbers, and equal where they are not numbers.
bool same_bits(const std::vector<double>& a, const std::vector<double>& b);

/// What the models are fitted to.
struct Evidence {
  std::vector<std::int64_t> trials;          ///< [n]: those with a loss
  std::vector<double> points;                ///< [n, d]: where they are, encoded
  std::vector<std::vector<double>> targets;  ///< [k][n]: warped losses
  std::vector<bool> allowed;                 ///< [n]: no constraint on metrics is violated
  std::vector<double> failed;                ///< [f, d]: where trials failed without a loss
  std::vector<PriorMean> priors{};           ///< [k]: what earlier studies expect; empty: there are none

  PriorMean prior(std::size_t loss) const { return priors.empty() ? PriorMean{} : priors[loss]; }

  bool operator==(const Evidence& other) const;  ///< to the bit; inactive coordinates are equal
};

/// The hyperparameters of the models, in standardized units.
struct SurrogateParameters {
  std::vector<std::vector<math::Hyperparameters>> losses;  ///< [draws][k]; what the draws say is averaged
  std::optional<math::Hyperparameters> success;            ///< nothing where no trial has failed
};

/// How much a probability P of failure counts: log merit has `exponent` log(1 - P), and falls steeply where 1 - P is
/// below `required`, as far as some trial has attained it. Not so where places explain failures no better than chance
/// does: what has nothing to do with the configuration cannot be avoided. exponent 0: failures are ignored.
struct Caution {
  double exponent = 4;
  double required = 0.5;
};

class Surrogate {
 public:
  /// Searches for hyperparameters. `warp`: of the losses' models also a warp of each real axis (math/warp.h).
  static Result<SurrogateParameters> fit(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                         bool warp = false);

  /// `parameters` may come from a fit to a part of the evidence.
  static Result<Surrogate> create(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                  const SurrogateParameters& parameters, const Caution& caution = {});

  /// A trial without a result yet, believed to give what is predicted, which then is what is to be improved on.
  Result<void> believe(std::span<const double> point);

  /// What improvement means from here on; for after the last `believe`. Without: CriterionKind::Improvement.
  Result<void> judge_by(const Criterion& criterion);

  /// log of the augmented expected improvement on the lowest predicted loss at an allowed observation, or, of several
  /// losses, on the volume below their predicted front, times what caution makes of the
  /// probability that the trial does not fail; the latter alone where no observation is allowed. [m, d] -> [m]
  /// Augmented: times the part of a result there that would be news and not noise (of several losses the geometric
  /// mean), so that the search does not try its best place over and over. Another criterion has its own improvement,
  /// not augmented.
  std::vector<double> log_merit(std::span<const double> points) const;
  math::Acquisition log_merit_with_gradient(std::span<const double> point) const;

  /// Mean and variance of the models' mixture.
  math::Prediction predict(std::span<const double> point, std::size_t loss = 0) const;

  /// That a trial neither fails nor violates a constraint on metrics; nothing where none has.
  std::optional<double> success_probability(std::span<const double> point) const;

  /// Observations by predicted loss, best first; of several losses by fronts, the loneliest of the first one before
  /// others.
  std::vector<std::size_t> ranking() const;

 private:
  struct Model {
    std::vector<ShiftedProcess> processes;  // [k]
    std::optional<Goal> goal;               // by predictions at allowed observations, if there are any
  };
  struct Drawn {
    std::vector<ShiftedDraw> losses;  // [k]
    std::vector<double> softness;     // [k]
    Goal goal;                        // by values at allowed observations
  };
  Surrogate() = default;
  Result<void> model_success(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                             const SurrogateParameters& parameters);
  static Result<Model> make_model(const std::vector<math::Dimension>& dimensions, const Evidence& evidence,
                                  const std::vector<math::Hyperparameters>& parameters,
                                  std::span<double> predicted_sums);
  void add_merits(const Model& model, std::span<const double> points, std::span<double> log_sums) const;
  std::vector<double> improvement(std::span<const double> points) const;
  math::Acquisition merit_of(const Model& model, std::span<const double> point) const;
  math::Acquisition improvement_with_gradient(std::span<const double> point) const;

  std::vector<Model> models_;
  Criterion criterion_;
  std::optional<Drawn> drawn_;  // of Thompson's criterion
  std::optional<math::ProbitProcess> success_;
  Caution caution_;
  double log_required_ = 0;        // of caution_, as far as it can be had
  bool improves_ = false;          // some observation is allowed
  std::size_t losses_ = 1;         // k
  std::vector<double> predicted_;  // [n, k]: at the observations, the models' mean
  std::vector<bool> allowed_;      // [n]
};

}  // namespace pegbox
