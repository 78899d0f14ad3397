// Lattice: all configurations of a space whose continuous axes are taken at a few places, in the order of nested loops.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/space.h"

namespace pegbox {

/// Points of the unit cube, one for each configuration.
struct Lattice {
  std::size_t dimensions = 0;
  std::size_t size = 0;
  std::vector<double> at;  ///< [size, dimensions]

  std::span<const double> point(std::size_t index) const;
};

/// Every configuration once: all values of countable axes, `points` places from end to end of continuous ones (one:
/// the middle). Axes that a condition switches off are not multiplied. The last parameter of the file varies fastest;
/// a parameter that others depend on comes before them. InvalidInput if there are more than `limit`.
Result<Lattice> make_lattice(const Space& space, std::int64_t points, std::size_t limit);

}  // namespace pegbox
