// AdamW: see adamw.h. w -= rate * decay * w; m, v: decayed means of g, g²; w -= rate * m̂ / (sqrt(v̂) + epsilon).
#include "train/optim/adamw.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>

namespace pegbox::train {

namespace {

class AdamW final : public Optimizer {
 public:
  AdamW(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : beta1_(config.beta1), beta2_(config.beta2), epsilon_(config.epsilon), steps_(at::zeros({}, at::kFloat)) {
    for (ParameterGroup& group : group_parameters(config, parameters)) {
      Tensors means = group.zeros(), squares = group.zeros();
      groups_.push_back({std::move(group), std::move(means), std::move(squares)});
    }
  }

  void step(const Tensors& gradients, double learning_rate) override {
    steps_.add_(1);
    for (const Group& group : groups_) {
      const Tensors steps(group.of.values.size(), steps_);
      at::_fused_adamw_(group.of.values, group.of.pick(gradients), group.means, group.squares, {}, steps,
                        learning_rate * group.of.rate, beta1_, beta2_, group.of.decay, epsilon_, /*amsgrad=*/false,
                        /*maximize=*/false);
    }
  }

  NamedTensors state() override {
    NamedTensors state{{"steps", steps_}};
    for (const Group& group : groups_)
      for (std::size_t i = 0; i < group.means.size(); ++i) {
        state[group.of.names[i] + ".mean"] = group.means[i];
        state[group.of.names[i] + ".square"] = group.squares[i];
      }
    return state;
  }

 private:
  struct Group {
    ParameterGroup of;
    Tensors means, squares;
  };

  double beta1_, beta2_, epsilon_;
  Tensor steps_;  // taken so far; a float, as the fused kernel wants it, exact up to 2^24
  std::vector<Group> groups_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adamw(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return std::make_unique<AdamW>(config, parameters);
}

}  // namespace pegbox::train
