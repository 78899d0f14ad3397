// AdaptedModel: see adapted_model.h.
#include "app/trainer/adapted_model.h"

#include "train/guard.h"
#include "train/method/adapter_files.h"

namespace pegbox::trainer {

Result<AdaptedModel> AdaptedModel::load(const Settings& settings) {
  if (settings.model.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "config", .what = "model is missing", .expected = "the folder of a model"});
  auto storage = train::BaseStorage::Fp32;
  train::ClassNames classes;
  if (!settings.adapter.empty()) {
    PEGBOX_TRY(storage, train::base_storage_of(settings.adapter));
    PEGBOX_TRY(classes, train::base_labels_of(settings.adapter));
  }
  PEGBOX_TRY(train::BaseModel base, train::load_model(settings.model, storage, classes));
  return of(std::move(base), settings.adapter);
}

Result<AdaptedModel> AdaptedModel::of(train::BaseModel base, const Path& adapter) {
  AdaptedModel model;
  model.base_ = std::make_unique<train::BaseModel>(std::move(base));
  if (adapter.empty()) {
    model.network_ =
        std::make_unique<train::PlainNetwork>(model.decoder().layout(), model.base_->weights, model.base_->nf4);
    return model;
  }
  PEGBOX_TRY(model.adapter_, train::load_adapter(adapter, *model.base_));
  model.network_ = model.adapter_->method->network(model.adapter_->values);
  return model;
}

Result<train::Evaluation> AdaptedModel::evaluate(const text::TokenizedRows& rows, train::Lanes& lanes,
                                                 std::int64_t batch_tokens, std::int64_t most_tokens) const {
  return train::guard("evaluation", [&]() -> Result<train::Evaluation> {
    return train::evaluate(decoder(), network(), {rows, most_tokens}, lanes, batch_tokens);
  });
}

Result<std::vector<train::Evaluation>> AdaptedModel::evaluate_each(const text::TokenizedRows& rows, train::Lanes& lanes,
                                                                   std::int64_t batch_tokens) const {
  return train::guard("evaluation", [&]() -> Result<std::vector<train::Evaluation>> {
    return train::evaluate_each(decoder(), network(), rows, lanes, batch_tokens);
  });
}

Result<void> AdaptedModel::save_merged(const Path& folder) const {
  return train::guard("merge", [&]() -> Result<void> {
    train::Weights weights = base_->weights;
    if (adapter_) {
      PEGBOX_TRY(weights, adapter_->method->merged(adapter_->values));
    }
    return train::save_model(folder, decoder().config(), decoder().layout(), weights);
  });
}

}  // namespace pegbox::trainer
