// CommandTemplate: a small reading of the shell's quotes, enough to know where a placeholder stands.
#include "search/executors/command_template.h"

#include <algorithm>
#include <cctype>

#include "base/document.h"

namespace pegbox {
namespace {

bool is_plain(char byte) {
  return std::isalnum(static_cast<unsigned char>(byte)) ||
         std::string_view("_-+=./:,@%^").find(byte) != std::string_view::npos;
}

}  // namespace

class CommandTemplate::Parser {
 public:
  Parser(std::string_view text, const std::vector<std::string>& names) : text_(text), names_(names) {}

  Result<std::vector<Piece>> parse() {
    while (at_ < text_.size()) PEGBOX_CHECK(take());
    pieces_.push_back(piece_);
    return std::move(pieces_);
  }

 private:
  tl::unexpected<Error> fail_at(std::string what, std::string got, std::string expected, std::string hint) const {
    return fail(ErrorKind::InvalidInput, {.where = "command",
                                          .what = std::move(what),
                                          .got = std::move(got),
                                          .expected = std::move(expected),
                                          .hint = std::move(hint)});
  }

  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  void copy(std::size_t count) {
    piece_.text.append(text_.substr(at_, count));
    at_ += count;
  }

  Result<void> take() {
    const char byte = peek();
    if ((byte == '{' || byte == '}') && peek(1) == byte) {
      piece_.text += byte;
      at_ += 2;
      return {};
    }
    if (byte == '$' && peek(1) == '{') return take_shell_variable();
    if (byte == '{') return take_placeholder();
    if (byte == '}') return fail_at("a '}' without its '{'", std::string(text_), {}, "write }} for a brace");
    take_quotes(byte);
    return {};
  }

  void take_quotes(char byte) {
    Quotes& quotes = levels_.back();
    if (byte == '\\' && quotes != Quotes::Single) return copy(std::min<std::size_t>(2, text_.size() - at_));
    if (byte == '\'' && quotes != Quotes::Double) quotes = quotes == Quotes::Single ? Quotes::None : Quotes::Single;
    if (byte == '"' && quotes != Quotes::Single) quotes = quotes == Quotes::Double ? Quotes::None : Quotes::Double;
    if (byte == '`' && quotes != Quotes::Single) in_backticks_ = !in_backticks_;
    if (quotes != Quotes::Single && byte == '$' && peek(1) == '(') {
      levels_.push_back(Quotes::None);
      return copy(2);
    }
    const bool bare = quotes == Quotes::None;  // `quotes` does not outlive a change of levels_
    if (bare && byte == '(') levels_.push_back(Quotes::None);
    if (bare && byte == ')' && levels_.size() > 1) levels_.pop_back();
    copy(1);
  }

  Result<void> take_shell_variable() {
    const std::size_t end = text_.find('}', at_);
    if (end == std::string_view::npos)
      return fail_at("a '${' that is not closed", std::string(text_.substr(at_)), "}", {});
    copy(end + 1 - at_);
    return {};
  }

  Result<void> take_placeholder() {
    const std::size_t end = text_.find('}', at_);
    if (end == std::string_view::npos)
      return fail_at("a '{' that is not closed", std::string(text_.substr(at_)), "}", "write {{ for a brace");
    const std::string name(text_.substr(at_ + 1, end - at_ - 1));
    if (std::ranges::find(names_, name) == names_.end()) return fail_unknown(name);
    if (in_backticks_)
      return fail_at("a placeholder within `...`", "{" + name + "}", "$(...)", "write $(...) instead of `...`");
    piece_.name = name;
    piece_.quotes = levels_.back();
    pieces_.push_back(std::exchange(piece_, {}));
    at_ = end + 1;
    return {};
  }

  tl::unexpected<Error> fail_unknown(const std::string& name) const {
    const std::vector<std::string_view> candidates(names_.begin(), names_.end());
    const std::string nearest = nearest_name(name, candidates);
    std::string known;
    for (const std::string& each : names_) known += (known.empty() ? "{" : ", {") + each + "}";
    return fail_at(
        "no hyperparameter of this name", "{" + name + "}", known,
        nearest.empty() ? "write {{ and }} for braces of the command's own" : "did you mean {" + nearest + "}?");
  }

  const std::string_view text_;
  const std::vector<std::string>& names_;
  std::size_t at_ = 0;
  std::vector<Quotes> levels_{Quotes::None};  // one for each open ( or $(
  bool in_backticks_ = false;
  Piece piece_;
  std::vector<Piece> pieces_;
};

Result<CommandTemplate> CommandTemplate::parse(std::string_view text, const std::vector<std::string>& known_names) {
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return fail(ErrorKind::InvalidInput, {.where = "command", .what = "the trial command is empty"});
  CommandTemplate command;
  PEGBOX_TRY(command.pieces_, Parser(text, known_names).parse());
  return command;
}

std::string CommandTemplate::quote(const std::string& value, Quotes quotes) {
  const bool plain = !value.empty() && std::ranges::all_of(value, is_plain);
  if (plain || (value.empty() && quotes != Quotes::None)) return value;
  std::string quoted;
  for (const char byte : value) {
    if (byte == '\0') continue;
    if (quotes == Quotes::Double && std::string_view("\\\"$`").find(byte) != std::string_view::npos) quoted += '\\';
    if (quotes != Quotes::Double && byte == '\'')
      quoted += "'\\''";
    else
      quoted += byte;
  }
  return quotes == Quotes::None ? "'" + quoted + "'" : quoted;
}

std::string CommandTemplate::fill(const std::map<std::string, std::string>& values) const {
  std::string command;
  for (const Piece& piece : pieces_) {
    command += piece.text;
    if (piece.name.empty()) continue;
    const auto value = values.find(piece.name);
    command += quote(value == values.end() ? std::string() : value->second, piece.quotes);
  }
  return command;
}

}  // namespace pegbox
