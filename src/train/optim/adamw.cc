// AdamW: see adamw.h. w -= rate * decay * w; m, v: decayed means of g, g²; w -= rate * m̂ / (sqrt(v̂) + epsilon).
#include "train/optim/adamw.h"

#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/zeros.h>

#include "train/optim/moment.h"

namespace pegbox::train {

namespace {

class AdamW final : public Optimizer {
 public:
  AdamW(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : beta1_(config.beta1), beta2_(config.beta2), epsilon_(config.epsilon), steps_(at::zeros({}, at::kFloat)) {
    for (ParameterGroup& group : group_parameters(config, parameters)) {
      std::vector<Moment> means, squares;
      for (std::size_t i = 0; i < group.names.size(); ++i) {
        means.emplace_back(config, group.values[i], group.names[i] + ".mean", DynamicRange::Signed);
        squares.emplace_back(config, group.values[i], group.names[i] + ".square", DynamicRange::Positive);
      }
      groups_.push_back({std::move(group), std::move(means), std::move(squares)});
    }
  }

  void step(const Tensors& gradients, double learning_rate) override {
    steps_.add_(1);
    for (Group& group : groups_)
      for (std::size_t i = 0; i < group.means.size(); ++i) {
        const Tensor mean = group.means[i].values(), square = group.squares[i].values();
        at::_fused_adamw_(group.of.values[i], gradients[group.of.indices[i]], mean, square, {}, steps_,
                          learning_rate * group.of.rate, beta1_, beta2_, group.of.decay, epsilon_, /*amsgrad=*/false,
                          /*maximize=*/false);
        group.means[i].keep(mean);
        group.squares[i].keep(square);
      }
  }

  NamedTensors state() override {
    NamedTensors state{{"steps", steps_}};
    for (const Group& group : groups_)
      for (std::size_t i = 0; i < group.means.size(); ++i) {
        group.means[i].add_to(state);
        group.squares[i].add_to(state);
      }
    return state;
  }

 private:
  struct Group {
    ParameterGroup of;
    std::vector<Moment> means, squares;
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
