// Json: a strict recursive parser into nlohmann's values, and their printing.
//
// Why not nlohmann's own parser: it takes the last of repeated keys, takes a zero byte for the end, knows no lines of
// values, and needs twice as long (a study's log is read whole). The tests hold the two against each other.
#include "base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <locale>
#include <sstream>
#include <system_error>
#include <unordered_set>
#include <utility>

#include "base/number.h"

namespace pegbox {

namespace {

constexpr std::size_t kMaxDepth = 200;   // printing and most users of a document recurse
constexpr std::size_t kFewMembers = 24;  // up to here a linear search for a repeated key beats a hash table

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Bytes of the UTF-8 sequence at the front of `text`; 0 if it is none (RFC 3629: no overlong form, no surrogate).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return text.empty() ? 0 : 1;
  if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool overlong = first == 0xE0 && second < 0xA0, surrogate = first == 0xED && second > 0x9F;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool overlong = first == 0xF0 && second < 0x90, too_high = first == 0xF4 && second > 0x8F;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_high ? 4 : 0;
  }
  return 0;
}

void append_utf8(std::string& text, unsigned code) {
  const auto add = [&](unsigned byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xE0 | code >> 12);
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
    }
    add(0x80 | (code >> 6 & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

std::string hint_for(std::string_view word) {
  if (word == "NaN" || word == "nan" || word == "Infinity" || word == "inf" || word == "-Infinity" || word == "-inf")
    return "write a number that is not finite as the string \"nan\", \"inf\" or \"-inf\"";
  if (word == "True" || word == "False" || word == "None") return "JSON writes true, false and null";
  if (word.starts_with('\'')) return "JSON writes texts in double quotes";
  if (word.starts_with('/') || word.starts_with('#')) return "JSON has no comments";
  return {};
}

/// What stands for numbers that are not finite.
enum class NonFinite : std::uint8_t { Strings, StringsAndWords };

class Parser {
 public:
  Parser(std::string_view text, const std::string& where, std::map<std::string, int>* lines,
         NonFinite non_finite = NonFinite::Strings)
      : text_(text), where_(where), lines_(lines), non_finite_(non_finite) {}

  Result<Json> parse() {
    Json root;
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte order mark
    const bool parsed = parse_value(root, "") && skip_space() &&
                        (at_ == text_.size() || refuse({.what = "something stands after the value"}));
    if (!parsed) return fail(ErrorKind::InvalidInput, problem_);
    return root;
  }

 private:
  static constexpr const char* kValue = "a text, a number, an object, an array, true, false or null";

  bool parse_value(Json& value, const std::string& pointer) {
    skip_space();
    if (lines_) note_line(pointer, at_);  // of a member, its key's line stands already
    if (at_ == text_.size()) return refuse({.expected = kValue});
    switch (text_[at_]) {
      case '{':
        return parse_object(value, pointer);
      case '[':
        return parse_array(value, pointer);
      case '"':
        value = Json(Json::value_t::string);
        return parse_string(value.get_ref<std::string&>());
      case 't':
        return parse_word("true", true, value);
      case 'f':
        return parse_word("false", false, value);
      case 'n':
        return parse_word("null", nullptr, value);
      default:
        return parse_non_finite(value) || parse_number(value);
    }
  }

  bool parse_non_finite(Json& value) {
    if (non_finite_ == NonFinite::Strings) return false;
    for (const auto& [word, meaning] : {std::pair{"NaN", "nan"}, {"Infinity", "inf"}, {"-Infinity", "-inf"}})
      if (word_at(at_) == word) return parse_word(word, meaning, value);
    return false;
  }

  bool parse_word(std::string_view word, Json meaning, Json& value) {
    if (word_at(at_) != word) return refuse({.what = "not a value", .expected = kValue});
    at_ += word.size();
    value = std::move(meaning);
    return true;
  }

  bool parse_object(Json& value, const std::string& pointer) {
    if (!descend()) return false;
    value = Json(Json::value_t::object);
    auto& members = value.get_ref<Json::object_t&>();
    members.reserve(4);
    std::unordered_set<std::string> names;  // filled for many members only
    if (take('}')) return ascend();
    do {
      skip_space();
      const std::size_t key_at = at_;
      if (at_ == text_.size() || text_[at_] != '"')
        return refuse({.what = "not a key", .expected = "a key in double quotes"});
      std::string key;
      if (!parse_string(key)) return false;
      if (!is_new(key, members, names)) {
        at_ = key_at;
        return refuse(
            {.what = "the key " + excerpt(key) + " stands twice in one object", .hint = "remove one of them"});
      }
      if (!take(':')) return refuse({.what = "no colon after a key", .expected = "\":\""});
      const std::string child = lines_ ? pointer_to(pointer, key) : std::string();
      if (lines_) note_line(child, key_at);
      if (!parse_value(members.emplace_back(std::move(key), nullptr).second, child)) return false;
    } while (take(','));
    return (take('}') || refuse({.what = "an object goes on without a comma", .expected = "\",\" or \"}\""})) &&
           ascend();
  }

  bool parse_array(Json& value, const std::string& pointer) {
    if (!descend()) return false;
    value = Json(Json::value_t::array);
    auto& items = value.get_ref<Json::array_t&>();
    if (take(']')) return ascend();
    do {
      const std::string child = lines_ ? pointer + "/" + std::to_string(items.size()) : std::string();
      if (!parse_value(items.emplace_back(), child)) return false;
    } while (take(','));
    return (take(']') || refuse({.what = "an array goes on without a comma", .expected = "\",\" or \"]\""})) &&
           ascend();
  }

  static bool is_new(const std::string& key, const Json::object_t& members, std::unordered_set<std::string>& names) {
    const auto has_key = [&](const auto& member) { return member.first == key; };
    if (members.size() < kFewMembers) return std::none_of(members.begin(), members.end(), has_key);
    if (names.empty())
      for (const auto& member : members) names.insert(member.first);
    return names.insert(key).second;
  }

  // At the opening quote.
  bool parse_string(std::string& value) {
    ++at_;
    while (true) {
      const std::size_t start = at_;
      while (at_ < text_.size() && text_[at_] >= 0x20 && text_[at_] != '"' && text_[at_] != '\\') ++at_;  // plain ASCII
      value.append(text_, start, at_ - start);
      if (at_ == text_.size()) return refuse({.expected = "the end of a string"});
      const char c = text_[at_];
      if (c == '"') {
        ++at_;
        return true;
      }
      if (c == '\\') {
        if (!parse_escape(value)) return false;
      } else if (c >= 0 && c < 0x20) {
        return refuse(
            {.what = "a control character in a string", .hint = "write a line break as \\n, others as \\u00XX"});
      } else {
        const std::size_t length = utf8_length(text_.substr(at_));
        if (length == 0) return refuse({.what = "bytes that are not UTF-8"});
        value.append(text_, at_, length);
        at_ += length;
      }
    }
  }

  // At the backslash.
  bool parse_escape(std::string& value) {
    static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    const char letter = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (const std::size_t i = kLetters.find(letter); i != std::string_view::npos) {
      value += kMeanings[i];
      at_ += 2;
      return true;
    }
    unsigned code = 0, second = 0;
    if (!hex_escape(at_, code)) return refuse({.what = "an unknown escape in a string"});
    const bool is_high = code >= 0xD800 && code <= 0xDBFF;
    if (is_high && !(hex_escape(at_ + 6, second) && second >= 0xDC00 && second <= 0xDFFF))
      return refuse({.what = "half of a surrogate pair"});
    if (code >= 0xDC00 && code <= 0xDFFF) return refuse({.what = "half of a surrogate pair"});
    append_utf8(value, is_high ? 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00) : code);
    at_ += is_high ? 12 : 6;
    return true;
  }

  // Reads "\uXXXX" at `offset`.
  bool hex_escape(std::size_t offset, unsigned& code) const {
    if (offset + 6 > text_.size() || text_[offset] != '\\' || text_[offset + 1] != 'u') return false;
    const char* const end = text_.data() + offset + 6;
    return std::from_chars(end - 4, end, code, 16).ptr == end && *(end - 4) != '-';
  }

  bool parse_number(Json& value) {
    const std::size_t start = at_;
    bool whole = true;
    const auto digits = [&] {
      const std::size_t first = at_;
      while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
      return at_ > first;
    };
    const auto skip = [&](std::string_view any) {
      return at_ < text_.size() && any.find(text_[at_]) != std::string_view::npos && ++at_;
    };
    skip("-");
    bool valid = skip("0") || digits();
    if (valid && skip(".")) {
      whole = false;
      valid = digits();
    }
    if (valid && skip("eE")) {
      whole = false;
      skip("+-");
      valid = digits();
    }
    const std::string_view number = text_.substr(start, at_ - start);
    at_ = start;
    if (!valid || number.size() != word_at(start).size()) return refuse({.what = "not a value", .expected = kValue});
    if (!(whole && read_integer(number, value)) && !read_real(number, value))
      return refuse({.what = "a number too large for a double"});
    at_ = start + number.size();
    return true;
  }

  template <class Number>
  static bool read_as(std::string_view text, Json& value) {
    Number number{};
    if (std::from_chars(text.data(), text.data() + text.size(), number).ec != std::errc()) return false;
    value = number;
    return true;
  }

  static bool read_integer(std::string_view text, Json& value) {
    if (text.starts_with('-')) return read_as<std::int64_t>(text, value);
    return read_as<std::uint64_t>(text, value);
  }

  static bool read_real(std::string_view text, Json& value) {
    if (read_as<double>(text, value)) return true;
    std::istringstream stream{std::string(text)};  // from_chars does not tell too large from too small
    stream.imbue(std::locale::classic());
    double number = 0;
    if (!(stream >> number)) return false;
    value = number;
    return true;
  }

  bool skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return true;
  }

  bool take(char c) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool descend() {
    if (++depth_ > kMaxDepth)
      return refuse({.what = "nested too deep", .expected = fmt::format("at most {} levels", kMaxDepth)});
    ++at_;
    return true;
  }

  bool ascend() {
    --depth_;
    return true;
  }

  void note_line(const std::string& pointer, std::size_t offset) {
    const auto end = static_cast<std::ptrdiff_t>(offset);
    if (end > counted_to_)
      line_ += static_cast<int>(std::count(text_.begin() + counted_to_, text_.begin() + end, '\n'));
    counted_to_ = std::max(counted_to_, end);
    lines_->emplace(pointer, line_);
  }

  // What stands at `offset`, up to the next mark or space.
  std::string_view word_at(std::size_t offset) const {
    constexpr std::string_view kMarks = " \t\r\n,:[]{}\"";
    const std::size_t end = std::min(text_.find_first_of(kMarks, offset), text_.size());
    return text_.substr(offset, std::max<std::size_t>(end - offset, offset < text_.size()));
  }

  // Ends the parse with a problem at `at_`; always false.
  bool refuse(Problem problem) {
    const std::string_view before = text_.substr(0, at_);
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 = 0
    problem.where =
        fmt::format("{}:{}:{}", where_, 1 + std::count(before.begin(), before.end(), '\n'), at_ - line_start + 1);
    const std::string_view word = word_at(at_);
    if (at_ == text_.size())
      problem.what = "the text ends too early";
    else if (word != "\"")
      problem.got = excerpt(std::string(word), 40);
    if (problem.hint.empty()) problem.hint = hint_for(word);
    problem_ = std::move(problem);
    return false;
  }

  std::string_view text_;
  const std::string& where_;
  std::map<std::string, int>* lines_;  // or null
  NonFinite non_finite_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  std::ptrdiff_t counted_to_ = 0;
  int line_ = 1;  // of counted_to_
  Problem problem_;
};

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& where) {
  return Parser(text, where, nullptr).parse();
}

