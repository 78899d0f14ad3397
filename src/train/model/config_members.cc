// config_members: see config_members.h. Rotary parameters as in transformers 5's modeling_rope_utils.
#include "train/model/config_members.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace pegbox::train {

namespace {

/// The member's value by `read`, or `fallback`.
template <class T, class Read>
Result<T> member_or(const Node& node, std::string_view key, T fallback, Read&& read) {
  if (!node.has(key)) return fallback;
  PEGBOX_TRY(const Node member, node.at(key));
  if (member.is_null()) return fallback;
  return read(member);
}

struct ActivationName {
  std::string_view name;
  Activation activation;
};

// The first name of each is the one that is written.
constexpr std::array<ActivationName, 9> kActivations = {{{"silu", Activation::Silu},
                                                         {"swish", Activation::Silu},
                                                         {"gelu_pytorch_tanh", Activation::GeluTanh},
                                                         {"gelu_new", Activation::GeluTanh},
                                                         {"gelu_fast", Activation::GeluTanh},
                                                         {"gelu", Activation::Gelu},
                                                         {"gelu_python", Activation::Gelu},
                                                         {"relu", Activation::Relu},
                                                         {"relu2", Activation::ReluSquared}}};

constexpr std::array<std::string_view, 4> kRopeKinds = {"default", "linear", "llama3", "yarn"};

/// What the length of the context does to the scores (arXiv 2309.00071, section 3.4, and DeepSeek's two factors).
double yarn_attention_factor(double factor, double scale, double scale_all) {
  const auto growth = [factor](double by) { return factor <= 1 ? 1.0 : 0.1 * by * std::log(factor) + 1; };
  return scale != 0 && scale_all != 0 ? growth(scale) / growth(scale_all) : growth(1);
}

Result<void> read_yarn(const Node& members, std::int64_t positions, RopeScaling& scaling) {
  const double stretch = static_cast<double>(positions) / scaling.original_positions;
  PEGBOX_TRY(scaling.factor, real_or(members, "factor", stretch));
  PEGBOX_TRY(scaling.beta_fast, real_or(members, "beta_fast", 32));
  PEGBOX_TRY(scaling.beta_slow, real_or(members, "beta_slow", 1));
  PEGBOX_TRY(scaling.truncate, boolean_or(members, "truncate", true));
  PEGBOX_TRY(const double scale, real_or(members, "mscale", 0));
  PEGBOX_TRY(const double scale_all, real_or(members, "mscale_all_dim", 0));
  PEGBOX_TRY(scaling.attention_factor,
             real_or(members, "attention_factor", yarn_attention_factor(scaling.factor, scale, scale_all)));
  return {};
}

}  // namespace

Result<std::int64_t> integer_or(const Node& node, std::string_view key, std::int64_t fallback) {
  return member_or(node, key, fallback, [](const Node& member) { return member.integer(); });
}
Result<double> real_or(const Node& node, std::string_view key, double fallback) {
  return member_or(node, key, fallback, [](const Node& member) { return member.real(); });
}
Result<bool> boolean_or(const Node& node, std::string_view key, bool fallback) {
  return member_or(node, key, fallback, [](const Node& member) { return member.boolean(); });
}
Result<std::string> string_or(const Node& node, std::string_view key, const std::string& fallback) {
  return member_or(node, key, fallback, [](const Node& member) { return member.string(); });
}

Result<std::int64_t> integer_or_off(const Node& node, std::string_view key, std::int64_t fallback) {
  return integer_or(node, key, node.has(key) ? 0 : fallback);
}
Result<double> real_or_off(const Node& node, std::string_view key, double fallback) {
  return real_or(node, key, node.has(key) ? 0 : fallback);
}

Result<std::int64_t> required_integer(const Node& node, std::string_view key) {
  PEGBOX_TRY(const Node member, node.at(key));
  return member.integer();
}

Result<std::int64_t> token_or_none(const Node& node, std::string_view key) {
  if (!node.has(key)) return -1;
  PEGBOX_TRY(const Node member, node.at(key));
  if (member.is_array()) return member.items().empty() ? Result<std::int64_t>(-1) : member.items().front().integer();
  if (member.is_null()) return -1;
  return member.integer();
}

