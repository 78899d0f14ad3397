// virtual_tokens: see virtual_tokens.h.
#include "train/method/virtual_tokens.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/std.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include "base/rng.h"
#include "train/model/initialize.h"

namespace pegbox::train {

namespace {

constexpr const char* kArray = "prompt_embeddings";

/// Random tokens of the vocabulary, for virtual tokens to begin as.
std::vector<std::int64_t> some_tokens(const ModelConfig& config, std::int64_t count, std::uint64_t seed) {
  Rng rng({seed, stream_id("virtual tokens")});
  std::vector<std::int64_t> ids(static_cast<std::size_t>(count));
  for (std::int64_t& id : ids) id = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(config.vocabulary)));
  return ids;
}

tl::unexpected<Error> no_weights(const char* method) {
  return fail(ErrorKind::Unsupported,
              {.where = "merge",
               .what = fmt::format("what method {} trains is no change of the model's weights", method),
               .expected = "the base model with its adapter beside it"});
}

Result<void> check_count(std::int64_t count, const BaseModel& base) {
  const std::int64_t positions = base.decoder->config().positions;
  if (count < positions) return {};
  return fail(ErrorKind::InvalidInput, {.where = "virtual_tokens",
                                        .what = "the model's positions leave no room for a text behind them",
                                        .got = fmt::format("{}", count),
                                        .expected = fmt::format("fewer than the {} positions", positions)});
}

/// Members of all of PEFT's prompt learning methods. `heads` of `width` numbers in all.
Json prompt_config(const std::string& kind, const BaseModel& base, std::int64_t count, std::int64_t width,
                   std::int64_t heads) {
  Json json = peft_config(kind, base);
  json["num_virtual_tokens"] = count;
  json["token_dim"] = width;
  json["num_transformer_submodules"] = 1;
  json["num_attention_heads"] = heads;
  json["num_layers"] = base.decoder->config().layers;
  return json;
}

class PromptNetwork final : public PlainNetwork {
 public:
  PromptNetwork(const ModelLayout& layout, const Weights& base, Tensor prompt)
      : PlainNetwork(layout, base), prompt_(std::move(prompt)) {}
  std::int64_t virtual_tokens() const override { return prompt_.size(0); }
  Tensor prompt() const override { return prompt_; }

 private:
  Tensor prompt_;
};

class Prompt final : public Method {
 public:
  Prompt(const BaseModel& base, std::int64_t count, std::string start)
      : base_(base), count_(count), start_(std::move(start)) {}

  std::vector<Parameter> parameter_shapes() const override {
    return {{.name = "prompt", .value = shape_only({count_, width()}), .decay = true, .kind = ParameterKind::Table}};
  }
  std::int64_t virtual_tokens() const override { return count_; }

  std::vector<Parameter> initial_parameters(std::uint64_t seed) const override {
    const Decoder& decoder = *base_.decoder;
    Tensor prompt;
    if (start_ == "vocabulary") {
      const PlainNetwork plain(decoder.layout(), base_.weights);
      prompt = decoder.embed(plain, at::tensor(some_tokens(decoder.config(), count_, seed), at::kLong));
    } else {
      const Tensor& table = base_.weights[static_cast<std::size_t>(decoder.layout().embedding)];
      prompt = at::empty({count_, width()}, at::kFloat);
      fill_normal(prompt, at::std(table).item<double>() * decoder.config().embedding_scale(),
                  {seed, stream_id("prompt")});
    }
    std::vector<Parameter> parameters = parameter_shapes();
    parameters[0].value = prompt;
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<PromptNetwork>(base_.decoder->layout(), base_.weights, values[0]);
  }

  Result<void> save(const Path& folder, const Tensors& values) const override {
    Json json = prompt_config("PROMPT_TUNING", base_, count_, width(), base_.decoder->config().heads);
    json["prompt_tuning_init"] = "RANDOM";
    return write_adapter(folder, kPeftConfig, json, {{kArray, values[0]}});
  }

  Result<Weights> merged(const Tensors& /*values*/) const override { return no_weights("prompt"); }

 private:
  std::int64_t width() const { return base_.decoder->config().width; }
  const BaseModel& base_;
  std::int64_t count_;
  std::string start_;
};

class PrefixNetwork final : public PlainNetwork {
 public:
  PrefixNetwork(const ModelLayout& layout, const Weights& base, Tensors prefixes)
      : PlainNetwork(layout, base), prefixes_(std::move(prefixes)) {}
  std::int64_t virtual_tokens() const override { return prefixes_[0].size(0); }
  Tensor prefix(int layer) const override { return prefixes_[static_cast<std::size_t>(layer)]; }

