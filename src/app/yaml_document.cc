// Builds the Document from yaml-cpp's events, not from its nodes, so that duplicate keys, quoting, tags and aliases are
// seen as they were written.
#include "app/yaml_document.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

#include "app/yaml_scalar.h"
#include "text/utf8.h"

namespace pegbox {

namespace {

constexpr std::size_t kMaxFileBytes = 16u << 20;
constexpr std::size_t kMaxValues = 100'000;

/// What a builder throws through yaml-cpp, and `parse_yaml` catches: exceptions are yaml-cpp's own way out.
struct Refusal {
  int line = 0;
  std::string what, got, hint;
};

std::size_t count_values(const Json& json) {
  std::size_t count = 1;
  for (const auto& child : json) count += child.is_structured() ? count_values(child) : 1;
  return count;
}

/// A collection that is being read.
struct Frame {
  Json value;
  std::string pointer;
  YAML::anchor_t anchor = 0;
  bool has_key = false;
  std::string key;
  int key_line = 0;
  std::map<std::string, int> key_lines;
};

class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(Document& document) : document_(document) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add_scalar(mark, anchor, nullptr, ""); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Refusal{mark.line + 1, "an alias (*name) inside the value that it names", "", ""};
    values_ += count_values(found->second);
    if (values_ > kMaxValues)
      throw Refusal{mark.line + 1, fmt::format("aliases (*name) that grow beyond {} values", kMaxValues), "",
                    "write the values out"};
    add(mark, Json(found->second));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (tag == "?" || tag.empty()) return add_scalar(mark, anchor, plain_yaml_scalar(text), text);
    if (tag == "!" || tag == "tag:yaml.org,2002:str") return add_scalar(mark, anchor, text, text);
    throw Refusal{mark.line + 1, "a tag, which is not used here", tag, "write the value without it"};
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::array());
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, Json::object());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  bool expects_key() const { return !frames_.empty() && frames_.back().value.is_object() && !frames_.back().has_key; }

  std::string child_pointer() const {
    if (frames_.empty()) return "";
    const Frame& frame = frames_.back();
    return pointer_to(frame.pointer, frame.value.is_object() ? frame.key : std::to_string(frame.value.size()));
  }

  void add_scalar(const YAML::Mark& mark, YAML::anchor_t anchor, Json value, const std::string& text) {
    if (expects_key()) return take_key(mark, text);
    count(mark);
    if (anchor != 0) anchors_[anchor] = value;
    add(mark, std::move(value));
  }

  void take_key(const YAML::Mark& mark, const std::string& key) {
    Frame& frame = frames_.back();
    const auto [earlier, is_new] = frame.key_lines.emplace(key, mark.line + 1);
    if (!is_new)
      throw Refusal{mark.line + 1, fmt::format("the key `{}` a second time", key),
                    fmt::format("a first one in line {}", earlier->second), "keep one of the two"};
    frame.key = key;
    frame.key_line = mark.line + 1;
    frame.has_key = true;
  }

  void count(const YAML::Mark& mark) {
    if (++values_ > kMaxValues) throw Refusal{mark.line + 1, fmt::format("more than {} values", kMaxValues), "", ""};
  }

  /// The line of a member is that of its key.
  void note_line(const YAML::Mark& mark, const std::string& pointer) {
    const bool is_member = !frames_.empty() && frames_.back().value.is_object();
    document_.lines[pointer] = is_member ? frames_.back().key_line : mark.line + 1;
  }

  void add(const YAML::Mark& mark, Json value) {
    if (expects_key()) throw Refusal{mark.line + 1, "a key that is not plain text", "", "use a word as key"};
    note_line(mark, child_pointer());
    put(std::move(value));
  }

  void put(Json value) {
    if (frames_.empty()) {
      document_.json = std::move(value);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.value.is_object()) {
      frame.value[frame.key] = std::move(value);
      frame.has_key = false;
    } else {
      frame.value.push_back(std::move(value));
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json empty) {
    if (expects_key()) throw Refusal{mark.line + 1, "a key that is not plain text", "", "use a word as key"};
    if (!tag.empty() && tag != "?" && tag != "!")
      throw Refusal{mark.line + 1, "a tag, which is not used here", tag, "write the value without it"};
    count(mark);
    const std::string pointer = child_pointer();
    note_line(mark, pointer);
    frames_.push_back({.value = std::move(empty), .pointer = pointer, .anchor = anchor});
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.anchor != 0) anchors_[frame.anchor] = frame.value;
    put(std::move(frame.value));
  }

  Document& document_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Json> anchors_;
  std::size_t values_ = 0;
};

