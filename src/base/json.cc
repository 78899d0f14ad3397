// Json: nlohmann's parser drives a builder that refuses repeated keys and deep nesting and knows where it is.
#include "base/json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <unordered_set>
#include <vector>

namespace pegbox {

namespace {

constexpr std::size_t kMaxDepth = 200;   // dump() and most users of a document recurse
constexpr std::size_t kFewMembers = 24;  // up to here a linear search beats a hash table

// An iterator over the text that tells, through `reached`, how far the parser has read.
class Cursor {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Cursor() = default;
  Cursor(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  Cursor& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  Cursor operator++(int) {
    Cursor before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at_ == other.at_; }
  bool operator!=(const Cursor& other) const { return at_ != other.at_; }

 private:
  const char* at_ = nullptr;
  const char** reached_ = nullptr;
};

// "name:line:column" of the byte before `offset`.
std::string place(const std::string& where, std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? offset : offset - newline - 1;
  return where + ":" + std::to_string(line) + ":" + std::to_string(std::max<std::size_t>(column, 1));
}

// Takes nlohmann's "[id] parse error at line 1, column 2: what; last read: 'x'; expected y" apart.
Problem take_apart(std::string text) {
  if (const auto end = text.find("] "); text.starts_with("[json.") && end != std::string::npos) text.erase(0, end + 2);
  if (const auto end = text.find(": "); text.starts_with("parse error at ") && end != std::string::npos)
    text.erase(0, end + 2);
  Problem problem;
  if (const auto at = text.rfind("; expected "); at != std::string::npos) {
    problem.expected = text.substr(at + 11);
    text.resize(at);
  }
  if (const auto at = text.find("; last read: "); at != std::string::npos) {
    problem.got = excerpt(Json(text.substr(at + 13)));
    text.resize(at);
  }
  problem.what = excerpt(Json(text), 200);
  problem.what = problem.what.substr(1, problem.what.size() - 2);  // without the quotes
  return problem;
}

// Builds the value from nlohmann's parse events; each returns false to end the parse, with `problem` and `offset` set.
class Builder {
 public:
  Builder(std::string_view text, std::map<std::string, int>* lines)
      : text_(text), lines_(lines), reached_(text.data()) {}

  Cursor begin() { return {text_.data(), &reached_}; }
  Cursor end() { return {text_.data() + text_.size(), &reached_}; }

  Json root;
  Problem problem;
  std::size_t offset = 0;

  bool null() { return add(nullptr) != nullptr; }
  bool boolean(bool value) { return add(value) != nullptr; }
  bool number_integer(Json::number_integer_t value) { return add(value) != nullptr; }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value) != nullptr; }
  bool number_float(Json::number_float_t value, const std::string&) { return add(value) != nullptr; }
  bool string(std::string& value) { return add(std::move(value)) != nullptr; }
  bool binary(Json::binary_t&) { return false; }
  bool start_object(std::size_t) { return open(add(Json::object())); }
  bool start_array(std::size_t) { return open(add(Json::array())); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }

  bool key(std::string& name) {
    if (!is_new(name)) {
      problem = {.what = "the key " + excerpt(Json(name)) + " stands twice in one object",
                 .hint = "remove one of them"};
      offset = static_cast<std::size_t>(reached_ - text_.data());
      return false;
    }
    key_ = std::move(name);
    if (lines_) note_line(pointer_to(levels_.back().pointer, key_));
    return true;
  }

  template <class Exception>
  bool parse_error(std::size_t position, const std::string&, const Exception& exception) {
    problem = take_apart(exception.what());
    offset = std::min(position, text_.size());
    return false;
  }

 private:
  struct Level {
    Json* container;
    std::string pointer;                    // only where lines are wanted
    std::unordered_set<std::string> names;  // of an object with many members
  };

  Json* add(Json value) {
    if (levels_.empty()) {
      root = std::move(value);
      if (lines_) note_line("");
      return &root;
    }
    Json& container = *levels_.back().container;
    if (container.is_array()) {
      auto& items = container.get_ref<Json::array_t&>();
      if (lines_) note_line(levels_.back().pointer + "/" + std::to_string(items.size()));
      return &items.emplace_back(std::move(value));
    }
    auto& members = container.get_ref<Json::object_t&>();
    return &members.emplace_back(std::move(key_), std::move(value)).second;
  }

  bool open(Json* container) {
    if (levels_.size() == kMaxDepth) {
      problem = {.what = "nested too deep", .expected = "at most " + std::to_string(kMaxDepth) + " levels"};
      offset = static_cast<std::size_t>(reached_ - text_.data());
      return false;
    }
    levels_.push_back({container, std::move(opened_pointer_), {}});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  bool is_new(const std::string& name) {
    Level& level = levels_.back();
    const auto& members = level.container->get_ref<const Json::object_t&>();
    const auto has_name = [&](const auto& member) { return member.first == name; };
    if (members.size() < kFewMembers) return std::none_of(members.begin(), members.end(), has_name);
    if (level.names.empty())
      for (const auto& member : members) level.names.insert(member.first);
    return level.names.insert(name).second;
  }

  // The parser has read the token, and of a number one byte more: up to the byte before, only lines of this token.
  void note_line(std::string pointer) {
    const char* end = std::max(counted_to_ ? counted_to_ : text_.data(), reached_ - (reached_ > text_.data()));
    line_ += static_cast<int>(std::count(counted_to_ ? counted_to_ : text_.data(), end, '\n'));
    counted_to_ = end;
    lines_->emplace(pointer, line_);
    opened_pointer_ = std::move(pointer);
  }

  std::string_view text_;
  std::map<std::string, int>* lines_;
  const char* reached_;
  const char* counted_to_ = nullptr;
  int line_ = 1;
  std::vector<Level> levels_;  // only the innermost container grows, so the pointers stay valid
  std::string key_;
  std::string opened_pointer_;  // of the value that was noted last: where a container that opens now lies
};

bool mentions_non_finite(std::string_view text, std::size_t offset) {
  const std::size_t start = offset > 2 ? offset - 2 : 0;
  const std::string_view near = text.substr(start, 12);
  return near.find("NaN") != near.npos || near.find("nan") != near.npos || near.find("Inf") != near.npos ||
         near.find("inf") != near.npos;
}

Result<Json> parse(std::string_view text, const std::string& where, std::map<std::string, int>* lines) {
  // nlohmann takes a zero byte for the end of the text.
  if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos)
    return fail(ErrorKind::InvalidInput,
                {.where = place(where, text, zero + 1), .what = "a zero byte", .expected = "JSON text"});
  Builder builder(text, lines);
  if (Json::sax_parse(builder.begin(), builder.end(), &builder)) return std::move(builder.root);
  builder.problem.where = place(where, text, builder.offset);
  if (mentions_non_finite(text, builder.offset))
    builder.problem.hint = "write a number that is not finite as the string \"nan\", \"inf\" or \"-inf\"";
  return fail(ErrorKind::InvalidInput, builder.problem);
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& where) { return parse(text, where, nullptr); }

Result<Json> parse_json(std::string_view text, const std::string& where, std::map<std::string, int>& lines) {
  lines.clear();
  return parse(text, where, &lines);
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
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) --end;  // not within a character
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
