// Row shapes: the forms that a row of a data file may have, and how each becomes a Row. Internal to the loading of data
// sets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/dataset.h"
#include "text/span.h"

namespace pegbox::text {

struct ShapedRow {
  Row row;
  RowShape shape = RowShape::Text;
};

/// A row by its fields; `where` is its place in messages. InvalidInput for a value that is no object, for missing,
/// empty or ambiguous fields, and for fields of the wrong type.
Result<ShapedRow> read_row(const Json& json, const std::string& where, const DatasetOptions& options);

/// The words of a row that are its own, one field or message after another, a line each: of an instruction without
/// Alpaca's prompt, of a conversation without roles. What rows are compared by.
std::string own_text_of(const Json& json, const ShapedRow& row, const DatasetOptions& options);

/// What a message says: its content, or the text parts of it, and its tool calls as JSON.
std::string content_text(const Json& message);

/// The class in the field `label` of a row of text: a name or an integer; nothing if there is none.
std::optional<std::string> label_of(const Json& json, const DatasetOptions& options);

/// Stanford Alpaca's published prompt for an instruction, with an input or without
/// (github.com/tatsu-lab/stanford_alpaca, train.py).
std::string alpaca_prompt(const std::string& instruction, const std::string& input);

/// What a person wrote of a prompt: the instruction and the input where it is in the words of alpaca_prompt, else all.
std::vector<Span> own_parts_of_prompt(std::string_view prompt);

/// The fields that a row may have, for messages: "`text`, or ...".
std::string_view fields_expected(bool labels);

}  // namespace pegbox::text
