// Transfer: what a study file says of the earlier studies that the study starts from.
//
//   transfer: [small, {study: other-data, store: sqlite:old.db, shift: {learning_rate: 0.3}}]
//
// Their observations are read once, when the study is created, and become events of its own log (event::SourceAdded):
// decisions are functions of (log, seed), and an earlier study may be deleted later.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/document.h"
#include "search/published_law.h"
#include "search/space.h"

namespace pegbox {

struct EarlierStudy {
  std::string study;
  std::string store;  ///< "sqlite:FILE"; empty: the one that the new study is in

  /// By hyperparameter: its values there, times this, are worth as much here. What is not named follows the laws in the
  /// priors of both studies (samplers/source_mapping.h), or stands as it is.
  std::map<std::string, double> shift;

  /// Of the earlier study's runs, for laws: where it was made without a prior that says them.
  std::optional<RunFacts> facts;
};

/// Reads `transfer:`: a name, or {study, store, shift, and facts of its runs}, or a list of these. InvalidInput for a
/// shift of an unknown hyperparameter, or one that is no number above 0.
Result<std::vector<EarlierStudy>> read_transfer(const Node& node, const Space& space);

Json transfer_schema();

}  // namespace pegbox
