// TextTable: rows of text in aligned columns.
#include "app/text_table.h"

#include <algorithm>

#include "app/terminal.h"

namespace pegbox {

std::string TextTable::render(int width, bool has_unicode) const {
  std::vector<int> widths;
  for (const Column& column : columns_) widths.push_back(display_width(column.title));
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));

  std::string text;
  const auto write = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const std::string& cell = cell_of(i);
      const std::string padding(static_cast<std::size_t>(widths[i] - display_width(cell)), ' ');
      if (i > 0) line += "  ";
      line += columns_[i].align == Align::Right ? padding + cell : cell + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += (width > 0 ? fit(line, width, has_unicode) : line) + "\n";
  };
  write([&](std::size_t i) -> const std::string& { return columns_[i].title; });
  for (const auto& row : rows_) write([&](std::size_t i) -> const std::string& { return row[i]; });
  return text;
}

}  // namespace pegbox
