// class_head: see class_head.h.
#include "train/method/class_head.h"

#include <ATen/ops/empty.h>

namespace pegbox::train {

namespace {

std::size_t head_slot(const BaseModel& base) { return static_cast<std::size_t>(base.decoder->layout().head); }

/// A network of another method, but for the head.
class HeadNetwork final : public Network {
 public:
  HeadNetwork(std::unique_ptr<Network> inner, Tensor head, int slot)
      : inner_(std::move(inner)), head_(std::move(head)), slot_(slot) {}

  const Tensor& weight(int slot) const override { return slot == slot_ ? head_ : inner_->weight(slot); }
  Tensor linear(int group, const Tensor& x, DropoutSource& dropout) const override {
    return inner_->linear(group, x, dropout);
  }
  Tensor feed_forward(int layer, const Tensor& input, const Tensor& result, DropoutSource& dropout) const override {
    return inner_->feed_forward(layer, input, result, dropout);
  }
  std::int64_t virtual_tokens() const override { return inner_->virtual_tokens(); }
  Tensor prompt() const override { return inner_->prompt(); }
  Tensor prefix(int layer) const override { return inner_->prefix(layer); }

 private:
  std::unique_ptr<Network> inner_;
  Tensor head_;
  int slot_;
};

class WithClassHead final : public Method {
 public:
  WithClassHead(std::unique_ptr<Method> inner, const BaseModel& base) : inner_(std::move(inner)), base_(base) {}

  std::vector<Parameter> parameter_shapes() const override {
    std::vector<Parameter> parameters = inner_->parameter_shapes();
    parameters.push_back(head_parameter(shape_only(head().sizes().vec())));
    return parameters;
  }

  std::string form() const override { return inner_->form(); }
  std::int64_t own_bytes() const override { return inner_->own_bytes(); }
  std::int64_t virtual_tokens() const override { return inner_->virtual_tokens(); }
  Trace::Sized trace_linear(Trace& trace, int group, const Trace::Sized& x) const override {
    return inner_->trace_linear(trace, group, x);
  }
  Trace::Sized trace_feed_forward(Trace& trace, int layer, const Trace::Sized& input,
                                  const Trace::Sized& result) const override {
    return inner_->trace_feed_forward(trace, layer, input, result);
  }

  std::vector<Parameter> initial_parameters(std::uint64_t seed) const override {
    std::vector<Parameter> parameters = inner_->initial_parameters(seed);
    parameters.push_back(head_parameter(head().clone()));
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<HeadNetwork>(inner_->network(inner_values(values)), values.back(),
                                         base_.decoder->layout().head);
  }

  ModelDropout model_dropout() const override { return inner_->model_dropout(); }

  Result<void> save(const Path& folder, const Tensors& values) const override {
    PEGBOX_CHECK(inner_->save(folder, inner_values(values)));
    return add_class_head(folder, values.back(), base_.decoder->config().labels);
  }

  Result<Weights> merged(const Tensors& values) const override {
    PEGBOX_TRY(Weights weights, inner_->merged(inner_values(values)));
    weights[head_slot(base_)] = values.back();
    return weights;
  }

 private:
  Parameter head_parameter(Tensor value) const {
    return {.name = base_.decoder->layout().slots[head_slot(base_)].name, .value = std::move(value), .decay = true};
  }
  const Tensor& head() const { return base_.weights[head_slot(base_)]; }
  static Tensors inner_values(const Tensors& values) { return {values.begin(), values.end() - 1}; }

  std::unique_ptr<Method> inner_;
  const BaseModel& base_;
};

}  // namespace

std::unique_ptr<Method> with_class_head(std::unique_ptr<Method> inner, const BaseModel& base) {
  return std::make_unique<WithClassHead>(std::move(inner), base);
}

Result<Tensor> take_class_head(AdapterFolder& folder, const BaseModel& base) {
  const Tensor head = at::empty(base.decoder->layout().slots[head_slot(base)].shape, at::kFloat);
  PEGBOX_CHECK(folder.take_class_head(head));
  return head;
}

}  // namespace pegbox::train
