// Json: the one JSON type of pegbox (object members keep their order), read strictly.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pegbox {

using Json = nlohmann::ordered_json;

/// Parses one JSON value that is the whole of `text`. Refused with line and column: syntax errors, a key twice in one
/// object, bytes that are not UTF-8, anything after the value, nesting deeper than 200. `where` names the source in
/// messages. Non-finite numbers may be written as the strings "nan", "inf" and "-inf" (see `json_number`); JSON has no
/// others.
Result<Json> parse_json(std::string_view text, const std::string& where);

/// The same for what another program wrote: the bare words NaN, Infinity and -Infinity, which Python's json module
/// writes, are read as the strings "nan", "inf" and "-inf".
Result<Json> parse_foreign_json(std::string_view text, const std::string& where);

/// As above, and fills `lines` with the line, counted from 1, of every value: JSON pointer ("/space/rank") -> line.
Result<Json> parse_json(std::string_view text, const std::string& where, std::map<std::string, int>& lines);

/// The JSON pointer of a member: `pointer`, "/", and `key` escaped.
std::string pointer_to(const std::string& pointer, std::string_view key);

/// One line of JSON without spaces. Bytes that are not UTF-8 are replaced, so that writing never fails.
std::string to_line(const Json& json);

/// `json` for a message: one line, cut to about `limit` bytes.
std::string excerpt(const Json& json, std::size_t limit = 60);

/// A double as JSON: itself if finite, else one of the strings "nan", "inf", "-inf".
Json json_number(double value);

/// The inverse of `json_number`; nothing if `json` is neither a number nor one of the three strings.
bool read_json_number(const Json& json, double& value);

}  // namespace pegbox
