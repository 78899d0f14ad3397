// TrustRegion: the part of a large space in which a search looks, which grows with success and shrinks without.
//
// Where there are many dimensions, a model that asks about the whole space asks about its corners. TuRBO keeps to a box
// around the best trial: Eriksson, Pearce, Gardner, Turner, Poloczek, "Scalable global optimization via local Bayesian
// optimization", NeurIPS 2019 (arXiv 1910.01739). Its side doubles after 3 improvements in a row and halves after d (at
// least 4) trials in a row without; below 2^-7 it is given up, and the search starts anew as if there had been no
// results. The sides of axes differ as the model's length scales do, at equal volume. Categories have no sides: of
// them, as large a part may differ from the center as the side is of an axis (Wan et al., "Think global and act local",
// ICML 2021, arXiv 2102.07188).
//
// All of it is a fold over the measured trials in the order of their numbers, so a study that goes on has it as well.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "math/minimize.h"
#include "search/samplers/observations.h"
#include "search/space.h"

namespace pegbox {

struct TrustRegion {
  std::int64_t first_trial = 0;  ///< with which it began
  double side = 0.8;             ///< as a part of an axis
};

/// The region after these trials, by number. The first `initial` of a region are its design, after which it is judged.
/// A loss that is infinite or not allowed is no success.
TrustRegion follow_region(std::span<const Measured> trials, int dimensions, std::int64_t initial);

/// What is left of observations when a region begins with trial `first`: later results, and all failures.
Observations since(const Observations& all, std::int64_t first);

/// The region in the space.
struct RegionBounds {
  UnitPoint center;
  math::Box box;             ///< [d]; whole axes for categories and where the center is inactive
  int changes = 0;           ///< categories that may differ from the center's
  std::vector<bool> chosen;  ///< [d]: categories that are active at the center

  bool contains(const UnitPoint& point) const;
};

/// `log_length_scales` [d]: of the model.
RegionBounds bounds_of(const TrustRegion& region, const Space& space, const UnitPoint& center,
                       std::span<const double> log_length_scales);

}  // namespace pegbox
