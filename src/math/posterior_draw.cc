// Draws of a posterior: random features of the prior, and a process whose targets are what the features leave over.
#include "math/posterior_draw.h"

#include <cmath>
#include <numbers>

#include "math/embedding.h"

namespace pegbox::math {
namespace {

using Eigen::Index;

constexpr Index kFeatures = 512;
constexpr int kDegrees = 5;  // 2 nu of the Matern kernel

/// A sign for each choice of a categorical coordinate, by a finalizer that mixes all bits (Steele, Lea, Flood, OOPSLA
/// 2014).
double sign_of(std::uint64_t salt, double choice) {
  std::uint64_t bits = salt + 0x9e3779b97f4a7c15ULL * static_cast<std::uint64_t>(static_cast<std::int64_t>(choice) + 2);
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
  return ((bits ^ (bits >> 31)) & 1) == 0 ? 1 : -1;
}

}  // namespace

/// A draw of the prior.
struct PriorDraw {
  Eigen::MatrixXd frequencies;             // [F, e]
  Eigen::VectorXd phases, weights;         // [F]
  std::vector<std::vector<bool>> matters;  // [c][F]: whether the feature looks at the category
  std::vector<std::uint64_t> salts;        // [c]

  PriorDraw(const Embedding& embedding, const Hyperparameters& hyperparameters, double scale, Rng& rng)
      : frequencies(kFeatures, embedding.real_columns().size()), phases(kFeatures), weights(kFeatures) {
    const double size = scale * std::sqrt(2 * hyperparameters.signal_variance / kFeatures);
    for (Index i = 0; i < kFeatures; ++i) {
      double squares = 0;
      for (int j = 0; j < kDegrees; ++j) squares += std::pow(rng.normal(), 2);
      for (Index column = 0; column < frequencies.cols(); ++column) {
        const int axis = embedding.real_columns()[static_cast<std::size_t>(column)];
        frequencies(i, column) = rng.normal() / std::sqrt(squares / kDegrees) /
                                 hyperparameters.length_scales[static_cast<std::size_t>(axis)];
      }
      phases[i] = 2 * std::numbers::pi * rng.uniform();
      weights[i] = size * rng.normal();
    }
    for (const int axis : embedding.categorical_columns()) {
      const double same = std::exp(-std::pow(hyperparameters.length_scales[static_cast<std::size_t>(axis)], -2));
      std::vector<bool>& each = matters.emplace_back();
      for (Index i = 0; i < kFeatures; ++i) each.push_back(rng.uniform() >= same);
      salts.push_back(rng.next_u64());
    }
  }

  /// The features' weights with the signs of a point's categories. [F]
  Eigen::ArrayXd signed_weights(const EmbeddedPoints& points, Index row) const {
    Eigen::ArrayXd result = weights;
    for (std::size_t column = 0; column < salts.size(); ++column) {
      const double choice = points.categorical(row, static_cast<Index>(column));
      for (Index i = 0; i < kFeatures; ++i)
        if (matters[column][static_cast<std::size_t>(i)])
          result[i] *= sign_of(salts[column] + static_cast<std::uint64_t>(i) * 0xd1342543de82ef95ULL, choice);
    }
    return result;
  }

  Eigen::ArrayXd angles(const EmbeddedPoints& points, Index row) const {
    return frequencies * points.real.row(row).transpose() + phases;
  }

  std::vector<double> values(const EmbeddedPoints& points) const {
    std::vector<double> values;
    for (Index row = 0; row < points.size(); ++row)
      values.push_back((signed_weights(points, row) * angles(points, row).cos()).sum());
    return values;
  }
};

struct PosteriorDraw::State {
  GaussianProcess process;  ///< of what the prior's draw leaves over
  PriorDraw prior;
  std::vector<double> at_observations;
};

PosteriorDraw::PosteriorDraw(const GaussianProcess& process, const RngKey& key) {
  Rng rng(key);
  PriorDraw prior(process.embedding(), process.hyperparameters(), process.target_scale(), rng);
  const std::vector<double> at_points = prior.values(process.embedded_points());
  std::vector<double> changes;
  for (const double value : at_points) changes.push_back(-value - std::sqrt(process.noise_variance()) * rng.normal());
  state_ = std::make_unique<State>(State{process, std::move(prior), {}});
  state_->process.shift_targets(changes);
  state_->at_observations = state_->process.mean_at_observations();
  for (std::size_t i = 0; i < at_points.size(); ++i) state_->at_observations[i] += at_points[i];
}

PosteriorDraw::PosteriorDraw(PosteriorDraw&&) noexcept = default;
PosteriorDraw& PosteriorDraw::operator=(PosteriorDraw&&) noexcept = default;
PosteriorDraw::~PosteriorDraw() = default;

std::vector<double> PosteriorDraw::values(std::span<const double> points) const {
  std::vector<double> values = state_->process.mean_all(points);
  const std::vector<double> prior = state_->prior.values(state_->process.embedding().embed(points));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] += prior[i];
  return values;
}

PredictionGradient PosteriorDraw::value_with_gradient(std::span<const double> point) const {
  const Embedding& embedding = state_->process.embedding();
  const PriorDraw& prior = state_->prior;
  PredictionGradient result = state_->process.mean_with_gradient(point);
  const EmbeddedPoints x = embedding.embed(point);
  const Eigen::ArrayXd weights = prior.signed_weights(x, 0), angles = prior.angles(x, 0);
  result.prediction.mean += (weights * angles.cos()).sum();
  const Eigen::VectorXd slopes = -prior.frequencies.transpose() * (weights * angles.sin()).matrix();
  const std::vector<double> gradient = embedding.pull_back(point, slopes);
  for (std::size_t j = 0; j < gradient.size(); ++j) result.mean_gradient[j] += gradient[j];
  return result;
}

const std::vector<double>& PosteriorDraw::at_observations() const { return state_->at_observations; }

}  // namespace pegbox::math
