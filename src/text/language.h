// Language: which human language a text is written in, as Compact Language Detector 2 (CLD2) tells it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace pegbox::text {

/// The code of the language that most of a text (UTF-8) is in: "en", "de", "zh" (ISO 639, as CLD2 has them); empty
/// where CLD2 is not sure, as of most texts of few words, of numbers and of code. Looks at the first 4,096 bytes. The
/// view lives as long as the program.
std::string_view language_of(std::string_view text);

/// The code that CLD2 has for "en", "EN" or "English"; InvalidInput, with `where`, if it knows no such language.
Result<std::string> language_code(const std::string& name, const std::string& where);

}  // namespace pegbox::text
