// Named numbers: a field that has a number for each of some names, as text: "books=0.7,code=0.3".
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/json.h"
#include "base/result.h"

namespace pegbox::train {

/// The numbers of `field` by name; empty for no text. `what` each of them is, for messages: "a share of a set".
Result<std::map<std::string, double>> read_named_numbers(const std::string& text, std::string_view field,
                                                         std::string_view what);

/// Makes an object of numbers at `field`, `mixture: {books: 0.7, code: 0.3}`, or members `mixture.books` and so on (a
/// simplex of a search), the text of the field. Anything else is left for the field to refuse.
void fold_named_numbers(Json& fields, std::string_view field);

}  // namespace pegbox::train
