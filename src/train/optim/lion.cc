// Lion: see lion.h. w -= rate * (sign(beta1 * m + (1 - beta1) * g) + decay * w); m = beta2 * m + (1 - beta2) * g.
#include "train/optim/lion.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sign.h>

namespace pegbox::train {

namespace {

class Lion final : public Optimizer {
 public:
  Lion(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : beta1_(config.beta1), beta2_(config.beta2) {
    for (ParameterGroup& group : group_parameters(config, parameters)) {
      Tensors means = group.zeros();
      groups_.push_back({std::move(group), std::move(means)});
    }
  }

  void step(const Tensors& gradients, double learning_rate) override {
    for (const Group& group : groups_) {
      const Tensors own = group.of.pick(gradients);
      const double rate = learning_rate * group.of.rate;
      Tensors update = at::_foreach_lerp(group.means, own, 1 - beta1_);
      at::_foreach_sign_(update);
      if (group.of.decay != 0) at::_foreach_mul_(group.of.values, 1 - rate * group.of.decay);
      at::_foreach_add_(group.of.values, update, -rate);
      at::_foreach_lerp_(group.means, own, 1 - beta2_);
    }
  }

  NamedTensors state() override {
    NamedTensors state;
    for (const Group& group : groups_)
      for (std::size_t i = 0; i < group.means.size(); ++i) state[group.of.names[i] + ".mean"] = group.means[i];
    return state;
  }

 private:
  struct Group {
    ParameterGroup of;
    Tensors means;
  };

  double beta1_, beta2_;
  std::vector<Group> groups_;
};

}  // namespace

std::unique_ptr<Optimizer> make_lion(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return std::make_unique<Lion>(config, parameters);
}

}  // namespace pegbox::train
