// TextTable: rows of text in aligned columns.
#pragma once

#include <string>
#include <vector>

namespace pegbox {

enum class Align : std::uint8_t { Left, Right };

class TextTable {
 public:
  struct Column {
    std::string title;
    Align align = Align::Left;
  };

  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}

  /// One cell for each column; cells may hold colours.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }

  /// Lines with two spaces between columns. If a line would be wider than `width`, the last column is cut; 0: never.
  std::string render(int width, bool has_unicode) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace pegbox
