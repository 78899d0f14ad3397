// CostModel: a Gaussian process of the logarithm of what a trial costs, for a search that pays for trials.
//
// With it merit is log(improvement) - w log(cost): improvement per second (or token): Snoek, Larochelle, Adams, NeurIPS
// 2012 (arXiv 1206.2944). The weight w falls from 1 to 0 with what is left of the budget ("cost cooling": Lee, Perrone,
// Archambeau, Seeger, "Cost-aware Bayesian optimization", arXiv 2003.10870), so that a best place that is dear is not
// put off for ever.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "math/expected_improvement.h"
#include "search/history.h"
#include "search/samplers/surrogate.h"

namespace pegbox {

class CostModel {
 public:
  /// log of the predicted cost. [m, d] -> [m]
  std::vector<double> log_costs(std::span<const double> points) const;
  math::Acquisition log_cost_with_gradient(std::span<const double> point) const;

  double weight = 1;  ///< in merit

 private:
  friend class CostModeler;
  explicit CostModel(math::GaussianProcess process) : process_(std::move(process)) {}
  math::GaussianProcess process_;
};

/// Makes a study's cost models; keeps the last fit of hyperparameters.
class CostModeler {
 public:
  explicit CostModeler(std::string cost) : cost_(std::move(cost)) {}  ///< as in trial_cost.h; "": none

  /// From the trials of `evidence`, with hyperparameters by those before number `fitted`. Nothing where no cost is
  /// wanted or none is known; InvalidInput if no trial of several has reported the metric.
  Result<std::optional<CostModel>> model(const History& history, const Evidence& evidence, std::size_t fitted);

 private:
  struct Costs {
    std::vector<double> points;  ///< [n, d]
    std::vector<double> logs;    ///< [n]
  };
  Costs costs_of(const History& history, const Evidence& evidence, std::size_t before) const;

  std::string cost_;
  std::optional<Costs> fitted_to_;
  math::Hyperparameters hyperparameters_;
};

}  // namespace pegbox
