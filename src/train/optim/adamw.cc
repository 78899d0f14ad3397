// AdamW: see adamw.h. w -= rate * decay * w; m, v: decayed means of g, g²; w -= rate * m̂ / (sqrt(v̂) + epsilon).
#include "train/optim/adamw.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

namespace pegbox::train {

namespace {

class AdamW final : public Optimizer {
 public:
  AdamW(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : beta1_(config.beta1), beta2_(config.beta2), epsilon_(config.epsilon), steps_(at::zeros({}, at::kFloat)) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Group& group = parameters[i].decay ? decayed_ : plain_;
      group.indices.push_back(i);
      group.names.push_back(parameters[i].name);
      group.values.push_back(parameters[i].value.detach());
      group.means.push_back(at::zeros_like(parameters[i].value));
      group.squares.push_back(at::zeros_like(parameters[i].value));
    }
    decayed_.decay = config.weight_decay;
  }

  void step(const Tensors& gradients, double learning_rate) override {
    steps_.add_(1);
    for (Group* const group : {&decayed_, &plain_}) {
      if (group->values.empty()) continue;
      Tensors own;
      for (const std::size_t i : group->indices) own.push_back(gradients[i]);
      const Tensors steps(own.size(), steps_);
      at::_fused_adamw_(group->values, own, group->means, group->squares, {}, steps, learning_rate, beta1_, beta2_,
                        group->decay, epsilon_, /*amsgrad=*/false, /*maximize=*/false);
    }
  }

  NamedTensors state() override {
    NamedTensors state{{"steps", steps_}};
    for (const Group* const group : {&decayed_, &plain_})
      for (std::size_t i = 0; i < group->names.size(); ++i) {
        state[group->names[i] + ".mean"] = group->means[i];
        state[group->names[i] + ".square"] = group->squares[i];
      }
    return state;
  }

 private:
  struct Group {
    std::vector<std::size_t> indices;
    std::vector<std::string> names;
    Tensors values, means, squares;
    double decay = 0;
  };

  double beta1_, beta2_, epsilon_;
  Tensor steps_;  // taken so far; a float, as the fused kernel wants it, exact up to 2^24
  Group decayed_, plain_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return std::make_unique<AdamW>(config, parameters);
}

}  // namespace pegbox::train