 private:
  Tensors prefixes_;  // [layers]
};

class Prefix final : public Method {
 public:
  Prefix(const BaseModel& base, std::int64_t count, std::string start)
      : base_(base), count_(count), start_(std::move(start)) {}

  std::vector<Parameter> parameter_shapes() const override {
    std::vector<Parameter> parameters;
    for (std::int64_t i = 0; i < config().layers; ++i)
      parameters.push_back({.name = fmt::format("layers.{}.prefix", i),
                            .value = shape_only({count_, 2 * keys()}),
                            .decay = true,
                            .kind = ParameterKind::Table});
    return parameters;
  }
  std::int64_t virtual_tokens() const override { return count_; }

  /// "vocabulary": the keys and values that the base computes for random tokens, as the paper found best.
  std::vector<Parameter> initial_parameters(std::uint64_t seed) const override {
    KeyValueCache cache{.whole = true};
    if (start_ == "vocabulary") {
      const PlainNetwork plain(base_.decoder->layout(), base_.weights);
      base_.decoder->extend(plain, some_tokens(config(), count_, seed), cache);
    }
    std::vector<Parameter> parameters = parameter_shapes();
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      Tensor& value = parameters[i].value;
      value = at::empty(value.sizes(), at::kFloat);
      if (start_ == "vocabulary")
        value.copy_(at::cat({cache.keys[i], cache.values[i]}, 1));
      else
        fill_normal(value, config().initializer_range, {seed, stream_id(fmt::format("prefix {}", i))});
    }
    return parameters;
  }

  std::unique_ptr<Network> network(const Tensors& values) const override {
    return std::make_unique<PrefixNetwork>(base_.decoder->layout(), base_.weights, values);
  }

  /// PEFT's array has a row for each token: keys and values of the first layer, of the second, ...
  Result<void> save(const Path& folder, const Tensors& values) const override {
    Json json = prompt_config("PREFIX_TUNING", base_, count_, keys(), config().kv_heads);
    json["encoder_hidden_size"] = keys();
    json["prefix_projection"] = false;
    return write_adapter(folder, kPeftConfig, json, {{kArray, at::cat(values, 1)}});
  }

  Result<Weights> merged(const Tensors& /*values*/) const override { return no_weights("prefix"); }

 private:
  const ModelConfig& config() const { return base_.decoder->config(); }
  std::int64_t keys() const { return config().kv_heads * config().head_width; }
  const BaseModel& base_;
  std::int64_t count_;
  std::string start_;
};

}  // namespace

Result<std::unique_ptr<Method>> make_prompt(const TrainConfig& config, const BaseModel& base) {
  PEGBOX_CHECK(check_count(config.virtual_tokens, base));
  return std::make_unique<Prompt>(base, config.virtual_tokens, config.prompt_start);
}

Result<std::unique_ptr<Method>> make_prefix(const TrainConfig& config, const BaseModel& base) {
  PEGBOX_CHECK(check_count(config.virtual_tokens, base));
  return std::make_unique<Prefix>(base, config.virtual_tokens, config.prompt_start);
}

Result<Adapter> read_prompt(AdapterFolder& folder, const BaseModel& base) {
  PEGBOX_TRY(const std::int64_t count, folder.integer("num_virtual_tokens", 1));
  PEGBOX_CHECK(check_count(count, base));
  const Tensor value = at::empty({count, base.decoder->config().width}, at::kFloat);
  PEGBOX_CHECK(folder.copy(kArray, value));
  PEGBOX_CHECK(folder.check_all_used());
  return Adapter{std::make_unique<Prompt>(base, count, "vocabulary"), {value}};
}

Result<Adapter> read_prefix(AdapterFolder& folder, const BaseModel& base) {
  PEGBOX_TRY(const std::int64_t count, folder.integer("num_virtual_tokens", 1));
  PEGBOX_CHECK(check_count(count, base));
  if (folder.value("prefix_projection") == true)
    return folder.refuse("prefixes behind a projection are not supported", "prefix_projection: true", "false");
  const ModelConfig& config = base.decoder->config();
  const std::int64_t width = 2 * config.kv_heads * config.head_width;
  const Tensor all = at::empty({count, config.layers * width}, at::kFloat);
  PEGBOX_CHECK(folder.copy(kArray, all));
  PEGBOX_CHECK(folder.check_all_used());
  Adapter adapter{std::make_unique<Prefix>(base, count, "vocabulary"), {}};
  for (std::int64_t i = 0; i < config.layers; ++i)
    adapter.values.push_back(all.narrow(1, i * width, width).contiguous());
  return adapter;
}

}  // namespace pegbox::train
