// Learner: see learner.h.
#include "train/learner.h"

#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "train/classes.h"
#include "train/method/first_values.h"
#include "train/model/initialize.h"
#include "train/ops/loss.h"

namespace pegbox::train {

namespace {

kernels::DivergenceKind divergence_of(const TrainConfig& config) {
  const auto found = std::ranges::find(kernels::kDivergenceNames, config.distill_divergence);
  return {.divergence = static_cast<kernels::Divergence>(found - kernels::kDivergenceNames.begin()),
          .beta = static_cast<float>(config.distill_beta),
          .temperature = static_cast<float>(config.distill_temperature)};
}

}  // namespace

Result<std::unique_ptr<Learner>> Learner::create(const BaseModel& model, const TrainConfig& config,
                                                 const text::TokenizedRows& rows) {
  std::unique_ptr<Learner> learner(new Learner(model, config, rows));
  PEGBOX_TRY(learner->method_, make_method(config, model));
  if (!config.start_adapter.empty()) {
    PEGBOX_TRY(learner->first_values_, first_values(config.start_adapter, *learner->method_, model));
  }
  return learner;
}

void Learner::begin(int lanes) {
  parameters_ = method_->initial_parameters(static_cast<std::uint64_t>(config_.seed));
  if (model_.weights.empty()) set_initial_weights();
  for (std::size_t i = 0; i < first_values_.size(); ++i) parameters_[i].value.copy_(first_values_[i]);
  first_values_.clear();
  if (config_.class_weights == "balanced")
    class_weights_ = class_weights(rows_, static_cast<std::int64_t>(decoder().config().labels.size()),
                                   config_.class_weight_strength);
  complete_parameters(config_, decoder().layout(), parameters_);
  for (int lane = 0; lane < lanes; ++lane) {
    Lane state;
    for (const Parameter& parameter : parameters_)
      state.leaves.push_back(parameter.value.detach().set_requires_grad(true));
    state.network = method_->network(state.leaves);
    lanes_.push_back(std::move(state));
  }
}

/// A method starts from the usual weights; here they become those that the config asks for.
void Learner::set_initial_weights() {
  const Weights weights =
      initialize_weights(decoder().config(), decoder().layout(), static_cast<std::uint64_t>(config_.seed),
                         {config_.initialization, config_.initial_deviation, Parametrization::of(config_)});
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].value.copy_(weights[i]);
}

Tensor Learner::loss(const Network& network, const Tensor& hidden, const Tensor& labels, std::int64_t label_tokens,
                     SoftLabelRows taught) const {
  LossKind kind{.terms = {static_cast<float>(config_.label_smoothing), static_cast<float>(config_.z_loss)},
                .logit_cap = decoder().config().logit_cap,
                .row_weights = class_weights_.defined() ? class_weights_.index_select(0, labels) : Tensor()};
  if (!taught.empty()) {
    kind.teacher = {std::move(taught), config_.distill_weight, divergence_of(config_)};
    kind.terms.label = static_cast<float>(1 - config_.distill_weight);
  }
  return label_loss(hidden, network.weight(decoder().layout().head), labels, 1.0 / static_cast<double>(label_tokens),
                    kind);
}

void Learner::forget_gradients() {
  for (Lane& lane : lanes_)
    for (Tensor& leaf : lane.leaves) leaf.mutable_grad().reset();
}

Tensors Learner::summed_gradients() {
  Tensors sums;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor sum;
    for (const Lane& lane : lanes_) {
      const Tensor& gradient = lane.leaves[i].grad();
      if (!gradient.defined()) continue;
      if (sum.defined())
        sum.add_(gradient);
      else
        sum = gradient;
    }
    sums.push_back(sum.defined() ? sum : at::zeros_like(parameters_[i].value));
  }
  return sums;
}

std::int64_t Learner::gradient_bytes() const {
  std::int64_t sum = 0;
  for (const Lane& lane : lanes_)
    for (const Tensor& leaf : lane.leaves)
      if (leaf.grad().defined()) sum += static_cast<std::int64_t>(leaf.grad().nbytes());
  return sum;
}

}  // namespace pegbox::train
