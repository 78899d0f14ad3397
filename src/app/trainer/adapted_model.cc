// AdaptedModel: see adapted_model.h.
#include "app/trainer/adapted_model.h"

#include "train/guard.h"

namespace pegbox::trainer {

Result<AdaptedModel> AdaptedModel::load(const Settings& settings) {
  if (settings.model.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "config", .what = "model is missing", .expected = "the folder of a model"});
  AdaptedModel model;
  PEGBOX_TRY(model.base_, train::load_model(settings.model));
  if (settings.adapter.empty()) {
    model.network_ = std::make_unique<train::PlainNetwork>(model.decoder().layout(), model.base_.weights);
    return model;
  }
  PEGBOX_TRY(train::Adapter adapter, train::load_adapter(settings.adapter, model.decoder()));
  model.network_ = std::make_unique<train::LoraNetwork>(model.decoder().layout(), model.base_.weights,
                                                        adapter.plan.factors(adapter.values), 0.0);
  model.adapter_ = std::move(adapter);
  return model;
}

Result<train::Evaluation> AdaptedModel::evaluate(const text::TokenizedRows& rows, train::Lanes& lanes,
                                                 std::int64_t batch_tokens, std::int64_t most_tokens) const {
  return train::guard("evaluation", [&]() -> Result<train::Evaluation> {
    return train::evaluate(decoder(), network(), rows, lanes, batch_tokens, most_tokens);
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
    const train::Weights weights = adapter_ ? train::merge_adapter(decoder(), base_.weights, *adapter_) : base_.weights;
    return train::save_model(folder, decoder().config(), decoder().layout(), weights);
  });
}

}  // namespace pegbox::trainer
