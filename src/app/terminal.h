// Terminal: what the place that we write to can show: colours, width, Unicode.
#pragma once

#include <string>
#include <string_view>

namespace pegbox {

struct Terminal {
  bool is_terminal = false;
  bool has_color = false;    ///< a terminal, unless NO_COLOR is set (https://no-color.org) or TERM is "dumb"
  bool has_unicode = false;  ///< the locale's encoding is UTF-8
  int height = 24;           ///< lines; 24 where it is no terminal
  int width = 80;            ///< columns; of COLUMNS or 80 where it is no terminal

  static Terminal look_at(int descriptor);
};

/// A terminal's colours, or nothing where it has none.
class Paint {
 public:
  explicit Paint(bool has_color) : has_color_(has_color) {}
  std::string bold(std::string_view text) const { return wrap("1", text); }
  std::string dim(std::string_view text) const { return wrap("2", text); }
  std::string red(std::string_view text) const { return wrap("31", text); }
  std::string green(std::string_view text) const { return wrap("32", text); }
  std::string yellow(std::string_view text) const { return wrap("33", text); }
  std::string cyan(std::string_view text) const { return wrap("36", text); }

 private:
  std::string wrap(std::string_view code, std::string_view text) const;
  bool has_color_;
};

/// What another program printed, for a terminal: colours and cursor movements (ECMA-48's control sequences) left out, a
/// carriage return is a line break, other control characters except tab and line break are "?".
std::string clean_text(std::string_view text);

/// Columns that `text` takes: its characters, escape sequences not counted.
int display_width(std::string_view text);

/// `text` cut to at most `width` columns, with an ellipsis ("…", or "..." without Unicode) where something is left out.
std::string fit(std::string_view text, int width, bool has_unicode);

}  // namespace pegbox
