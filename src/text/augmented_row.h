// Augmented row: which texts of a row may differ in a copy of it: those that are given to a model, never those that it
// learns.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "text/dataset.h"
#include "text/row_shapes.h"

namespace pegbox::text {

/// A text in another form.
using TextChanger = std::function<std::string(std::string_view text)>;

/// A changer that changes nothing and puts the texts that it is given into `texts`.
TextChanger collecting(std::vector<std::string>& texts);

/// `prompt` with what a person wrote of it changed: all of it, or, of one in Alpaca's published words, the instruction
/// and the input.
std::string changed_prompt(const std::string& prompt, const TextChanger& change);

/// Changes, in the JSON object of a row, the strings of the fields named; else by its shape: a prompt, an instruction
/// with its input, what users say in a conversation, a text with a label. False if that is nothing: the row is plain
/// text, all of which is learned. InvalidInput, with `where`, for a field that the row has not, or that is no text.
Result<bool> change_json(Json& json, const ShapedRow& row, const DatasetOptions& options,
                         std::span<const std::string> fields, const std::string& where, const TextChanger& change);

/// The same of a row that was read, without its file; nothing if it is plain text.
std::optional<Row> changed_row(const Row& row, const TextChanger& change);

}  // namespace pegbox::text
