// bottleneck: see bottleneck.h. An adapter is relu(x Dᵀ + d) Uᵀ + u; U and both biases start at 0, D as LoRA's A.
#include "train/method/bottleneck.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/rng.h"
#include "train/model/initialize.h"

namespace pegbox::train {

namespace {

constexpr std::array<const char*, 3> kPlacements = {"houlsby", "pfeiffer", "parallel"};
constexpr std::size_t kTensors = 4;  // of one adapter: D, d, U, u

struct BottleneckOptions {
  std::int64_t width = 64;
  std::string placement = "pfeiffer";
  double scale = 1;  ///< parallel
};

/// Where an adapter is: after a group of linear layers, or beside the feed-forward network of a layer.
struct Site {
  std::string name;  ///< "layers.0.feed_forward_adapter"
  int layer = 0;
  int group = -1;  ///< -1: beside
};

std::vector<Site> sites_of(const ModelLayout& layout, const std::string& placement) {
  std::vector<Site> sites;
  for (std::size_t i = 0; i < layout.layers.size(); ++i) {
    const LayerSlots& layer = layout.layers[i];
    const int index = static_cast<int>(i);
    if (placement == "houlsby")
      sites.push_back({fmt::format("layers.{}.attention_adapter", i), index, layer.attention_output});
    sites.push_back(
        {fmt::format("layers.{}.feed_forward_adapter", i), index, placement == "parallel" ? -1 : layer.feed_output});
  }
  return sites;
}

class BottleneckNetwork final : public PlainNetwork {
 public:
  BottleneckNetwork(const ModelLayout& layout, const Weights& base, const std::vector<Site>& sites, Tensors values,
                    double scale, double dropout)
      : PlainNetwork(layout, base), sites_(sites), values_(std::move(values)), scale_(scale), dropout_(dropout) {}

  Tensor linear(int index, const Tensor& x, DropoutSource& dropout) const override {
    const Tensor y = PlainNetwork::linear(index, x, dropout);
    const auto site = std::ranges::find(sites_, index, &Site::group);
    return site == sites_.end() ? y : y + adapted(site, y, dropout);
  }

  Tensor feed_forward(int layer, const Tensor& input, const Tensor& result, DropoutSource& dropout) const override {
    const auto site =
        std::ranges::find_if(sites_, [&](const Site& each) { return each.group < 0 && each.layer == layer; });
    return site == sites_.end() ? result : at::add(result, adapted(site, input, dropout), scale_);
  }

 private:
  Tensor adapted(std::vector<Site>::const_iterator site, const Tensor& x, DropoutSource& source) const {
    const auto first = values_.begin() + (site - sites_.begin()) * static_cast<std::ptrdiff_t>(kTensors);
    const Tensor seen = pegbox::train::dropout(x, source.next(dropout_));
    return at::addmm(first[3], at::relu(at::addmm(first[1], seen, first[0].t())), first[2].t());
  }

  const std::vector<Site>& sites_;
  Tensors values_;
  double scale_, dropout_;
};

class Bottleneck final : public Method {
 public:
  Bottleneck(const BaseModel& base, BottleneckOptions options, double dropout)
      : base_(base),
        options_(std::move(options)),
        dropout_(dropout),
        sites_(sites_of(base.decoder->layout(), options_.placement)) {}

  /// Names and shapes of an adapter's tensors.
  std::array<std::pair<const char*, std::vector<std::int64_t>>, kTensors> tensors() const {
    const std::int64_t outer = base_.decoder->config().width, inner = options_.width;
    return {
        {{"down.weight", {inner, outer}}, {"down.bias", {inner}}, {"up.weight", {outer, inner}}, {"up.bias", {outer}}}};
  }
  const std::vector<Site>& sites() const { return sites_; }

  std::vector<Parameter> parameter_shapes() const override {
    std::vector<Parameter> parameters;
    for (const Site& site : sites_)
      for (const auto& [name, shape] : tensors())
        parameters.push_back(
            {.name = fmt::format("{}.{}", site.name, name), .value = shape_only(shape), .decay = shape.size() == 2});
    return parameters;
  }

