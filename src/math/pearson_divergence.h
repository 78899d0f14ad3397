// Pearson divergence between two densities on a grid: what PED-ANOVA measures of one hyperparameter.
//
// Watanabe, Bansal, Hutter, "PED-ANOVA: efficiently quantifying hyperparameter importance in arbitrary subspaces",
// IJCAI 2023 (arXiv 2304.10255). The density of the top trials and that of all trials are Parzen estimators on the
// hyperparameter's grid, with Scott's rule for the width as Optuna has it; their divergence
//
//   sum over the grid of p_all (p_top / p_all - 1)^2
//
// is proportional to the variance that the hyperparameter alone has in being among the top.
#pragma once

#include <span>

namespace pegbox::math {

/// Of counts of trials [cells], those of `top` among those of `all`; each with at least one trial. Cells of a number
/// are neighbours of each other, those of a choice are not.
double pearson_divergence(std::span<const int> top, std::span<const int> all, bool is_choice);

}  // namespace pegbox::math