Result<Json> parse_foreign_json(std::string_view text, const std::string& where) {
  return Parser(text, where, nullptr, NonFinite::StringsAndWords).parse();
}

Result<Json> parse_json(std::string_view text, const std::string& where, std::map<std::string, int>& lines) {
  lines.clear();
  return Parser(text, where, &lines).parse();
}

std::string pointer_to(const std::string& pointer, std::string_view key) {
  std::string child = pointer + "/";
  for (const char c : key) {
    if (c == '~')
      child += "~0";
    else if (c == '/')
      child += "~1";
    else
      child += c;
  }
  return child;
}

std::string to_line(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string excerpt(const Json& json, std::size_t limit) {
  std::string line = to_line(json);
  if (line.size() <= limit) return line;
  std::size_t end = limit;
  while (end > 0 && is_continuation(line[end])) --end;  // not within a character
  line.resize(end);
  return line + "...";
}

Json json_number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

bool read_json_number(const Json& json, double& value) {
  if (json.is_number()) {
    value = json.get<double>();
    return true;
  }
  if (!json.is_string()) return false;
  const auto& text = json.get_ref<const std::string&>();
  if (text == "nan")
    value = std::numeric_limits<double>::quiet_NaN();
  else if (text == "inf")
    value = std::numeric_limits<double>::infinity();
  else if (text == "-inf")
    value = -std::numeric_limits<double>::infinity();
  else
    return false;
  return true;
}

}  // namespace pegbox
