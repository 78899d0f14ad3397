// Json: the one JSON type of pegbox (object members keep their order), read strictly.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pegbox {

using Json = nlohmann::ordered_json;

/// Parses one JSON value that is the whole of `text`. Refused with line and column: syntax errors, a key twice in one
/// object, bytes that are not UTF-8, anything after the value. `where` names the source in messages.
/// Non-finite numbers may be written as the strings "nan", "inf" and "-inf" (see `json_number`); JSON has no others.
Result<Json> parse_json(std::string_view text, const std::string& where);

/// One line of JSON without spaces. Bytes that are not UTF-8 are replaced, so that writing never fails.
std::string to_line(const Json& json);

/// A double as JSON: itself if finite, else one of the strings "nan", "inf", "-inf".
Json json_number(double value);

/// The inverse of `json_number`; nothing if `json` is neither a number nor one of the three strings.
bool read_json_number(const Json& json, double& value);

}  // namespace pegbox
