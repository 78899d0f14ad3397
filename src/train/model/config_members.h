// config_members: members of a config.json as transformers means them: what equals a default may be left out.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/document.h"
#include "base/result.h"
#include "train/model/model_config.h"

namespace pegbox::train {

// A member, or `fallback` where it is left out or null.
Result<std::int64_t> integer_or(const Node& node, std::string_view key, std::int64_t fallback);
Result<double> real_or(const Node& node, std::string_view key, double fallback);
Result<bool> boolean_or(const Node& node, std::string_view key, bool fallback);
Result<std::string> string_or(const Node& node, std::string_view key, const std::string& fallback);

// A member; `fallback` where it is left out, and 0 where it is null, which switches off what it is the size of.
Result<std::int64_t> integer_or_off(const Node& node, std::string_view key, std::int64_t fallback);
Result<double> real_or_off(const Node& node, std::string_view key, double fallback);

/// The number, or null where it is 0.
template <class Number>
Json size_or_null(Number size) {
  return size > 0 ? Json(size) : Json();
}

Result<std::int64_t> required_integer(const Node& node, std::string_view key);

/// A token id, or the first of a list of them; -1 if there is none.
Result<std::int64_t> token_or_none(const Node& node, std::string_view key);

tl::unexpected<Error> unsupported(const Node& node, std::string what, std::string got, std::string expected);

/// Unsupported if the member is there and true.
Result<void> refuse_true(const Node& node, std::string_view key);

/// The activation that transformers has under a name, and one of its names.
Result<Activation> read_activation(const Node& node, std::string_view key, const std::string& fallback);
std::string_view activation_name(Activation activation);

/// Rotary parameters: `rope_theta` and `rope_scaling` of transformers 4, `rope_parameters` of 5. `rope` holds the
/// family's default; `positions` are those of the model.
Result<void> read_rope(const Node& node, std::int64_t positions, Rope& rope);
/// The same where a part of a head alone may be turned (`partial_rotary_factor`); `read_rope` refuses that.
Result<void> read_partial_rope(const Node& node, std::int64_t positions, Rope& rope);
/// The members of one object of such parameters.
Result<void> read_rope_members(const Node& members, std::int64_t positions, Rope& rope);

Json rope_json(const Rope& rope);               ///< as `rope_parameters` has it
void write_rope(const Rope& rope, Json& json);  ///< as versions 4 and 5 have it

/// `layer_types`: "sliding_attention" or "full_attention" for each layer.
Result<std::vector<bool>> read_layer_types(const Node& node, std::int64_t layers);
Json layer_types(const ModelConfig& config);
std::int64_t largest_window(const ModelConfig& config);  ///< 0: no layer has one

/// Layers' windows from `layer_types`; where it is missing, `has_window` tells which layers have this window (0: none).
template <class Predicate>
Result<void> read_windows(const Node& node, std::int64_t window, Predicate&& has_window, ModelConfig& config) {
  PEGBOX_TRY(const std::vector<bool> listed, read_layer_types(node, config.layers));
  config.windows.clear();
  for (std::int64_t i = 0; i < config.layers; ++i) {
    const bool windowed = listed.empty() ? has_window(i) : listed[static_cast<std::size_t>(i)];
    config.windows.push_back(windowed ? window : 0);
  }
  return {};
}

}  // namespace pegbox::train
