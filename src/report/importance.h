// Importance: which hyperparameters decided a metric of a study's trials, how much, and where they do not matter.
//
// Two methods answer two questions. fANOVA (math/fanova.h): how much of the metric's variance over the whole space a
// hyperparameter explains, alone and together with another. PED-ANOVA (math/pearson_divergence.h): how much it tells
// the best tenth of the trials from all of them. Conditional hyperparameters are in both: over the whole space one that
// is often inactive explains little; PED-ANOVA weighs each by how often it is active, as Optuna does ("Conditional
// PED-ANOVA: hyperparameter importance in hierarchical & dynamic search spaces", arXiv 2601.20800).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "math/statistics.h"
#include "report/cube_points.h"
#include "report/metric_values.h"

namespace pegbox {

enum class ImportanceMethod : std::uint8_t { Fanova, PedAnova };
std::string_view name_of(ImportanceMethod method);  ///< "fanova", "ped-anova"

struct ImportanceOptions {
  ImportanceMethod method = ImportanceMethod::Fanova;
  Coordinates coordinates = Coordinates::Cube;  ///< of fANOVA
  int trees = 64;                               ///< of fANOVA
  std::uint64_t seed = 0;
  int threads = 1;
};

/// What the metric is at one value of a hyperparameter, on average over all others.
struct MarginalPoint {
  std::string value;  ///< "0.0003"
  double mean = 0;
  math::Interval interval;  ///< the middle 95 % of the trees
};

struct ParameterImportance {
  std::string parameter;
  double share = 0;         ///< fANOVA: of the variance; PED-ANOVA: of all divergences, so that shares sum to 1
  math::Interval interval;  ///< of the share, 95 %: over trees, or over bootstraps of the trials
  double divergence = 0;    ///< PED-ANOVA: what shares are parts of
  std::vector<MarginalPoint> marginal;  ///< fANOVA, of a hyperparameter with one axis: along the axis
  std::string flat_from, flat_to;       ///< the values around the best one between which the metric hardly changes
  std::string best;                     ///< the best of `marginal`
};

struct Interaction {
  std::string first, second;
  double share = 0;
  math::Interval interval;
};

struct MetricImportance {
  std::string metric;
  ImportanceMethod method = ImportanceMethod::Fanova;
  std::int64_t step = 0;                        ///< as MetricValues has it
  std::int64_t trials = 0;                      ///< that were used
  std::vector<ParameterImportance> parameters;  ///< the largest share first; constant ones are not among them
  std::vector<Interaction> interactions;        ///< of fANOVA, the largest first
};

inline constexpr std::int64_t kFewestForImportance = 4;

/// Of trials that the space contains. InvalidInput, saying why, with fewer than kFewestForImportance of them, values
/// that are all equal, or a space in which nothing varies.
Result<MetricImportance> importance_of(const History& history, const MetricValues& metric,
                                       const ImportanceOptions& options);

/// A sentence for each hyperparameter, and one for each interaction of at least 5 %.
std::vector<std::string> in_words(const MetricImportance& importance);

Json to_json(const MetricImportance& importance);

}  // namespace pegbox
