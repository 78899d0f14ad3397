// TrustRegion: the part of a large space in which a search looks, which grows with success and shrinks without.
//
// Where there are many dimensions, a model that asks about the whole space asks about its corners. TuRBO keeps to a box
// around the best trial: Eriksson, Pearce, Gardner, Turner, Poloczek, "Scalable global optimization via local Bayesian
// optimization", NeurIPS 2019 (arXiv 1910.01739). Its side doubles after 3 improvements in a row and halves after d (at
// least 4) trials in a row without; below 2^-7 it is given up, and the search starts anew as if there had been no
// trials. The sides of axes differ as the model's length scales do, at equal volume.
//
// All of it is a fold over the measured trials in the order of their numbers, so a study that goes on has it as well.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "math/minimize.h"
#include "search/space.h"

namespace pegbox {

struct TrustRegion {
  std::int64_t first_trial = 0;        ///< with which it began
  std::optional<std::int64_t> center;  ///< its best trial; nothing if none has a finite loss
  double side = 0.8;                   ///< as a part of an axis
};

struct TrialLoss {
  std::int64_t trial = 0;
  double loss = 0;
};

/// The region after these trials, by number. `initial`: trials of a region's design, after which it is judged.
TrustRegion follow_region(std::span<const TrialLoss> losses, int dimensions, std::int64_t initial);

/// The region as a box of the unit cube around `center`: sides by length scale; whole axes where there is no distance
/// (categories) or the center is inactive.
math::Box box_of(const TrustRegion& region, const Space& space, const UnitPoint& center,
                 std::span<const double> length_scales);

}  // namespace pegbox
