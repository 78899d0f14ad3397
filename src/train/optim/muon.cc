// Muon: see muon.h. b = lerp(b, g, 1 - momentum); w -= rate * (scale * orthogonal(nesterov ? lerp(g, b, momentum) : b)
// + decay * w).
#include "train/optim/muon.h"

#include <ATen/ops/addmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>

#include "train/optim/adamw.h"

namespace pegbox::train {

namespace {

// a x + b x³ + c x⁵ for every singular value x: five times, values from about 0.01 on come to lie between 0.7 and 1.2.
constexpr double kLinear = 3.4445, kCubic = -4.7750, kQuintic = 2.0315, kLeastNorm = 1e-7;
constexpr int kIterations = 5;

Tensor orthogonal(const Tensor& matrix) {
  const bool tall = matrix.size(0) > matrix.size(1);
  Tensor x = tall ? matrix.t() : matrix;
  x = x.div(std::max(kLeastNorm, x.norm().item<double>()));
  for (int i = 0; i < kIterations; ++i) {
    const Tensor gram = at::mm(x, x.t());
    const Tensor update = at::addmm(gram, gram, gram, kCubic, kQuintic);
    x = at::addmm(x, update, x, kLinear);
  }
  return tall ? x.t() : x;
}

double scale_of(const std::string& name, double rows, double columns) {
  if (name == "original") return std::sqrt(std::max(1.0, rows / columns));
  if (name == "spectral_unclamped") return std::sqrt(rows / columns);
  return 0.2 * std::sqrt(std::max(rows, columns));
}

class Muon final : public Optimizer {
 public:
  Muon(const TrainConfig& config, const std::vector<Parameter>& parameters)
      : momentum_(config.momentum), nesterov_(config.nesterov), scale_(config.muon_scale) {
    std::vector<Parameter> rest;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const Parameter& parameter = parameters[i];
      if (parameter.kind != ParameterKind::Matrix || parameter.value.dim() != 2) {
        rest.push_back(parameter);
        rest_indices_.push_back(i);
        continue;
      }
      matrices_.push_back({.index = i,
                           .parameter = parameter,
                           .decay = weight_decay_of(config, parameter),
                           .momentum = at::zeros_like(parameter.value)});
    }
    if (!rest.empty()) rest_ = make_adamw(config, rest);
  }

  void step(const Tensors& gradients, double learning_rate) override {
    for (const Matrix& matrix : matrices_) {
      const Tensor& gradient = gradients[matrix.index];
      const double rate = learning_rate * matrix.parameter.rate;
      matrix.momentum.lerp_(gradient, 1 - momentum_);
      const Tensor update = nesterov_ ? gradient.lerp(matrix.momentum, momentum_) : matrix.momentum;
      const Tensor value = matrix.parameter.value.detach();
      if (matrix.decay != 0) value.mul_(1 - rate * matrix.decay);
      const Tensors values = pieces_of(matrix.parameter, value), updates = pieces_of(matrix.parameter, update);
      for (std::size_t p = 0; p < values.size(); ++p)
        values[p].sub_(orthogonal(updates[p]), rate * scale_of(scale_, static_cast<double>(values[p].size(0)),
                                                               static_cast<double>(values[p].size(1))));
    }
    if (!rest_) return;
    Tensors rest;
    for (const std::size_t index : rest_indices_) rest.push_back(gradients[index]);
    rest_->step(rest, learning_rate);
  }

  NamedTensors state() override {
    NamedTensors state = rest_ ? rest_->state() : NamedTensors();
    for (const Matrix& matrix : matrices_) state[matrix.parameter.name + ".momentum"] = matrix.momentum;
    return state;
  }

 private:
  struct Matrix {
    std::size_t index;
    Parameter parameter;
    double decay;
    Tensor momentum;
  };

  double momentum_;
  bool nesterov_;
  std::string scale_;
  std::vector<Matrix> matrices_;
  std::vector<std::size_t> rest_indices_;
  std::unique_ptr<Optimizer> rest_;  // of everything else; null if there is nothing else
};

}  // namespace

std::unique_ptr<Optimizer> make_muon(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return std::make_unique<Muon>(config, parameters);
}

}  // namespace pegbox::train
