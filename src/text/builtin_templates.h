// Built-in chat templates, for models that have none: ours, in the style of published ones.
#pragma once

#include <span>
#include <string_view>

namespace pegbox::text {

struct BuiltinTemplate {
  std::string_view name;
  std::string_view help;
  std::string_view source;  ///< Jinja, with generation blocks
};

std::span<const BuiltinTemplate> builtin_templates();

}  // namespace pegbox::text
