// AdaptedModel: a model folder, with an adapter on it or without, ready to be asked.
#pragma once

#include <memory>
#include <optional>

#include "app/trainer/settings.h"
#include "base/result.h"
#include "train/evaluate.h"
#include "train/method/method.h"
#include "train/model/model_files.h"

namespace pegbox::trainer {

/// A model as it is asked: of a folder, or of a run.
struct AskedModel {
  const train::Decoder& decoder;
  const train::Network& network;
  std::int64_t adapter_bytes = 0;
  /// Tokens of the longest text that its positions have room for.
  std::int64_t longest_text() const { return decoder.config().positions - network.virtual_tokens(); }
};

class AdaptedModel {
 public:
  /// The settings' `model` and, if named, `adapter`.
  static Result<AdaptedModel> load(const Settings& settings);

  /// A model, with the adapter of a folder on it; empty: as it is.
  static Result<AdaptedModel> of(train::BaseModel base, const Path& adapter);

  const train::BaseModel& base() const { return *base_; }
  const train::Decoder& decoder() const { return *base_->decoder; }
  const train::Network& network() const { return *network_; }
  AskedModel asked() const { return {decoder(), network(), adapter_bytes()}; }
  Result<train::Evaluation> evaluate(const text::TokenizedRows& rows, train::Lanes& lanes, std::int64_t batch_tokens,
                                     std::int64_t most_tokens) const;
  /// Of each text apart, as train::evaluate_each.
  Result<std::vector<train::Evaluation>> evaluate_each(const text::TokenizedRows& rows, train::Lanes& lanes,
                                                       std::int64_t batch_tokens) const;
  std::int64_t adapter_bytes() const { return adapter_ ? train::bytes_of(adapter_->values) : 0; }
  /// A model folder in which the adapter is part of the weights.
  Result<void> save_merged(const Path& folder) const;

 private:
  std::unique_ptr<train::BaseModel> base_;  // stays where it is, since adapter and network refer to it
  std::optional<train::Adapter> adapter_;
  std::unique_ptr<train::Network> network_;
};

}  // namespace pegbox::trainer
