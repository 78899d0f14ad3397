// full: see full.h.
#include "train/method/full.h"

#include "train/model/initialize.h"
#include "train/model/model_files.h"

namespace pegbox::train {

namespace {

class Full final : public Method {
 public:
  Full(const TrainConfig& config, const BaseModel& base)
      : dropout_(config.dropout), decoder_(*base.decoder), base_(base.weights) {}

  std::int64_t parameter_count() const override { return decoder_.layout().parameters(); }

  std::vector<Parameter> initial_parameters(std::uint64_t seed) const override {
    const ModelLayout& layout = decoder_.layout();
    const Weights fresh = base_.empty() ? initialize_weights(decoder_.config(), layout, seed) : Weights();
    std::vector<Parameter> parameters;
    for (std::size_t i = 0; i < layout.slots.size(); ++i)
      parameters.push_back(
          {layout.slots[i].name, base_.empty() ? fresh[i] : base_[i].clone(), layout.slots[i].is_matrix()});
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<PlainNetwork>(decoder_.layout(), values);
  }

  ModelDropout model_dropout() const override { return {dropout_, dropout_, dropout_}; }

  Result<void> save(const Path& folder, const Tensors& values) const override {
    return save_model(folder, decoder_.config(), decoder_.layout(), values);
  }

  Result<Weights> merged(const Tensors& values) const override { return values; }

 private:
  double dropout_;
  const Decoder& decoder_;
  const Weights& base_;
};

}  // namespace

Result<std::unique_ptr<Method>> make_full(const TrainConfig& config, const BaseModel& base) {
  return std::make_unique<Full>(config, base);
}

}  // namespace pegbox::train