std::string at_line(const std::string& name, int line) { return line > 0 ? fmt::format("{}:{}", name, line) : name; }

/// Refuses what is no text at all, before a parser sees it.
Result<void> check_text(std::string_view text, const std::string& name) {
  if (text.find('\0') != std::string_view::npos)
    return fail(ErrorKind::InvalidInput, {.where = name, .what = "binary data", .expected = "a text file"});
  if (const auto bad = text::first_invalid_utf8(text)) {
    const auto line = 1 + std::ranges::count(text.substr(0, *bad), '\n');
    return fail(ErrorKind::InvalidInput, {.where = at_line(name, static_cast<int>(line)),
                                          .what = "bytes that are not UTF-8",
                                          .hint = "save the file as UTF-8"});
  }
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return fail(ErrorKind::InvalidInput, {.where = name, .what = "the file is empty"});
  return {};
}

Result<void> check_indentation(std::string_view text, const std::string& name) {
  int line = 1;
  for (std::size_t start = 0; start < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view content = text.substr(start, end - start);
    const std::size_t first = content.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && !content.empty() && content[0] == '\t')
      return fail(ErrorKind::InvalidInput, {.where = at_line(name, line),
                                            .what = "a tab as indentation",
                                            .hint = "YAML indents with spaces: replace the tab by two of them"});
    start = end + 1;
  }
  return {};
}

Result<void> build(std::string_view text, Document& document) {
  Builder builder(document);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder))
      return fail(ErrorKind::InvalidInput, {.where = document.name, .what = "nothing but comments"});
    Document rest{.name = document.name};
    Builder rest_builder(rest);
    if (parser.HandleNextDocument(rest_builder))
      return fail(ErrorKind::InvalidInput, {.where = document.name,
                                            .what = "a second document (---) in the file",
                                            .hint = "put it into a file of its own"});
  } catch (const Refusal& refusal) {
    return fail(ErrorKind::InvalidInput, {.where = at_line(document.name, refusal.line),
                                          .what = refusal.what,
                                          .got = refusal.got,
                                          .hint = refusal.hint});
  } catch (const YAML::Exception& exception) {
    return fail(ErrorKind::InvalidInput, {.where = at_line(document.name, exception.mark.line + 1),
                                          .what = "this is not YAML",
                                          .got = exception.msg,
                                          .hint = "look at this line and the one before it"});
  }
  return {};
}

}  // namespace

Result<Document> parse_yaml(std::string_view text, const std::string& name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  PEGBOX_CHECK(check_text(text, name));
  PEGBOX_CHECK(check_indentation(text, name));
  Document document{.name = name};
  PEGBOX_CHECK(build(text, document));
  return document;
}

Result<Document> read_document(const Path& path) {
  PEGBOX_TRY(const std::string text, read_file(path));
  const std::string name = path.string();
  if (text.size() > kMaxFileBytes)
    return fail(ErrorKind::InvalidInput,
                {.where = name, .what = "too large for a file that a person writes", .expected = "at most 16 MiB"});
  if (path.extension() != ".json") return parse_yaml(text, name);
  Document document{.name = name};
  PEGBOX_TRY(document.json, parse_json(text, name, document.lines));
  return document;
}

}  // namespace pegbox
