// SGD: see sgd.h. g += decay * w; b = momentum * b + g; w -= rate * (nesterov ? g + momentum * b : b).
#include "train/optim/sgd.h"

#include <ATen/ops/_fused_sgd.h>

#include "train/optim/moment.h"

namespace pegbox::train {

namespace {

class Sgd final : public Optimizer {
 public:
  Sgd(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : momentum_(config.momentum), nesterov_(config.nesterov && config.momentum > 0) {
    for (ParameterGroup& group : group_parameters(config, parameters)) {
      std::vector<Moment> momenta;
      for (std::size_t i = 0; momentum_ > 0 && i < group.names.size(); ++i)
        momenta.emplace_back(config, group.values[i], group.names[i] + ".momentum", DynamicRange::Signed);
      groups_.push_back({std::move(group), std::move(momenta)});
    }
  }

  void step(const Tensors& gradients, double learning_rate) override {
    for (Group& group : groups_)
      for (std::size_t i = 0; i < group.of.values.size(); ++i) {
        const Tensors momentum = momentum_ > 0 ? Tensors{group.momenta[i].values()} : Tensors();
        at::_fused_sgd_(group.of.values[i], gradients[group.of.indices[i]], momentum, group.of.decay, momentum_,
                        learning_rate * group.of.rate, /*dampening=*/0, nesterov_, /*maximize=*/false,
                        /*is_first_step=*/false);
        if (momentum_ > 0) group.momenta[i].keep(momentum[0]);
      }
  }

  NamedTensors state() override {
    NamedTensors state;
    for (const Group& group : groups_)
      for (const Moment& momentum : group.momenta) momentum.add_to(state);
    return state;
  }

 private:
  struct Group {
    ParameterGroup of;
    std::vector<Moment> momenta;
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
