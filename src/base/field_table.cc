// FieldRow: reading one field, and the schema and words that follow from the rows.
#include "base/field_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"

namespace pegbox {

namespace {

bool holds_integer(const FieldRow& row) { return std::holds_alternative<std::int64_t>(row.fallback); }
bool holds_real(const FieldRow& row) { return std::holds_alternative<double>(row.fallback); }
bool holds_number(const FieldRow& row) { return holds_integer(row) || holds_real(row); }

// "at least 0", "from 0 to 1", "" without bounds
std::string range_of(const FieldRow& row) {
  const bool low = std::isfinite(row.minimum), high = std::isfinite(row.maximum);
  if (low && high) return fmt::format("from {} to {}", format_number(row.minimum), format_number(row.maximum));
  if (low) return fmt::format("at least {}", format_number(row.minimum));
  if (high) return fmt::format("at most {}", format_number(row.maximum));
  return {};
}

// A text such as "20GiB" as the row's unit.
Result<double> read_with_unit(const FieldRow& row, const Node& node) {
  PEGBOX_TRY(const std::string text, node.string());
  const auto value = row.unit == Unit::Bytes ? parse_bytes(text) : parse_duration(text);
  if (value) return *value;
  if (row.unit == Unit::Bytes) return node.fail("not a size", "bytes, such as 20GiB, 512 MB or 1e9");
  return node.fail("not a duration", "seconds, or a duration such as 20m, 1h30m or 2d");
}

Result<void> check_range(const FieldRow& row, const Node& node, double value) {
  if (value >= row.minimum && value <= row.maximum) return {};
  return node.fail("out of range", range_of(row));
}

Result<FieldValue> read_real(const FieldRow& row, const Node& node) {
  const bool with_unit = row.unit != Unit::None && node.is_string();
  PEGBOX_TRY(const double value, with_unit ? read_with_unit(row, node) : node.real());
  PEGBOX_CHECK(check_range(row, node, value));
  return FieldValue(value);
}

Result<FieldValue> read_integer(const FieldRow& row, const Node& node) {
  std::int64_t value = 0;
  if (row.unit != Unit::None && node.is_string()) {
    PEGBOX_TRY(const double amount, read_with_unit(row, node));
    if (row.unit == Unit::Seconds && amount != std::trunc(amount))
      return node.fail("not a whole number", "whole seconds");
    if (!(amount < 0x1p63)) return node.fail("too large", "an integer below 2^63");
    value = std::llround(amount);
  } else {
    PEGBOX_TRY(value, node.integer());
  }
  PEGBOX_CHECK(check_range(row, node, static_cast<double>(value)));
  return FieldValue(value);
}

Result<FieldValue> read_text(const FieldRow& row, const Node& node) {
  if (!node.is_string() && !row.choices.empty())
    return node.fail("unknown choice", fmt::format("one of {}", fmt::join(row.choices, ", ")));
  PEGBOX_TRY(std::string text, node.string());
  if (row.choices.empty() || std::find(row.choices.begin(), row.choices.end(), text) != row.choices.end())
    return FieldValue(std::move(text));
  const std::string nearest = nearest_name(text, row.choices);
  return node.fail("unknown choice", fmt::format("one of {}", fmt::join(row.choices, ", ")),
                   nearest.empty() ? "" : fmt::format("did you mean \"{}\"?", nearest));
}

std::string_view type_name(const FieldRow& row) {
  if (row.unit == Unit::Bytes) return "bytes (`20GiB`)";
  if (row.unit == Unit::Seconds) return "seconds (`30m`)";
  if (holds_integer(row)) return "integer";
  if (holds_real(row)) return "number";
  return std::holds_alternative<bool>(row.fallback) ? "true or false" : "text";
}

Json schema_type(const FieldRow& row) {
  if (holds_number(row)) {
    const Json number = holds_integer(row) ? "integer" : "number";
    const bool text_too = row.unit != Unit::None || to_json(row.fallback).is_string();
    return text_too ? Json::array({number, "string"}) : number;
  }
  return std::holds_alternative<bool>(row.fallback) ? "boolean" : "string";
}

// A bound as the field's own type, so that an integer's minimum is 1 and not 1.0.
Json bound(const FieldRow& row, double value) {
  const bool whole = value == std::trunc(value) && std::abs(value) < 0x1p53;
  if (holds_integer(row) && whole) return static_cast<std::int64_t>(value);
  return value;
}

std::string description_of(const FieldRow& row) {
  std::string text(row.help);
  if (row.source.empty()) return text;
  return text.empty() ? fmt::format("default: {}", row.source) : fmt::format("{} (default: {})", text, row.source);
}

Json schema_of(const FieldRow& row) {
  Json schema = Json::object();
  schema["type"] = schema_type(row);
  schema["default"] = to_json(row.fallback);
  if (std::isfinite(row.minimum)) schema["minimum"] = bound(row, row.minimum);
  if (std::isfinite(row.maximum)) schema["maximum"] = bound(row, row.maximum);
  for (const std::string_view choice : row.choices) schema["enum"].push_back(choice);
  if (const std::string text = description_of(row); !text.empty()) schema["description"] = text;
  return schema;
}

}  // namespace

Result<FieldValue> FieldRow::read(const Node& node) const {
  if (holds_integer(*this)) return read_integer(*this, node);
  if (holds_real(*this)) return read_real(*this, node);
  if (std::holds_alternative<std::string>(fallback)) return read_text(*this, node);
  PEGBOX_TRY(const bool value, node.boolean());
  return FieldValue(value);
}

Json schema_of(const std::vector<FieldRow>& rows) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
  for (const FieldRow& row : rows) schema["properties"][std::string(row.name)] = schema_of(row);
  return schema;
}

std::string accepted_values(const FieldRow& row) {
  if (!row.choices.empty()) return fmt::format("`{}`", fmt::join(row.choices, "`, `"));
  const std::string range = range_of(row);
  return std::string(type_name(row)) + (range.empty() ? "" : " ") + range;
}

std::vector<std::string_view> names_of(const std::vector<FieldRow>& rows) {
  std::vector<std::string_view> names;
  names.reserve(rows.size());
  for (const FieldRow& row : rows) names.push_back(row.name);
  return names;
}

Json to_json(const FieldValue& value) {
  if (const auto* real = std::get_if<double>(&value)) return json_number(*real);
  return std::visit([](const auto& held) { return Json(held); }, value);
}

}  // namespace pegbox
