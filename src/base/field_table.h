// FieldTable: the fields of a plain struct, one row each; parsing, validation, help, schema and docs follow from it.
//
//   struct Options { double learning_rate = 3e-4; };
//   const FieldTable<Options>& option_fields() {
//     static const FieldTable<Options> table{{
//         {.name = "learning_rate", .member = &Options::learning_rate, .minimum = 0, .help = "peak learning rate"}}};
//     return table;
//   }
//   PEGBOX_TRY(Options options, option_fields().read(node));
//
// A row's default is the struct's own member initializer.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/document.h"
#include "base/json.h"
#include "base/result.h"

namespace pegbox {

using FieldValue = std::variant<bool, std::int64_t, double, std::string>;

/// How a field's text is read: "20GiB" and "30m" are numbers only where the row says so.
enum class Unit : std::uint8_t { None, Bytes, Seconds };

/// A row without its struct: what is known of a field.
struct FieldRow {
  std::string_view name;
  FieldValue fallback;  ///< the default; its alternative is the field's type
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  std::vector<std::string_view> choices;  ///< for strings: the values allowed; empty for any
  Unit unit = Unit::None;
  std::string_view help;
  std::string_view source;  ///< where the default comes from

  /// Reads and validates `node` as this field: type, range, choices, unit suffix; errors as Node's.
  Result<FieldValue> read(const Node& node) const;
};

Json schema_of(const std::vector<FieldRow>& rows);  ///< JSON schema (draft 2020-12) of the object
std::string accepted_values(const FieldRow& row);   ///< in Markdown: "integer from 1 to 64", "`adamw`, `sgd`", "text"
std::vector<std::string_view> names_of(const std::vector<FieldRow>& rows);
Json to_json(const FieldValue& value);

template <class T>
using FieldMember = std::variant<bool T::*, std::int64_t T::*, double T::*, std::string T::*>;

template <class T>
struct Field {
  std::string_view name;
  FieldMember<T> member;
  double minimum = -std::numeric_limits<double>::infinity();
  double maximum = std::numeric_limits<double>::infinity();
  std::vector<std::string_view> choices;
  Unit unit = Unit::None;
  std::string_view help;
  std::string_view source;
};

/// The rows of one struct. Build it in a function that returns a reference to a `static const` table.
template <class T>
class FieldTable {
 public:
  explicit FieldTable(std::vector<Field<T>> fields) : fields_(std::move(fields)) {
    const T defaults{};
    for (const auto& field : fields_)
      rows_.push_back({field.name, get(defaults, field), field.minimum, field.maximum, field.choices, field.unit,
                       field.help, field.source});
  }

  const std::vector<FieldRow>& rows() const { return rows_; }

  /// The struct with the members that `node` gives; the others keep their default. Unknown members are refused.
  Result<T> read(const Node& node) const {
    const auto names = names_of(rows_);
    PEGBOX_CHECK(node.only(names));
    return read_known(node);
  }

  /// As `read`, but members that are not in the table are left to the caller.
  Result<T> read_known(const Node& node) const {
    T value{};
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (!node.has(fields_[i].name)) continue;
      PEGBOX_TRY(const Node member, node.at(fields_[i].name));
      PEGBOX_TRY(const FieldValue field_value, rows_[i].read(member));
      set(value, fields_[i], field_value);
    }
    return value;
  }

  /// All fields of `value` as a JSON object, in the order of the table.
  Json write(const T& value) const {
    Json json = Json::object();
    for (const auto& field : fields_) json[std::string(field.name)] = to_json(get(value, field));
    return json;
  }

 private:
  // Not inlined: GCC 12 warns of a text member's bytes past the end of structs that have none and are small.
  [[gnu::noinline]] static FieldValue get(const T& value, const Field<T>& field) {
    return std::visit([&](auto member) { return FieldValue(value.*member); }, field.member);
  }
  [[gnu::noinline]] static void set(T& value, const Field<T>& field, const FieldValue& field_value) {
    std::visit(
        [&](auto member) {
          using Type = std::remove_cvref_t<decltype(value.*member)>;
          value.*member = std::get<Type>(field_value);
        },
        field.member);
  }

  std::vector<Field<T>> fields_;
  std::vector<FieldRow> rows_;
};

}  // namespace pegbox
