// Training reference: see training_reference.h.
#include "app/training_reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "app/default_space.h"
#include "base/units.h"
#include "search/published_law.h"

namespace pegbox {

namespace {

std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '|') escaped += '\\';
    escaped += c == '\n' ? ' ' : c;
  }
  return escaped;
}

std::string code(std::string_view text) { return text.empty() ? "" : fmt::format("`{}`", cell(text)); }

std::string default_cell(const Json& value) {
  if (value.is_null() || value == "") return "";
  if (value.is_string()) return code(value.get<std::string>());
  return code(value.is_number_float() ? format_number(value.get<double>()) : to_line(value));
}

/// Of a method that has a default space.
std::span<const DefaultParameter> parameters_of(const std::string& method) {
  const auto parameters = default_space(method);
  return *parameters;
}

/// The methods whose default space has a parameter.
std::string methods_with(const std::string& field) {
  std::vector<std::string> methods;
  for (const std::string& method : methods_with_default_space())
    if (std::ranges::any_of(parameters_of(method), [&](const auto& parameter) { return parameter.name == field; }))
      methods.push_back(method);
  return methods.size() == methods_with_default_space().size() ? "all" : fmt::format("{}", fmt::join(methods, ", "));
}

std::string fields_section(const Json& fields, const std::string& title) {
  std::string text = fmt::format("\n### {}\n\n", title) +
                     "| field | default | takes | meaning | source | searched for |\n|---|---|---|---|---|---|\n";
  for (const Json& field : fields) {
    if (field.value("section", "") != title) continue;
    const std::string name = field.value("name", "");
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", code(name), default_cell(field["default"]),
                        field.value("accepts", ""), cell(field.value("help", "")), cell(field.value("source", "")),
                        methods_with(name));
  }
  return text;
}

std::string space_section(const std::string& method) {
  std::string text =
      fmt::format("\n### {}\n\n", method) + "| parameter | values and prior | tried first | |\n|---|---|---|---|\n";
  for (const DefaultParameter& parameter : parameters_of(method))
    text += fmt::format("| {} | {} | {} | {} |\n", code(parameter.name), code(parameter.values), code(parameter.first),
                        cell(parameter.reason));
  return text;
}

std::string law_section() {
  std::string text =
      "\n## Laws\n\nPriors that are named by a law; the facts that a law needs are what the trainer says of model and "
      "data.\n\n| law | gives | from | source |\n|---|---|---|---|\n";
  for (const LawRow& law : law_table())
    text += fmt::format("| {} | {} | {} | {} |\n", code(law.name), cell(law.help), fmt::join(law.needs, ", "),
                        cell(law.source));
  return text;
}

}  // namespace

std::string training_reference(const Json& fields) {
  std::string text =
      "# The fields of the built-in trainer\n\n"
      "Made by `pegbox help --training` from the trainer's table of fields, the default spaces and the laws; a test "
      "keeps "
      "it in step.\nWhat is trained, and why so: [methods.md](methods.md). How steps are taken: [steps.md](steps.md). "
      "How "
      "spaces are written: [search.md](search.md).\n\n"
      "## Fields\n\n"
      "Each may stand under `trial: trainer:` of a study file, in the file of `pegbox train`, and as `--set "
      "NAME=VALUE`. "
      "All but those of files and the program, `precision` and `task`, which are the same for all trials, may be in a "
      "`space:`; the last column names the methods for which `space: auto` searches a field.\n";
  std::vector<std::string> titles;
  for (const Json& field : fields)
    if (std::string title = field.value("section", ""); std::ranges::find(titles, title) == titles.end())
      titles.push_back(std::move(title));
  for (const std::string& title : titles) text += fields_section(fields, title);
  text += "\n## Default spaces\n\nWhat `space: auto` and a study without a file search, by method.\n";
  for (const std::string& method : methods_with_default_space()) text += space_section(method);
  return text + law_section();
}

}  // namespace pegbox
