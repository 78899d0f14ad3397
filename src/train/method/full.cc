// full: see full.h.
#include "train/method/full.h"

#include "train/model/initialize.h"
#include "train/model/model_files.h"
#include "train/ops/bf16_linear.h"

namespace pegbox::train {

namespace {

/// Weights in fp32 whose linear layers multiply in bf16.
class Bf16Network final : public PlainNetwork {
 public:
  using PlainNetwork::PlainNetwork;

  Tensor linear(int index, const Tensor& x, DropoutSource& /*dropout*/) const override {
    return bf16_linear(x, weight(group(index).weight), weight(group(index).bias));
  }
};

class Full final : public Method {
 public:
  Full(const TrainConfig& config, const BaseModel& base)
      : dropout_(config.dropout),
        has_bf16_products_(config.precision == "bf16"),
        decoder_(*base.decoder),
        base_(base.weights) {}

  std::vector<Parameter> parameter_shapes() const override {
    std::vector<Parameter> parameters;
    for (const TensorSlot& slot : decoder_.layout().slots)
      parameters.push_back({slot.name, shape_only(slot.shape), slot.is_matrix()});
    return parameters;
  }

  std::vector<Parameter> initial_parameters(std::uint64_t seed) const override {
    const Weights fresh = base_.empty() ? initialize_weights(decoder_.config(), decoder_.layout(), seed) : Weights();
    std::vector<Parameter> parameters = parameter_shapes();
    for (std::size_t i = 0; i < parameters.size(); ++i)
      parameters[i].value = base_.empty() ? fresh[i] : base_[i].to(at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    if (has_bf16_products_) return std::make_unique<Bf16Network>(decoder_.layout(), values);
    return std::make_unique<PlainNetwork>(decoder_.layout(), values);
  }

  ModelDropout model_dropout() const override { return {dropout_, dropout_, dropout_}; }

  Result<void> save(const Path& folder, const Tensors& values) const override {
    return save_model(folder, decoder_.config(), decoder_.layout(), values);
  }

  Result<Weights> merged(const Tensors& values) const override { return values; }

 private:
  double dropout_;
  bool has_bf16_products_;
  const Decoder& decoder_;
  const Weights& base_;
};

}  // namespace

Result<std::unique_ptr<Method>> make_full(const TrainConfig& config, const BaseModel& base) {
  return std::make_unique<Full>(config, base);
}

}  // namespace pegbox::train
