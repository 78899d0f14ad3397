// Terminal: what the place that we write to can show: colours, width, Unicode.
#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace pegbox {

namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool encoding_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string locale = environment(name);
    if (locale.empty()) continue;
    std::transform(locale.begin(), locale.end(), locale.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

/// Bytes of the character or escape sequence at `at`, and the columns that it takes.
std::size_t step_over(std::string_view text, std::size_t at, int& columns) {
  columns = 0;
  if (text[at] == '\x1b') {
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != 'm') ++end;
    return std::min(end + 1, text.size()) - at;
  }
  columns = 1;
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

}  // namespace

Terminal Terminal::look_at(int descriptor) {
  Terminal terminal;
  const std::string term = environment("TERM");
  terminal.is_terminal = isatty(descriptor) == 1 && !term.empty() && term != "dumb";  // one that can redraw
  terminal.has_color = terminal.is_terminal && environment("NO_COLOR").empty();
  terminal.has_unicode = encoding_is_utf8();
  winsize size{};
  if (terminal.is_terminal && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.width = size.ws_col, terminal.height = std::max<int>(size.ws_row, 2);
  else if (const int columns = std::atoi(environment("COLUMNS").c_str()); columns > 0)
    terminal.width = columns;
  return terminal;
}

std::string Paint::wrap(std::string_view code, std::string_view text) const {
  if (!has_color_) return std::string(text);
  std::string painted = "\x1b[";
  painted.append(code).append("m").append(text).append("\x1b[0m");
  return painted;
}

std::string clean_text(std::string_view text) {
  std::string clean;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0;
    if (byte == 0x1b && next == '[') {
      const std::size_t last = text.find_first_not_of("0123456789:;<=>? !\"#$%&'()*+,-./", at + 2);
      if (last != std::string_view::npos && text[last] >= '@' && text[last] <= '~') {
        at = last;
        continue;
      }
    }
    if (byte == '\r') {
      if (next != '\n') clean += '\n';
    } else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) {  // U+0080 to U+009F in UTF-8
      clean += '?';
      ++at;
    } else {
      const bool is_control = (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f;
      clean += is_control ? '?' : text[at];
    }
  }
  return clean;
}

int display_width(std::string_view text) {
  int width = 0;
  for (std::size_t at = 0; at < text.size();) {
    int columns = 0;
    at += step_over(text, at, columns);
    width += columns;
  }
  return width;
}

std::string fit(std::string_view text, int width, bool has_unicode) {
  if (display_width(text) <= width) return std::string(text);
  const std::string ellipsis = has_unicode ? "…" : "...";
  const int room = width - (has_unicode ? 1 : 3);
  if (room <= 0) return std::string(static_cast<std::size_t>(std::max(width, 0)), '.');
  std::string kept;
  bool has_escape = false;
  int used = 0;
  for (std::size_t at = 0; at < text.size() && used < room;) {
    int columns = 0;
    const std::size_t length = step_over(text, at, columns);
    has_escape = has_escape || columns == 0;
    kept.append(text.substr(at, length));
    used += columns;
    at += length;
  }
  return kept + ellipsis + (has_escape ? "\x1b[0m" : "");
}

}  // namespace pegbox
