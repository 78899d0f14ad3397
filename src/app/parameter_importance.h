// ParameterImportance: which hyperparameters decided the loss of a study's trials, and how much.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "search/history.h"

namespace pegbox {

struct ImportanceShare {
  std::string parameter;
  double share = 0;  ///< of the loss's variance over the space that the parameter explains alone
};

struct ParameterImportance {
  std::vector<ImportanceShare> shares;  ///< the largest first
  double interaction_share = 0;         ///< what only several parameters together explain
};

/// Of the first objective: first-order functional ANOVA (see math/importance.h) of a Gaussian process that is fitted to
/// the trials' losses, carried to full length and with bad ones squeezed, over the whole space. InvalidInput with fewer
/// than 4 trials that have a loss, or a space without an axis.
Result<ParameterImportance> parameter_importance(const History& history);

}  // namespace pegbox
