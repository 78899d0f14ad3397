// Adafactor: see adafactor.h. v̂ = row * column / mean(row); u = g / sqrt(v̂), divided by its root mean square if that is
// above 1; w -= rate * (u + decay * w). The means forget with 1 - steps^-0.8.
#include "train/optim/adafactor.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

namespace pegbox::train {

namespace {

constexpr double kForgetting = -0.8, kLargestUpdate = 1.0;

class Adafactor final : public Optimizer {
 public:
  Adafactor(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : beta1_(config.beta1), epsilon_(config.epsilon), steps_(at::zeros({}, at::kDouble)), parameters_(parameters) {
    for (const Parameter& parameter : parameters) {
      State state{.decay = weight_decay_of(config, parameter), .columns = {}};
      if (parameter.value.dim() == 2) {
        state.rows = at::zeros({parameter.value.size(0)}, at::kFloat);
        const auto pieces = static_cast<std::int64_t>(std::max<std::size_t>(1, parameter.rows.size()));
        state.columns = at::zeros({pieces, parameter.value.size(1)}, at::kFloat);
      } else {
        state.square = at::zeros_like(parameter.value);
      }
      if (beta1_ > 0) state.mean = at::zeros_like(parameter.value);
      states_.push_back(std::move(state));
    }
  }

  void step(const Tensors& gradients, double learning_rate) override {
    steps_.add_(1);
    const double forgotten = std::pow(steps_.item<double>(), kForgetting);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const double rate = learning_rate * parameters_[i].rate;
      const State& state = states_[i];
      Tensor update = direction(parameters_[i], state, gradients[i], forgotten).mul_(rate);
      if (state.mean.defined()) update = state.mean.mul_(beta1_).add_(update, 1 - beta1_);
      const Tensor value = parameters_[i].value.detach();
      if (state.decay != 0) value.mul_(1 - rate * state.decay);
      value.sub_(update);
    }
  }

  NamedTensors state() override {
    NamedTensors all{{"steps", steps_}};
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      const std::string& name = parameters_[i].name;
      if (states_[i].rows.defined()) all[name + ".rows"] = states_[i].rows;
      if (states_[i].columns.defined()) all[name + ".columns"] = states_[i].columns;
      if (states_[i].square.defined()) all[name + ".square"] = states_[i].square;
      if (states_[i].mean.defined()) all[name + ".mean"] = states_[i].mean;
    }
    return all;
  }

 private:
  struct State {
    double decay = 0;
    Tensor rows, columns;  // [O], [pieces, I] of a matrix
    Tensor square;         // of anything else
    Tensor mean;           // of the updates; with beta1 above 0
  };

  /// The update before the rate; each matrix of a parameter by itself.
  Tensor direction(const Parameter& parameter, const State& state, const Tensor& gradient, double forgotten) const {
    const Tensor squares = gradient.square().add_(epsilon_);
    if (!state.rows.defined()) {
      state.square.mul_(1 - forgotten).add_(squares, forgotten);
      return limited(state.square.rsqrt().mul_(gradient));
    }
    state.rows.mul_(1 - forgotten).add_(squares.mean(1), forgotten);
    const Tensors piece_squares = pieces_of(parameter, squares), piece_rows = pieces_of(parameter, state.rows);
    Tensor update = gradient.clone();
    const Tensors updates = pieces_of(parameter, update);
    for (std::size_t p = 0; p < updates.size(); ++p) {
      const Tensor columns = state.columns.select(0, static_cast<std::int64_t>(p));
      columns.mul_(1 - forgotten).add_(piece_squares[p].mean(0), forgotten);
      const Tensor row_factor = piece_rows[p].div(piece_rows[p].mean()).rsqrt_().unsqueeze(1);
      updates[p].mul_(row_factor).mul_(columns.rsqrt().unsqueeze(0));
      limited(updates[p]);
    }
    return update;
  }

  static Tensor limited(const Tensor& update) {
    const double root_mean_square =
        update.norm().item<double>() / std::sqrt(static_cast<double>(std::max<std::int64_t>(1, update.numel())));
    return update.div_(std::max(1.0, root_mean_square / kLargestUpdate));
  }

  double beta1_, epsilon_;
  Tensor steps_;
  std::vector<Parameter> parameters_;
  std::vector<State> states_;
};

}  // namespace

std::unique_ptr<Optimizer> make_adafactor(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return std::make_unique<Adafactor>(config, parameters);
}

}  // namespace pegbox::train
