// EarlierModels: the models of a history's earlier studies, one of each loss, made once for each state of the study
// file.
#pragma once

#include <vector>

#include "search/history.h"
#include "search/samplers/shifted_process.h"
#include "search/samplers/surrogate.h"

namespace pegbox {

class EarlierModels {
 public:
  /// `version`: of the study file; another one makes new models.
  Result<void> update(const History& history, std::uint64_t version);

  /// Of each loss that the models see: one for each objective, or the one by `weights`. Empty where no source says
  /// anything.
  Result<std::vector<SourceModels>> of(const History& history, std::span<const double> weights) const;

  bool any() const { return any_; }

 private:
  static Result<SourceModels> fit(const History& history, std::size_t objective, std::span<const double> weights);

  std::vector<SourceModels> of_objectives_;  ///< [k][sources]
  std::uint64_t version_ = 0;
  bool made_ = false, any_ = false;
};

/// What the sources expect of the losses of `evidence`, by how well they agree with it.
void expect_from_sources(const std::vector<SourceModels>& models, Evidence& evidence);

}  // namespace pegbox
