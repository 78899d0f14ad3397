// CostModel: a Gaussian process of the logarithm of what a trial costs.
#include "search/samplers/cost_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/number.h"
#include "search/samplers/trial_cost.h"

namespace pegbox {
namespace {

constexpr std::size_t kMinReported = 3;  ///< measured trials of which one must have the metric

}  // namespace

std::vector<double> CostModel::log_costs(std::span<const double> points) const { return process_.mean_all(points); }

math::Acquisition CostModel::log_cost_with_gradient(std::span<const double> point) const {
  math::PredictionGradient predicted = process_.mean_with_gradient(point);
  return {predicted.prediction.mean, std::move(predicted.mean_gradient)};
}

CostModeler::Costs CostModeler::costs_of(const History& history, const Evidence& evidence, std::size_t before) const {
  Costs costs;
  const std::size_t n = evidence.trials.size(), d = n == 0 ? 0 : evidence.points.size() / n;
  for (std::size_t i = 0; i < n; ++i) {
    const auto number = static_cast<std::size_t>(evidence.trials[i]);
    const auto cost = number < before ? full_cost(history, history.trials[number], cost_) : std::nullopt;
    if (!cost) continue;
    const auto row = std::span(evidence.points).subspan(i * d, d);
    costs.points.insert(costs.points.end(), row.begin(), row.end());
    costs.logs.push_back(std::log(*cost));
  }
  return costs;
}

Result<std::optional<CostModel>> CostModeler::model(const History& history, const Evidence& evidence,
                                                    std::size_t fitted) {
  if (cost_.empty()) return std::nullopt;
  const Costs all = costs_of(history, evidence, history.trials.size());
  if (all.logs.empty()) {
    if (cost_ == kElapsed || evidence.trials.size() < kMinReported) return std::nullopt;
    return fail(ErrorKind::InvalidInput,
                {.where = "search: cost",
                 .what = "no trial has reported this metric as a positive number",
                 .got = cost_,
                 .expected = "a metric that counts from a trial's beginning, or elapsed",
                 .hint = fmt::format("the last trial reported: {}", metric_names(history.trials.back().metrics))});
  }
  const auto dimensions = dimensions_of(history.spec.space);
  Costs first = costs_of(history, evidence, fitted);
  if (first.logs.size() < kMinReported) first = all;
  const bool known = fitted_to_ && fitted_to_->logs == first.logs && same_bits(fitted_to_->points, first.points);
  if (!known) {
    PEGBOX_TRY(const auto fit, math::GaussianProcess::fit(dimensions, first.points, first.logs));
    hyperparameters_ = fit.hyperparameters();
    fitted_to_ = std::move(first);
  }
  PEGBOX_TRY(auto process, math::GaussianProcess::with(dimensions, all.points, all.logs, hyperparameters_));
  CostModel model(std::move(process));
  model.weight = budget_left_fraction(history);
  return model;
}

}  // namespace pegbox
