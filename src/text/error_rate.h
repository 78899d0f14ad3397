// Error rates of words and characters: the fewest insertions, deletions and substitutions that make a text of its
// reference (Levenshtein), for each word or character of the reference.
#pragma once

#include <cstdint>
#include <string_view>

namespace pegbox::text {

/// Those of a corpus are the sums of its texts'; the rate is edits / reference, and may be above 1.
struct EditCounts {
  std::int64_t edits = 0;
  std::int64_t reference = 0;  ///< words or characters of the reference
};

// Both texts are well-formed UTF-8. Words stand between white space; characters are those of Unicode, without the white
// space at the ends of the text.
EditCounts word_edits(std::string_view hypothesis, std::string_view reference);
EditCounts character_edits(std::string_view hypothesis, std::string_view reference);

}  // namespace pegbox::text