  std::vector<Parameter> initial_parameters(std::uint64_t seed) const override {
    std::vector<Parameter> parameters = parameter_shapes();
    for (Parameter& parameter : parameters) {
      parameter.value = at::zeros(parameter.value.sizes(), at::kFloat);
      if (parameter.name.ends_with(".down.weight"))
        fill_uniform(parameter.value, 1 / std::sqrt(static_cast<double>(parameter.value.size(1))),
                     {seed, stream_id("adapter " + parameter.name)});
    }
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<BottleneckNetwork>(base_.decoder->layout(), base_.weights, sites_, values, options_.scale,
                                               dropout_);
  }

  Trace::Sized trace_linear(Trace& trace, int group, const Trace::Sized& x) const override {
    const Trace::Sized y = trace.linear(group, x);
    return std::ranges::find(sites_, group, &Site::group) == sites_.end() ? y : trace.sum(y, traced(trace, y));
  }
  Trace::Sized trace_feed_forward(Trace& trace, int /*layer*/, const Trace::Sized& input,
                                  const Trace::Sized& result) const override {
    return options_.placement == "parallel" ? trace.sum(result, traced(trace, input)) : result;
  }

  std::string form() const override {
    return options_.placement == "parallel" ? fmt::format("parallel, times {:.6g}", options_.scale)
                                            : options_.placement;
  }

  Result<void> save(const Path& folder, const Tensors& values) const override {
    NamedTensors arrays;
    std::size_t next = 0;
    for (const Site& site : sites_)
      for (const auto& [name, shape] : tensors()) arrays[fmt::format("{}.{}", site.name, name)] = values[next++];
    return write_adapter(folder, kOwnConfig,
                         {{"kind", "bottleneck"},
                          {"format", 1},
                          {"placement", options_.placement},
                          {"width", options_.width},
                          {"scale", options_.scale},
                          {"activation", "relu"},
                          {"base_model_name_or_path", base_.name}},
                         arrays);
  }

  Result<Weights> merged(const Tensors& /*values*/) const override {
    return fail(ErrorKind::Unsupported, {.where = "merge",
                                         .what = "a bottleneck adapter is no change of the model's weights",
                                         .expected = "the base model with its adapter beside it"});
  }

 private:
  /// Both products keep their inputs; the second one's is what relu keeps, too.
  Trace::Sized traced(Trace& trace, const Trace::Sized& x) const {
    const auto width = static_cast<double>(options_.width);
    const double weight = Trace::bytes(width, x.columns);
    const Trace::Sized seen = trace.dropped(x, dropout_);
    const Trace::Sized down =
        trace.apply(seen, width, {.keeps = {seen.value}, .trained = weight + Trace::bytes(width)});
    const Trace::Sized inner = trace.apply(down, width, {.keeps_outputs = {0}});
    return trace.apply(inner, x.columns, {.keeps = {inner.value}, .trained = weight + Trace::bytes(x.columns)});
  }

  const BaseModel& base_;
  BottleneckOptions options_;
  double dropout_;
  std::vector<Site> sites_;
};

}  // namespace

Result<std::unique_ptr<Method>> make_bottleneck(const TrainConfig& config, const BaseModel& base) {
  return std::make_unique<Bottleneck>(
      base, BottleneckOptions{config.adapter_width, config.adapter_placement, config.scale}, config.dropout);
}

Result<Adapter> read_bottleneck(AdapterFolder& folder, const BaseModel& base) {
  BottleneckOptions options;
  PEGBOX_TRY(options.width, folder.integer("width", 1));
  PEGBOX_TRY(options.scale, folder.real("scale"));
  const Json placement = folder.value("placement"), activation = folder.value("activation");
  if (std::ranges::none_of(kPlacements, [&](const char* known) { return placement == known; }))
    return folder.refuse("this placement is not known", to_line(placement), "houlsby, pfeiffer or parallel");
  if (activation != "relu") return folder.refuse("this activation is not known", to_line(activation), "\"relu\"");
  options.placement = placement.get<std::string>();
  auto method = std::make_unique<Bottleneck>(base, options, 0.0);
  Adapter adapter;
  for (const Site& site : method->sites())
    for (const auto& [name, shape] : method->tensors()) {
      adapter.values.push_back(at::empty(shape, at::kFloat));
      PEGBOX_CHECK(folder.copy(fmt::format("{}.{}", site.name, name), adapter.values.back()));
    }
  PEGBOX_CHECK(folder.check_all_used());
  adapter.method = std::move(method);
  return adapter;
}

}  // namespace pegbox::train
