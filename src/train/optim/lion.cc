// Lion: see lion.h. w -= rate * (sign(beta1 * m + (1 - beta1) * g) + decay * w); m = beta2 * m + (1 - beta2) * g.
#include "train/optim/lion.h"

#include "train/optim/moment.h"

namespace pegbox::train {

namespace {

class Lion final : public Optimizer {
 public:
  Lion(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : beta1_(config.beta1), beta2_(config.beta2) {
    for (ParameterGroup& group : group_parameters(config, parameters)) {
      std::vector<Moment> means;
      for (std::size_t i = 0; i < group.names.size(); ++i)
        means.emplace_back(config, group.values[i], group.names[i] + ".mean", DynamicRange::Signed);
      groups_.push_back({std::move(group), std::move(means)});
    }
  }

  void step(const Tensors& gradients, double learning_rate) override {
    for (Group& group : groups_) {
      const double rate = learning_rate * group.of.rate;
      for (std::size_t i = 0; i < group.means.size(); ++i) {
        const Tensor &value = group.of.values[i], &gradient = gradients[group.of.indices[i]];
        const Tensor mean = group.means[i].values(), update = mean.lerp(gradient, 1 - beta1_).sign_();
        if (group.of.decay != 0) value.mul_(1 - rate * group.of.decay);
        value.add_(update, -rate);
        mean.lerp_(gradient, 1 - beta2_);
        group.means[i].keep(mean);
      }
    }
  }

  NamedTensors state() override {
    NamedTensors state;
    for (const Group& group : groups_)
      for (const Moment& mean : group.means) mean.add_to(state);
    return state;
  }

 private:
  struct Group {
    ParameterGroup of;
    std::vector<Moment> means;
  };

  double beta1_, beta2_;
  std::vector<Group> groups_;
};

}  // namespace

std::unique_ptr<Optimizer> make_lion(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return std::make_unique<Lion>(config, parameters);
}

}  // namespace pegbox::train
