// ModelLayout: see layout.h. Names are those of the family (model/family.h).
#include "train/model/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <span>

#include "train/model/family.h"

namespace pegbox::train {

namespace {

using Role = TensorSlot::Role;

class LayoutBuilder {
 public:
  int add(std::string name, std::vector<std::int64_t> shape, Role role, std::vector<Piece> pieces) {
    layout_.slots.push_back({std::move(name), std::move(shape), std::move(pieces), role});
    return static_cast<int>(layout_.slots.size()) - 1;
  }

  int whole(std::string name, std::vector<std::int64_t> shape, Role role, std::string file_name) {
    const std::int64_t rows = shape[0];
    return add(std::move(name), std::move(shape), role, {{std::move(file_name), 0, rows, false}});
  }

  struct Part {
    std::string module;
    std::int64_t rows;
  };
  struct GroupSpec {
    std::string name = {};
    std::vector<Part> parts = {};
    std::int64_t inputs = 0;
    bool bias = false, transposed = false, attention = false;
    Role role = Role::Linear;
  };

  int group(const GroupSpec& spec) {
    LinearGroup group{.inputs = spec.inputs};
    std::vector<Piece> weights, biases;
    for (const Part& part : spec.parts) {
      const std::string target = part.module.substr(part.module.rfind('.') + 1);
      group.parts.push_back({part.module, target, group.outputs, part.rows, spec.attention});
      weights.push_back({part.module + ".weight", group.outputs, part.rows, spec.transposed});
      biases.push_back({part.module + ".bias", group.outputs, part.rows, false});
      group.outputs += part.rows;
    }
    group.weight = add(spec.name + ".weight", {group.outputs, spec.inputs}, spec.role, std::move(weights));
    if (spec.bias) group.bias = add(spec.name + ".bias", {group.outputs}, Role::Bias, std::move(biases));
    layout_.groups.push_back(std::move(group));
    return static_cast<int>(layout_.groups.size()) - 1;
  }

  ModelLayout& layout() { return layout_; }

 private:
  ModelLayout layout_;
};

/// Adds what one model has, in the order of the forward pass.
class ModelBuilder {
 public:
  explicit ModelBuilder(const ModelConfig& config) : config_(config), names_(family_of(config).names) {}

  ModelLayout build() {
    layout().embedding = table("embedding", config_.vocabulary, names_.embedding);
    if (!names_.positions.empty()) layout().positions = table("positions", config_.positions, names_.positions);
    for (std::int64_t i = 0; i < config_.layers; ++i) layout().layers.push_back(layer(i));
    layout().final_norm = norm("", "final_norm", "", names_.final_norm, config_.width);
    layout().optional_prefix = names_.prefix;
    layout().transposed_linears = names_.transposed;
    for (const std::string_view ending : names_.ignored_endings)
      if (!ending.empty()) layout().ignored_name_endings.emplace_back(ending);
    return std::move(layout());
  }

 private:
  ModelLayout& layout() { return builder_.layout(); }

  int table(const std::string& name, std::int64_t rows, std::string_view file_name) {
    return builder_.whole(name + ".weight", {rows, config_.width}, Role::Embedding,
                          fmt::format("{}.weight", file_name));
  }

  NormSlots norm(const std::string& ours, const std::string& name, const std::string& theirs,
                 std::string_view file_name, std::int64_t width) {
    NormSlots slots;
    const std::string file = fmt::format("{}{}", theirs, file_name);
    slots.gain = builder_.whole(ours + name + ".weight", {width}, Role::NormWeight, file + ".weight");
    if (config_.norm == NormKind::Layer)
      slots.bias = builder_.whole(ours + name + ".bias", {width}, Role::NormBias, file + ".bias");
    return slots;
  }

  /// `rows`: of each module that a family may have for this purpose; one module alone has those of all.
  int linear(const std::string& name, const std::string& theirs, std::span<const std::string_view> modules,
             const std::vector<std::int64_t>& rows, LayoutBuilder::GroupSpec spec) {
    const bool alone = modules.size() == 1 || modules[1].empty();
    spec.name = name;
    spec.transposed = names_.transposed;
    if (alone) {
      spec.parts = {
          {fmt::format("{}{}", theirs, modules[0]), std::accumulate(rows.begin(), rows.end(), std::int64_t{0})}};
    } else {
      for (std::size_t i = 0; i < rows.size(); ++i)
        spec.parts.push_back({fmt::format("{}{}", theirs, modules[i]), rows[i]});
    }
    return builder_.group(spec);
  }

