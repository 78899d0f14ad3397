// EarlierModels: the models of a history's earlier studies.
#include "search/samplers/source_models.h"

#include <algorithm>

namespace pegbox {
namespace {

bool says_anything(const SourceModels& models) {
  return std::ranges::any_of(models, [](const auto& model) { return model != nullptr; });
}

}  // namespace

Result<SourceModels> EarlierModels::fit(const History& history, std::size_t objective,
                                        std::span<const double> weights) {
  SourceModels models;
  for (const event::SourceAdded& source : history.sources) {
    PEGBOX_TRY(auto model, SourceModel::fit(history.spec.space, source, history.spec.objectives, objective, weights));
    models.push_back(model ? std::make_shared<const SourceModel>(*std::move(model)) : nullptr);
  }
  return models;
}

Result<void> EarlierModels::update(const History& history, std::uint64_t version) {
  if (made_ && version == version_) return {};
  of_objectives_.clear();
  any_ = false;
  for (std::size_t k = 0; k < history.spec.objectives.size(); ++k) {
    PEGBOX_TRY(auto models, fit(history, k, {}));
    any_ = any_ || says_anything(models);
    of_objectives_.push_back(std::move(models));
  }
  version_ = version;
  made_ = true;
  return {};
}

Result<std::vector<SourceModels>> EarlierModels::of(const History& history, std::span<const double> weights) const {
  if (weights.empty() || !any_) return of_objectives_;
  PEGBOX_TRY(auto models, fit(history, 0, weights));
  return std::vector<SourceModels>{std::move(models)};
}

void expect_from_sources(const std::vector<SourceModels>& models, Evidence& evidence) {
  for (std::size_t k = 0; k < std::min(models.size(), evidence.targets.size()); ++k) {
    PriorMean prior;
    if (says_anything(models[k]) && !evidence.targets[k].empty()) {
      prior.at =
          std::make_shared<const TransferMean>(TransferMean::learn(models[k], evidence.points, evidence.targets[k]));
      prior.values = prior.at->values(evidence.points);
    }
    evidence.priors.push_back(std::move(prior));
  }
}

}  // namespace pegbox
