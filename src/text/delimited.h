// Delimited text: records of fields, comma- or tab-separated, as RFC 4180 describes them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace pegbox::text {

struct Record {
  std::vector<std::string> fields;
  std::int32_t line = 0;  ///< where it begins, from 1
};

/// Is given each record, or why the one of that line is none; an error ends the reading.
using RecordVisitor = std::function<Result<void>(Result<Record> record, std::int32_t line)>;

/// The records of `bytes`, the header among them. A field in double quotes may hold separators, line breaks and quotes
/// (each written twice); quotes in the middle of another field are text. Lines end with LF or CRLF; empty ones are left
/// out. InvalidInput, with the line, for a quote that is never closed, for text after a closing quote, and for a record
/// that has not as many fields as the first. After one of these faults the next line is read; behind a quote that is
/// never closed nothing is.
Result<void> visit_delimited(std::string_view bytes, char separator, const std::string& name,
                             const RecordVisitor& visit);

}  // namespace pegbox::text