  void add_attention(const std::string& ours, const std::string& theirs, LayerSlots& layer) {
    const std::int64_t queries = config_.heads * config_.head_width, keys = config_.kv_heads * config_.head_width;
    layer.attention_norm = norm(ours, "attention_norm", theirs, names_.attention_norm, config_.width);
    layer.attention_input = linear(ours + "attention_input", theirs, names_.attention_input, {queries, keys, keys},
                                   {.inputs = config_.width, .bias = config_.attention_input_bias, .attention = true});
    if (config_.head_norms) {
      layer.query_norm = norm(ours, "query_norm", theirs, names_.query_norm, config_.head_width);
      layer.key_norm = norm(ours, "key_norm", theirs, names_.key_norm, config_.head_width);
    }
    layer.attention_output = linear(
        ours + "attention_output", theirs, {&names_.attention_output, 1}, {config_.width},
        {.inputs = queries, .bias = config_.attention_output_bias, .attention = true, .role = Role::ResidualLinear});
    if (config_.post_norms)
      layer.attention_post_norm = norm(ours, "attention_post_norm", theirs, names_.attention_post_norm, config_.width);
  }

  void add_feed_forward(const std::string& ours, const std::string& theirs, LayerSlots& layer) {
    const std::int64_t inner = config_.feed_forward;
    layer.feed_norm = norm(ours, "feed_norm", theirs, names_.feed_norm, config_.width);
    layer.feed_input = linear(ours + "feed_input", theirs, names_.feed_input,
                              config_.gated ? std::vector{inner, inner} : std::vector{inner},
                              {.inputs = config_.width, .bias = config_.feed_forward_bias});
    layer.feed_output = linear(ours + "feed_output", theirs, {&names_.feed_output, 1}, {config_.width},
                               {.inputs = inner, .bias = config_.feed_forward_bias, .role = Role::ResidualLinear});
    if (config_.post_norms)
      layer.feed_post_norm = norm(ours, "feed_post_norm", theirs, names_.feed_post_norm, config_.width);
  }

  LayerSlots layer(std::int64_t index) {
    const std::string ours = fmt::format("layers.{}.", index), theirs = fmt::format("{}.{}.", names_.layers, index);
    LayerSlots layer;
    add_attention(ours, theirs, layer);
    add_feed_forward(ours, theirs, layer);
    return layer;
  }

  const ModelConfig& config_;
  const TensorNames& names_;
  LayoutBuilder builder_;
};

}  // namespace

std::int64_t TensorSlot::size() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

std::vector<int> LayerSlots::norms() const {
  std::vector<int> slots;
  for (const NormSlots& norm : {attention_norm, attention_post_norm, feed_norm, feed_post_norm, query_norm, key_norm})
    for (const int slot : {norm.gain, norm.bias})
      if (slot >= 0) slots.push_back(slot);
  return slots;
}

std::int64_t ModelLayout::parameters() const {
  std::int64_t sum = 0;
  for (const TensorSlot& slot : slots) sum += slot.size();
  return sum;
}

std::int64_t ModelLayout::parameters_without_tables() const {
  std::int64_t sum = parameters() - slots[embedding].size();
  if (positions >= 0) sum -= slots[positions].size();
  if (head != embedding) sum -= slots[head].size();
  return sum;
}

std::vector<std::string> ModelLayout::targets() const {
  std::vector<std::string> names;
  for (const LinearGroup& group : groups)
    for (const LinearPart& part : group.parts)
      if (std::ranges::find(names, part.target) == names.end()) names.push_back(part.target);
  return names;
}

ModelLayout layout_of(const ModelConfig& config) {
  ModelLayout layout = ModelBuilder(config).build();
  layout.head = layout.embedding;
  const bool classifies = !config.labels.empty();
  if (!classifies && config.tied_embeddings) {
    layout.ignored_name_endings.push_back("lm_head.weight");
    return layout;
  }
  const std::int64_t rows = classifies ? static_cast<std::int64_t>(config.labels.size()) : config.vocabulary;
  layout.slots.push_back({.name = "head.weight",
                          .shape = {rows, config.width},
                          .pieces = {{classifies ? "score.weight" : "lm_head.weight", 0, rows, false}},
                          .role = Role::Linear});
  layout.head = static_cast<int>(layout.slots.size()) - 1;
  if (classifies) layout.ignored_name_endings.push_back("lm_head.weight");
  return layout;
}

}  // namespace pegbox::train
