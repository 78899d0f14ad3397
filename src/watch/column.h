// Column: one thing that records are compared by.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pegbox::watch {

struct WatchConfig;

enum class ColumnKind : std::uint8_t { Number, Category, Words };
std::string_view noun_of(ColumnKind kind);  ///< "numbers"

struct Column {
  std::string name;
  ColumnKind kind = ColumnKind::Number;
  std::string field;  ///< of the log; empty for what is derived from prompt and output
};

/// prompt_length and output_length in characters, rating, the scores, the groups, prompt_words and output_words.
std::vector<Column> columns_of(const WatchConfig& config);

}  // namespace pegbox::watch
