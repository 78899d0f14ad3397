// Html: text that is safe in a page, and the few elements that a report is made of.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pegbox {

/// For element text and quoted attributes: the five characters of markup are replaced, control characters left out.
std::string escape(std::string_view text);

/// At most `most` bytes of UTF-8, with "..." where something was cut.
std::string shortened(std::string_view text, std::size_t most);

/// A number as shown to people: five digits.
std::string show_number(double value);

/// A table with a head; cells are plain text, or links made by `add_linked`.
class HtmlTable {
 public:
  explicit HtmlTable(const std::vector<std::string>& heads);
  void add(const std::vector<std::string>& cells);
  bool empty() const { return rows_.empty(); }

  std::string html() const;                            ///< wide ones scroll by themselves
  std::string folded(std::string_view summary) const;  ///< closed, under a line that opens it

 private:
  std::string head_, rows_;
};

/// <section> with a heading; `body` is markup.
std::string html_section(std::string_view title, std::string_view body);
std::string html_paragraph(std::string_view text);                               ///< of plain text
std::string html_preformatted(std::string_view summary, std::string_view text);  ///< closed, under a line that opens it
std::string html_list(const std::vector<std::string>& lines);                    ///< of plain text; empty for none

/// A whole page without anything from elsewhere: style for dark and light, for paper and for telephones.
std::string html_page(std::string_view title, std::string_view body);

}  // namespace pegbox