tl::unexpected<Error> unsupported(const Node& node, std::string what, std::string got, std::string expected) {
  return fail(ErrorKind::Unsupported,
              {.where = node.where(), .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

Result<void> refuse_true(const Node& node, std::string_view key) {
  PEGBOX_TRY(const bool is_true, boolean_or(node, key, false));
  if (!is_true) return {};
  return unsupported(node, fmt::format("{} is not supported", key), "true", "false");
}

Result<Activation> read_activation(const Node& node, std::string_view key, const std::string& fallback) {
  PEGBOX_TRY(const std::string name, string_or(node, key, fallback));
  const auto* const row = std::ranges::find(kActivations, name, &ActivationName::name);
  if (row != kActivations.end()) return row->activation;
  std::vector<std::string_view> known;
  for (const ActivationName& each : kActivations) known.push_back(each.name);
  return unsupported(node, fmt::format("this {} is not supported", key), name,
                     fmt::format("{}", fmt::join(known, ", ")));
}

std::string_view activation_name(Activation activation) {
  return std::ranges::find(kActivations, activation, &ActivationName::activation)->name;
}

Result<void> read_rope_members(const Node& members, std::int64_t positions, Rope& rope) {
  PEGBOX_TRY(rope.theta, real_or(members, "rope_theta", rope.theta));
  PEGBOX_TRY(rope.share, real_or(members, "partial_rotary_factor", rope.share));
  PEGBOX_TRY(const std::string old_kind, string_or(members, "type", "default"));
  PEGBOX_TRY(const std::string kind, string_or(members, "rope_type", old_kind));
  if (std::ranges::find(kRopeKinds, kind) == kRopeKinds.end())
    return unsupported(members, "rotary scaling is not supported", kind,
                       fmt::format("{}", fmt::join(kRopeKinds, ", ")));
  if (kind == "default") return {};
  RopeScaling scaling{.kind = kind};
  PEGBOX_TRY(scaling.original_positions,
             real_or(members, "original_max_position_embeddings", static_cast<double>(positions)));
  PEGBOX_TRY(scaling.factor, real_or(members, "factor", 1));
  PEGBOX_TRY(scaling.low_frequency_factor, real_or(members, "low_freq_factor", 1));
  PEGBOX_TRY(scaling.high_frequency_factor, real_or(members, "high_freq_factor", 4));
  if (kind == "yarn") PEGBOX_CHECK(read_yarn(members, positions, scaling));
  rope.scaling = scaling;
  return {};
}

Result<void> read_rope(const Node& node, std::int64_t positions, Rope& rope) {
  PEGBOX_CHECK(read_partial_rope(node, positions, rope));
  if (rope.share == 1) return {};
  return unsupported(node, "heads of which a part is turned are not supported in this family",
                     fmt::format("partial_rotary_factor {}", rope.share), "1");
}

Result<void> read_partial_rope(const Node& node, std::int64_t positions, Rope& rope) {
  PEGBOX_TRY(rope.theta, real_or(node, "rope_theta", rope.theta));
  PEGBOX_TRY(rope.share, real_or(node, "partial_rotary_factor", rope.share));
  for (const std::string_view key : {"rope_scaling", "rope_parameters"}) {
    if (!node.has(key)) continue;
    PEGBOX_TRY(const Node members, node.at(key));
    if (!members.is_null()) return read_rope_members(members, positions, rope);
  }
  return {};
}

Json rope_json(const Rope& rope) {
  Json json = {{"rope_theta", rope.theta}, {"rope_type", "default"}};
  if (rope.share != 1) json["partial_rotary_factor"] = rope.share;
  if (!rope.scaling) return json;
  const RopeScaling& scaling = *rope.scaling;
  json["rope_type"] = scaling.kind;
  json["factor"] = scaling.factor;
  if (scaling.kind == "linear") return json;
  json["original_max_position_embeddings"] = static_cast<std::int64_t>(scaling.original_positions);
  if (scaling.kind == "llama3") {
    json["low_freq_factor"] = scaling.low_frequency_factor;
    json["high_freq_factor"] = scaling.high_frequency_factor;
    return json;
  }
  json["beta_fast"] = scaling.beta_fast;
  json["beta_slow"] = scaling.beta_slow;
  json["attention_factor"] = scaling.attention_factor;
  json["truncate"] = scaling.truncate;
  return json;
}

void write_rope(const Rope& rope, Json& json) {
  json["rope_theta"] = rope.theta;            // read by transformers 4
  json["rope_parameters"] = rope_json(rope);  // read by transformers 5
  if (!rope.scaling) return;
  json["rope_scaling"] = rope_json(rope);
  json["rope_scaling"].erase("rope_theta");
}

Result<std::vector<bool>> read_layer_types(const Node& node, std::int64_t layers) {
  std::vector<bool> windowed;
  if (!node.has("layer_types")) return windowed;
  PEGBOX_TRY(const Node list, node.at("layer_types"));
  if (list.is_null()) return windowed;
  for (const Node& item : list.items()) {
    PEGBOX_TRY(const std::string type, item.string());
    if (type != "sliding_attention" && type != "full_attention")
      return unsupported(item, "layers of this type are not supported", type, "full_attention or sliding_attention");
    windowed.push_back(type == "sliding_attention");
  }
  if (static_cast<std::int64_t>(windowed.size()) != layers)
    return list.fail("layer_types has another length than the model has layers", fmt::format("{} types", layers));
  return windowed;
}

Json layer_types(const ModelConfig& config) {
  Json types = Json::array();
  for (std::int64_t i = 0; i < config.layers; ++i)
    types.push_back(config.window(static_cast<std::size_t>(i)) > 0 ? "sliding_attention" : "full_attention");
  return types;
}

std::int64_t largest_window(const ModelConfig& config) {
  return config.windows.empty() ? 0 : std::ranges::max(config.windows);
}

}  // namespace pegbox::train
