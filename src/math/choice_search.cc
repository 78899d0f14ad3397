// Choice search: adaptive stochastic natural gradient over categorical distributions.
#include "math/choice_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pegbox::math {
namespace {

constexpr double kSignalToNoise = 1.5;  // alpha of ASNG

}  // namespace

ChoiceSearch::ChoiceSearch(std::vector<std::vector<double>> probabilities, int population)
    : probabilities_(std::move(probabilities)) {
  std::size_t parameters = 0;
  for (const auto& row : probabilities_) parameters += row.size() - 1;
  path_.assign(parameters, 0.0);
  const int parents = population / 2;
  double sum = 0;
  for (int i = 0; i < population; ++i) {
    weights_.push_back(i < parents ? std::log((population + 1) / 2.0) - std::log(i + 1) : 0);
    sum += weights_.back();
  }
  for (double& weight : weights_) weight /= sum;
  keep_margins();
}

int ChoiceSearch::sample(std::size_t axis, double uniform) const {
  const auto& row = probabilities_[axis];
  std::size_t choice = 0;
  while (choice + 1 < row.size() && uniform >= row[choice]) uniform -= row[choice++];
  return static_cast<int>(choice);
}

void ChoiceSearch::update(std::span<const int> ranked) {
  const std::size_t axes = probabilities_.size();
  std::vector<std::vector<double>> gradient;
  std::vector<double> whitened;  // the gradient times the root of the Fisher information: ASNG, appendix B
  for (std::size_t axis = 0; axis < axes; ++axis) {
    const auto& q = probabilities_[axis];
    auto& g = gradient.emplace_back(q.size(), 0.0);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const int choice = ranked[i * axes + axis];
      if (choice < 0) continue;
      for (std::size_t k = 0; k < q.size(); ++k) g[k] -= weights_[i] * q[k];
      g[static_cast<std::size_t>(choice)] += weights_[i];
    }
    const double rest = std::accumulate(g.begin(), g.end() - 1, 0.0) / (q.back() + std::sqrt(q.back()));
    for (std::size_t k = 0; k + 1 < q.size(); ++k) whitened.push_back(g[k] / std::sqrt(q[k]) + std::sqrt(q[k]) * rest);
  }
  const double norm = std::sqrt(std::inner_product(whitened.begin(), whitened.end(), whitened.begin(), 0.0));
  if (!(norm > 0)) return;
  for (std::size_t axis = 0; axis < axes; ++axis)
    for (std::size_t k = 0; k < gradient[axis].size(); ++k) probabilities_[axis][k] += step_ / norm * gradient[axis][k];
  step_ = 1 / slowness_;
  const double beta = step_ / std::sqrt(static_cast<double>(path_.size()));
  double squares = 0;
  for (std::size_t j = 0; j < path_.size(); ++j) {
    path_[j] = (1 - beta) * path_[j] + std::sqrt(beta * (2 - beta)) * whitened[j] / norm;
    squares += path_[j] * path_[j];
  }
  path_weight_ = (1 - beta) * (1 - beta) * path_weight_ + beta * (2 - beta);
  slowness_ *= std::exp(beta * (path_weight_ - squares / kSignalToNoise));
  keep_margins();
}

void ChoiceSearch::keep_margins() {
  const double chance = 1 - std::pow(0.73, 1.0 / static_cast<double>(probabilities_.size()));
  for (auto& row : probabilities_) {
    const double least = chance / static_cast<double>(row.size() - 1);
    for (double& q : row) q = std::max(q, least);
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    const double over = sum - least * static_cast<double>(row.size());
    for (double& q : row) q -= (sum - 1) * (q - least) / over;
    const double left = std::accumulate(row.begin(), row.end(), 0.0);
    for (double& q : row) q /= left;
  }
}

}  // namespace pegbox::math
