// CubePoints: configurations as the points of a forest, hyperparameter by hyperparameter.
#pragma once

#include <string>
#include <vector>

#include "math/regression_forest.h"
#include "search/space.h"

namespace pegbox {

/// In which coordinates variance is measured.
enum class Coordinates : std::uint8_t {
  Cube,    ///< the space's own: log scales in the logarithm, each choice as much as any other
  Optuna,  ///< those of Optuna's FanovaImportanceEvaluator: numbers by value whatever their scale, each choice an axis
           ///< of its own, conditional hyperparameters left out
};

/// The last value of a numeric hyperparameter's range that its steps reach.
double last_value(const Parameter& parameter);

struct CubePoints {
  std::vector<math::ForestAxis> axes;
  std::vector<std::string> parameters;    ///< that have an axis
  std::vector<std::vector<int>> axes_of;  ///< [parameters]

  /// The axes of a space. A choice among more than math::kMostForestChoices counts as an ordered one.
  static CubePoints of(const Space& space, Coordinates coordinates);

  /// The point of a configuration that the space contains: [axes].
  std::vector<double> point(const Space& space, const Config& config) const;

 private:
  Coordinates coordinates_ = Coordinates::Cube;
};

}  // namespace pegbox
