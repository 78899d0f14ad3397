// none: see none.h.
#include "train/method/none.h"

namespace pegbox::train {

namespace {

class None final : public Method {
 public:
  explicit None(const BaseModel& base) : base_(base) {}

  std::vector<Parameter> parameter_shapes() const override { return {}; }
  std::vector<Parameter> initial_parameters(std::uint64_t /*seed*/) const override { return {}; }

  std::unique_ptr<Network> network(const Tensors& /*values*/) const override {
    return std::make_unique<PlainNetwork>(base_.decoder->layout(), base_.weights, base_.nf4);
  }

  Result<void> save(const Path& folder, const Tensors& /*values*/) const override {
    return fail(ErrorKind::Unsupported,
                {.where = folder.string(), .what = "method none trains nothing, and there is nothing to save"});
  }

  Result<Weights> merged(const Tensors& /*values*/) const override { return base_.weights; }

 private:
  const BaseModel& base_;
};

}  // namespace

Result<std::unique_ptr<Method>> make_none(const TrainConfig& /*config*/, const BaseModel& base) {
  return std::make_unique<None>(base);
}

}  // namespace pegbox::train
