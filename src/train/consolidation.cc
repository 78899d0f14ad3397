// Consolidation: see consolidation.h.
#include "train/consolidation.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/zeros_like.h>

#include "text/packing.h"
#include "train/batch.h"
#include "train/ops/loss.h"

namespace pegbox::train {

namespace {

const std::string kFisher = "fisher.", kAnchor = "anchor.";

/// Leaves the gradients of a row's negative log-likelihood; its labels.
std::int64_t leave_row_gradients(Learner& learner, std::int64_t row) {
  const Decoder& decoder = learner.decoder();
  const Batch batch = to_batch(text::pack(learner.rows(), std::span(&row, 1)));
  learner.forget_gradients();
  if (batch.label_tokens() == 0) return 0;
  DropoutSource none;
  const Tensor hidden =
      decoder.hidden(learner.network(), batch, none, {}, /*all_rows=*/false, learner.config().recompute == "layers");
  const LossKind kind{.logit_cap = decoder.config().logit_cap};
  label_loss(hidden, learner.network().weight(decoder.layout().head), batch.labels, 1, kind).backward();
  return batch.label_tokens();
}

/// The tensors named `prefix` and a parameter, as copies; empty if one is missing or of another shape.
Tensors copies_named(const NamedTensors& state, const std::string& prefix, const std::vector<Parameter>& parameters) {
  Tensors copies;
  for (const Parameter& parameter : parameters) {
    const auto found = state.find(prefix + parameter.name);
    if (found == state.end() || found->second.sizes() != parameter.value.sizes()) return {};
    copies.push_back(found->second.clone());
  }
  return copies;
}

}  // namespace

void Consolidation::learn(Learner& learner, std::span<const std::int64_t> rows) {
  const std::vector<Parameter>& parameters = learner.parameters();
  double labels = 0;
  for (const std::int64_t row : rows) labels += static_cast<double>(learner.rows().label_tokens(row));
  const bool is_first = fisher_.empty();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (is_first)
      fisher_.push_back(at::zeros_like(parameters[i].value));
    else
      fisher_[i].mul_(decay_);
  }
  for (const std::int64_t row : rows) {
    if (leave_row_gradients(learner, row) == 0) continue;
    const Tensors gradients = learner.summed_gradients();
    for (std::size_t i = 0; i < gradients.size(); ++i) fisher_[i].addcmul_(gradients[i], gradients[i], 1 / labels);
  }
  learner.forget_gradients();
  anchors_.clear();
  for (const Parameter& parameter : parameters) anchors_.push_back(parameter.value.clone());
}

void Consolidation::add_gradients(const std::vector<Parameter>& parameters, const Tensors& gradients) const {
  for (std::size_t i = 0; i < fisher_.size(); ++i)
    gradients[i].addcmul_(fisher_[i], parameters[i].value - anchors_[i], strength_);
}

NamedTensors Consolidation::state(const std::vector<Parameter>& parameters) const {
  NamedTensors state;
  for (std::size_t i = 0; i < fisher_.size(); ++i) {
    state[kFisher + parameters[i].name] = fisher_[i];
    state[kAnchor + parameters[i].name] = anchors_[i];
  }
  return state;
}

void Consolidation::restore(const NamedTensors& state, const std::vector<Parameter>& parameters) {
  fisher_ = copies_named(state, kFisher, parameters);
  anchors_ = copies_named(state, kAnchor, parameters);
  if (fisher_.empty() || anchors_.empty()) fisher_ = anchors_ = Tensors();
}

double consolidation_bytes(const TrainConfig& config, double values_bytes) {
  return config.consolidation == "ewc" ? 2 * values_bytes : 0;
}

}  // namespace pegbox::train
