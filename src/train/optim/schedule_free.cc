// Schedule-free AdamW: see schedule_free.h. r = rate sqrt(1 - beta2^k); c = r_max² / sum of r_max²; d = g / (sqrt(v) +
// epsilon) + decay y; z -= r d; x = (1 - c) x + c z. x is not kept: it follows from y and z.
#include "train/optim/schedule_free.h"

#include <ATen/ops/_foreach_add.h>
#include <ATen/ops/_foreach_addcmul.h>
#include <ATen/ops/_foreach_div.h>
#include <ATen/ops/_foreach_lerp.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_sqrt.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

namespace pegbox::train {

namespace {

class ScheduleFree final : public Optimizer {
 public:
  ScheduleFree(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : beta1_(config.beta1),
        beta2_(config.beta2),
        epsilon_(config.epsilon),
        count_(parameters.size()),
        steps_(at::zeros({}, at::kDouble)),
        largest_rate_(at::zeros({}, at::kDouble)),
        weights_(at::zeros({}, at::kDouble)) {
    for (ParameterGroup& group : group_parameters(config, parameters)) {
      Tensors fast, squares = group.zeros();
      for (const Tensor& value : group.values) fast.push_back(value.clone());
      groups_.push_back({std::move(group), std::move(fast), std::move(squares)});
    }
  }

  void step(const Tensors& gradients, double learning_rate) override {
    steps_.add_(1);
    const double bias = std::sqrt(1 - std::pow(beta2_, steps_.item<double>()));
    const double largest = std::max(largest_rate_.item<double>(), learning_rate * bias);
    largest_rate_.fill_(largest);
    weights_.add_(largest * largest);
    const double sum = weights_.item<double>(), part = sum > 0 ? largest * largest / sum : 0;
    for (const Group& group : groups_) {
      const Tensors own = group.of.pick(gradients);
      const double rate = learning_rate * bias * group.of.rate;
      at::_foreach_mul_(group.squares, beta2_);
      at::_foreach_addcmul_(group.squares, own, own, 1 - beta2_);
      Tensors roots = at::_foreach_sqrt(group.squares);
      at::_foreach_add_(roots, epsilon_);
      Tensors update = at::_foreach_div(own, roots);
      if (group.of.decay != 0) at::_foreach_add_(update, group.of.values, group.of.decay);
      at::_foreach_lerp_(group.of.values, group.fast, part);
      at::_foreach_add_(group.of.values, update, rate * (beta1_ * (1 - part) - 1));
      at::_foreach_add_(group.fast, update, -rate);
    }
  }

  NamedTensors state() override {
    NamedTensors state{{"steps", steps_}, {"largest_rate", largest_rate_}, {"weights", weights_}};
    for (const Group& group : groups_)
      for (std::size_t i = 0; i < group.fast.size(); ++i) {
        state[group.of.names[i] + ".fast"] = group.fast[i];
        state[group.of.names[i] + ".square"] = group.squares[i];
      }
    return state;
  }

  Tensors averages() const override {
    Tensors averages(count_);
    for (const Group& group : groups_)
      for (std::size_t i = 0; i < group.fast.size(); ++i)
        averages[group.of.indices[i]] = group.of.values[i].lerp(group.fast[i], 1 - 1 / beta1_);
    return averages;
  }

 private:
  struct Group {
    ParameterGroup of;      // its values are y
    Tensors fast, squares;  // z and v
  };

  double beta1_, beta2_, epsilon_;
  std::size_t count_;
  Tensor steps_, largest_rate_, weights_;
  std::vector<Group> groups_;
};

}  // namespace

std::unique_ptr<Optimizer> make_schedule_free(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return std::make_unique<ScheduleFree>(config, parameters);
}

}  // namespace pegbox::train
