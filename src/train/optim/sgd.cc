// SGD: see sgd.h. g += decay * w; b = momentum * b + g; w -= rate * (nesterov ? g + momentum * b : b).
#include "train/optim/sgd.h"

#include <ATen/ops/_fused_sgd.h>

namespace pegbox::train {

namespace {

class Sgd final : public Optimizer {
 public:
  Sgd(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : momentum_(config.momentum), nesterov_(config.nesterov && config.momentum > 0) {
    for (ParameterGroup& group : group_parameters(config, parameters)) {
      Tensors momenta = momentum_ > 0 ? group.zeros() : Tensors();
      groups_.push_back({std::move(group), std::move(momenta)});
    }
  }

  void step(const Tensors& gradients, double learning_rate) override {
    for (const Group& group : groups_)
      at::_fused_sgd_(group.of.values, group.of.pick(gradients), group.momenta, group.of.decay, momentum_,
                      learning_rate * group.of.rate, /*dampening=*/0, nesterov_, /*maximize=*/false,
                      /*is_first_step=*/false);
  }

  NamedTensors state() override {
    NamedTensors state;
    for (const Group& group : groups_)
      for (std::size_t i = 0; i < group.momenta.size(); ++i) state[group.of.names[i] + ".momentum"] = group.momenta[i];
    return state;
  }

 private:
  struct Group {
    ParameterGroup of;
    Tensors momenta;
  };

  double momentum_;
  bool nesterov_;
  std::vector<Group> groups_;
};

}  // namespace

std::unique_ptr<Optimizer> make_sgd(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return std::make_unique<Sgd>(config, parameters);
}

}  // namespace pegbox::train
