// Delimited text: records of fields, comma- or tab-separated, as RFC 4180 describes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pegbox::text {

struct Record {
  std::vector<std::string> fields;
  std::int32_t line = 0;  ///< where it begins, from 1
};

/// The records of `bytes`, the header among them. A field in double quotes may hold separators, line breaks and quotes
/// (each written twice); quotes in the middle of another field are text. Lines end with LF or CRLF; empty ones are left
/// out. InvalidInput, with the line, for a quote that is never closed, for text after a closing quote, and for a record
/// that has not as many fields as the first.
Result<std::vector<Record>> read_delimited(std::string_view bytes, char separator, const std::string& name);

}  // namespace pegbox::text
