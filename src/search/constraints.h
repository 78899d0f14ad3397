// Constraints: which configurations may be tried, by expressions over hyperparameters, limits and what a worker
// described.
//
// A name in a constraint is, in this order: a hyperparameter; a limit (an expression that the worker gave, such as
// `peak_memory`); a described value (`parameters`, `train_tokens`). A constraint with any other name is about a metric:
// it cannot be known before the trial, and decides which trials may be the best.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/protocol.h"
#include "search/config.h"
#include "search/expression.h"
#include "search/space.h"

namespace pegbox {

class Constraints {
 public:
  Constraints() = default;
  Constraints(std::vector<Expression> expressions, const Space& space);

  /// Adds what a worker described; replaces earlier values.
  Result<void> describe(const Json& values, const std::map<std::string, std::string>& limits);

  /// Nothing if all constraints on the configuration hold; else the first that does not, with its numbers:
  /// "peak_memory <= 20GiB (peak_memory = 31.2 GiB)". A constraint on an inactive hyperparameter holds.
  Result<std::optional<std::string>> violated(const Config& config) const;

  /// The same for the constraints on metrics, given a trial's last metrics. A metric that is absent violates.
  Result<std::optional<std::string>> violated_by(const Config& config, const Metrics& metrics) const;

  bool empty() const { return expressions_.empty(); }
  const std::vector<Expression>& expressions() const { return expressions_; }

 private:
  bool is_about_metric(const Expression& expression) const;

  std::vector<Expression> expressions_;
  std::vector<std::string> parameters_;
  std::map<std::string, Value> constants_;
  std::map<std::string, Expression> limits_;
};

}  // namespace pegbox
