// TransferMean: what earlier studies expect of a loss, weighed by how well they agree with what was seen.
#include "search/samplers/transfer_mean.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/samplers/rank_warp.h"

namespace pegbox {
namespace {

constexpr double kDoubt = 1;            ///< of a source's weight, one standard deviation; 1 / T with T sources
constexpr double kPriorResidual = 0.3;  ///< of the targets' standard deviation
constexpr double kPriorResiduals = 2;
constexpr int kRoundsOfWeights = 50;

std::size_t count_of(const SourceModels& models) {
  return static_cast<std::size_t>(std::ranges::count_if(models, [](const auto& model) { return model != nullptr; }));
}

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// values minus their mean
std::vector<double> centred(std::vector<double> values) {
  const double mean = mean_of(values);
  for (double& value : values) value -= mean;
  return values;
}

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// of centred values
double deviation_of(std::span<const double> values) {
  return std::sqrt(dot(values, values) / static_cast<double>(values.size()));
}

/// to += factor * values
void add(double factor, std::span<const double> values, std::span<double> to) {
  for (std::size_t j = 0; j < to.size(); ++j) to[j] += factor * values[j];
}

/// What a source foretells at the observations.
struct Feature {
  std::size_t source;
  std::vector<double> values;  ///< [n], warped as the targets are, centred
};

/// The most likely b >= 0 under b_i ~ Normal(1 / T, kDoubt^2 / T) and normally distributed residuals, whose variance is
/// estimated by turns from them and from kPriorResiduals that are as large as kPriorResidual of the targets' deviation.
/// By coordinate descent; the penalty is convex for each variance.
std::vector<double> shrunk_weights(const std::vector<Feature>& features, const std::vector<double>& targets) {
  const auto count = static_cast<double>(features.size());
  const double expected = 1 / count, belief = kDoubt * kDoubt / count;
  const double prior_square = std::pow(kPriorResidual * deviation_of(targets), 2);
  std::vector<double> b(features.size(), expected), residual(targets.size());
  for (int round = 0; round < kRoundsOfWeights; ++round) {
    residual = targets;
    for (std::size_t i = 0; i < b.size(); ++i) add(-b[i], features[i].values, residual);
    const double variance = (dot(residual, residual) + kPriorResiduals * prior_square) /
                            (static_cast<double>(targets.size()) + kPriorResiduals);
    for (std::size_t i = 0; i < b.size(); ++i) {
      const std::vector<double>& values = features[i].values;
      const double square = dot(values, values), precision = variance / belief;
      if (!(square > 0)) continue;  // it foretells the same everywhere, and nothing tells how far it is right
      const double alone = dot(values, residual) + b[i] * square;
      const double better = std::max(0.0, (alone + precision * expected) / (square + precision));
      add(b[i] - better, values, residual);
      b[i] = better;
    }
  }
  return b;
}

}  // namespace

TransferMean TransferMean::before_any(const SourceModels& models) {
  TransferMean mean;
  mean.models_ = models;
  for (const auto& model : models) {
    mean.weights_.push_back(model ? 1 / static_cast<double>(count_of(models)) : 0.0);
    mean.deviations_.push_back(model ? model->spread() : 0.0);
  }
  return mean;
}

TransferMean TransferMean::learn(const SourceModels& models, std::span<const double> points,
                                 std::span<const double> targets) {
  TransferMean mean = before_any(models);
  std::vector<Feature> features;
  for (std::size_t i = 0; i < models.size(); ++i) {
    if (!models[i]) continue;
    std::vector<double> foretold = models[i]->mean_all(points);
    for (double& value : foretold) value *= models[i]->spread();
    features.push_back({i, centred(rank_warp(foretold))});
    mean.deviations_[i] = deviation_of(centred(std::move(foretold)));
  }
  const auto b = shrunk_weights(features, centred({targets.begin(), targets.end()}));
  for (std::size_t i = 0; i < b.size(); ++i) mean.weights_[features[i].source] = std::min(1.0, b[i]);
  return mean;
}

double TransferMean::spread() const {
  double squares = 0;
  for (std::size_t i = 0; i < models_.size(); ++i) squares += std::pow(weights_[i] * deviations_[i], 2);
  return std::sqrt(squares);
}

std::vector<double> TransferMean::values(std::span<const double> points) const {
  const auto speaking = std::ranges::find_if(models_, [](const auto& model) { return model != nullptr; });
  std::vector<double> sums(speaking == models_.end() ? 0 : points.size() / (*speaking)->dimensions(), 0.0);
  for (std::size_t i = 0; i < models_.size(); ++i) {
    if (weights_[i] == 0) continue;
    const auto means = models_[i]->mean_all(points);
    add(weights_[i] * models_[i]->spread(), means, sums);
  }
  return sums;
}

math::Acquisition TransferMean::with_gradient(std::span<const double> point) const {
  math::Acquisition sum{0, std::vector<double>(point.size(), 0.0)};
  for (std::size_t i = 0; i < models_.size(); ++i) {
    if (weights_[i] == 0) continue;
    const auto mean = models_[i]->mean_with_gradient(point);
    const double factor = weights_[i] * models_[i]->spread();
    sum.value += factor * mean.value;
    add(factor, mean.gradient, sum.gradient);
  }
  return sum;
}

}  // namespace pegbox
