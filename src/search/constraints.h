// Constraints: which configurations may be tried, by expressions over hyperparameters, limits and what a worker
// described.
//
// A name in a constraint is, in this order: a hyperparameter; a limit (an expression that the worker gave, such as
// `peak_memory`); a described value (`parameters`, `train_tokens`). A constraint with any other name is about a metric:
// it cannot be known before the trial, and decides which trials may be the best.
//
// A limit may use hyperparameters, described values and other limits. In it, a hyperparameter that is inactive counts
// as the described value of its name, if there is one: so a limit holds for every method.
//
// A gate is a condition on what a trial has measured. A name in it is a hyperparameter or a metric, never a limit or a
// described value: `peak_memory <= 8GiB` as a constraint is foretold and keeps trials from being run, as a gate it is
// measured and keeps them from being the best.
#pragma once

#include <map>
#include <optional>
#include <set>
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
  Constraints(std::vector<Expression> expressions, const Space& space, std::vector<Expression> gates = {});

  /// Adds what a worker described; replaces earlier values. Members of objects are named with a dot; lists and nulls
  /// are left out. InvalidInput, and nothing changed, for a limit that cannot be parsed, uses an unknown name, or
  /// itself.
  Result<void> describe(const Json& values, const std::map<std::string, std::string>& limits);

  /// Nothing if all constraints on the configuration hold; else the first that does not, with its numbers:
  /// "peak_memory <= 20GiB (peak_memory = 31.2 GiB)". A constraint on an inactive hyperparameter holds.
  Result<std::optional<std::string>> violated(const Config& config) const;

  /// The same for the constraints on metrics and for the gates, given a trial's last metrics. A metric that is absent
  /// violates.
  Result<std::optional<std::string>> violated_by(const Config& config, const Metrics& metrics) const;

  /// All of them that do not hold, constraints first.
  Result<std::vector<std::string>> violations_by(const Config& config, const Metrics& metrics) const;

  /// The metrics that a gate asks about.
  std::set<std::string> gate_metrics() const;

  bool empty() const { return expressions_.empty() && gates_.empty(); }
  int descriptions() const {
    return descriptions_;
  }  ///< so often described: answers kept from before may be others now
  const std::vector<Expression>& expressions() const { return expressions_; }
  const std::vector<Expression>& gates() const { return gates_; }

 private:
  bool is_about_metric(const Expression& expression) const;
  bool is_parameter(std::string_view name) const;
  Result<void> check_limit(const std::string& name, int depth) const;

  std::vector<Expression> expressions_, gates_;
  std::vector<std::string> parameters_;  ///< names of hyperparameters and mixture weights, sorted
  std::map<std::string, Value> constants_;
  std::map<std::string, Expression> limits_;
  int descriptions_ = 0;

  friend class ConstraintLookup;
};

}  // namespace pegbox
