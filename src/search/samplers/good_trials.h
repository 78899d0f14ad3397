// Good trials: which of the trials so far are the ones to be like, and how much each counts.
#pragma once

#include <vector>

#include "search/samplers/observations.h"

namespace pegbox {

struct GoodTrials {
  std::vector<std::size_t> places;  ///< in `measured`, best first
  std::vector<double> weights;      ///< with mean 1
};

/// At most `count` of the trials that violate no constraint and have a finite loss in every objective. One objective:
/// those with the lowest losses, weighted by what they are better than the best that is not among them (expected
/// improvement; Watanabe, arXiv 2304.11127, section 3.2). Several: by fronts; of the front that does not fit whole,
/// those that add most to the hypervolume (Ozaki et al., "Multiobjective tree-structured Parzen estimator", JAIR 73
/// (2022)), weighted by what each adds to it.
GoodTrials choose_good(const std::vector<Measured>& measured, std::size_t count);

}  // namespace pegbox
