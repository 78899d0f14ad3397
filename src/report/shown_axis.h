// ShownAxis: one hyperparameter along an axis of a drawing.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "search/space.h"

namespace pegbox {

struct ShownAxis {
  std::string name;                                    ///< of the value in a configuration
  std::vector<std::pair<double, std::string>> labels;  ///< place in [0, 1], value there

  /// Those of all hyperparameters that vary; a simplex has one for each component.
  static std::vector<ShownAxis> of(const Space& space);

  /// Where a configuration lies; nothing where the hyperparameter is inactive or has a value that the space lacks.
  std::optional<double> place(const Space& space, const Config& config) const;

 private:
  std::size_t axis_ = 0;   // of the unit cube
  bool is_share_ = false;  // a simplex's component: its value is its place
};

}  // namespace pegbox
