// Good trials: which of the trials so far are the ones to be like, and how much each counts.
#pragma once

#include <cstdint>
#include <functional>
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

/// Makes the best trial of each value good, with weight 1, where none of that value is. For parameters on which others
/// depend: a branch whose settings are not found yet would else be given up for one that is easy. `value_of`: of a
/// trial; below 0: none. Several objectives are compared by ParEGO's function with equal weights (evidence.h).
void keep_best_of_each(const std::vector<Measured>& measured, const std::function<float(std::int64_t trial)>& value_of,
                       GoodTrials& good);

}  // namespace pegbox
