// Column: see column.h.
#include "watch/column.h"

#include "watch/watch_config.h"

namespace pegbox::watch {

std::string_view noun_of(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::Number:
      return "numbers";
    case ColumnKind::Category:
      return "categories";
    case ColumnKind::Words:
      return "words";
  }
  return {};
}

std::vector<Column> columns_of(const WatchConfig& config) {
  std::vector<Column> columns = {{"prompt_length", ColumnKind::Number, {}},
                                 {"output_length", ColumnKind::Number, {}},
                                 {"rating", ColumnKind::Number, config.fields.rating}};
  for (const std::string& name : config.scores) columns.push_back({name, ColumnKind::Number, name});
  for (const std::string& name : config.groups) columns.push_back({name, ColumnKind::Category, name});
  columns.push_back({"prompt_words", ColumnKind::Words, {}});
  columns.push_back({"output_words", ColumnKind::Words, {}});
  return columns;
}

}  // namespace pegbox::watch
