// Document and Node: typed reading with errors that name the place.
#include "base/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace pegbox {

namespace {

std::string in_quotes(std::string_view text) { return excerpt(Json(std::string(text))); }

// "a, b, c" of names; long lists are cut.
template <class Names>
std::string joined(const Names& names) {
  constexpr std::size_t kMost = 24;
  std::string text;
  std::size_t count = 0;
  for (const auto& name : names) {
    if (count++ == kMost) return text + ", ...";
    if (count > 1) text += ", ";
    text += name;
  }
  return text;
}

// "/space/a~1b" -> "space.a/b"
std::string dotted(std::string_view pointer) {
  std::string text;
  for (std::size_t i = 1; i < pointer.size(); ++i) {
    if (pointer[i] == '/')
      text += '.';
    else if (pointer[i] != '~')
      text += pointer[i];
    else
      text += pointer[++i] == '1' ? '/' : '~';
  }
  return text;
}

// The line of the value, or of the nearest value around it; 0 if none is known.
int line_of(const Document& document, std::string pointer) {
  while (true) {
    if (const auto found = document.lines.find(pointer); found != document.lines.end()) return found->second;
    if (pointer.empty()) return 0;
    pointer.resize(pointer.rfind('/'));
  }
}

char folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

// Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment) from `a` to `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = folded(a[i - 1]) == folded(b[j - 1]);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + !same});
      const bool swapped =
          i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

Node Document::root() const { return {*this, json, ""}; }

Result<Document> parse_document(std::string_view text, const std::string& name) {
  Document document{.json = nullptr, .name = name, .lines = {}};
  PEGBOX_TRY(document.json, parse_json(text, name, document.lines));
  return document;
}

Node::Node(const Document& document, const Json& json, std::string pointer)
    : document_(&document), json_(&json), pointer_(std::move(pointer)) {}

std::string Node::where() const {
  std::string text = document_->name;
  if (const int line = line_of(*document_, pointer_); line > 0) text += fmt::format(":{}", line);
  if (!text.empty() && !pointer_.empty()) text += ' ';
  return text + dotted(pointer_);
}

tl::unexpected<Error> Node::fail(std::string what, std::string expected, std::string hint) const {
  return pegbox::fail(ErrorKind::InvalidInput, {.where = where(),
                                                .what = std::move(what),
                                                .got = excerpt(*json_),
                                                .expected = std::move(expected),
                                                .hint = std::move(hint)});
}

bool Node::has(std::string_view key) const { return is_object() && json_->contains(key); }

Result<Node> Node::at(std::string_view key) const {
  if (!is_object()) return fail("not an object", fmt::format("an object with {}", in_quotes(key)));
  if (const auto found = json_->find(key); found != json_->end())
    return Node(*document_, *found, pointer_to(pointer_, key));
  std::vector<std::string_view> names;
  for (const auto& member : json_->get_ref<const Json::object_t&>()) names.emplace_back(member.first);
  const std::string nearest = nearest_name(key, names);
  return pegbox::fail(
      ErrorKind::InvalidInput,
      {.where = where(),
       .what = fmt::format("{} is missing", in_quotes(key)),
       .got = names.empty() ? "an object without members" : "only " + joined(names),
       .hint = nearest.empty() ? "" : fmt::format("is {} meant to be {}?", in_quotes(nearest), in_quotes(key))});
}

std::vector<std::pair<std::string, Node>> Node::members() const {
  std::vector<std::pair<std::string, Node>> members;
  if (!is_object()) return members;
  for (const auto& [name, value] : json_->get_ref<const Json::object_t&>())
    members.emplace_back(name, Node(*document_, value, pointer_to(pointer_, name)));
  return members;
}

std::vector<Node> Node::items() const {
  std::vector<Node> items;
  if (!is_array()) return items;
  for (std::size_t i = 0; i < json_->size(); ++i)
    items.emplace_back(*document_, (*json_)[i], fmt::format("{}/{}", pointer_, i));
  return items;
}

Result<bool> Node::boolean() const {
  if (!json_->is_boolean()) return fail("not a truth value", "true or false");
  return json_->get<bool>();
}

Result<std::int64_t> Node::integer() const {
  constexpr double kLimit = 0x1p63;
  if (json_->is_number_unsigned() &&
      json_->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return fail("too large", "an integer below 2^63");
  if (json_->is_number_integer()) return json_->get<std::int64_t>();
  if (!json_->is_number()) return fail("not a number", "an integer");
  const double value = json_->get<double>();
  if (value != std::trunc(value)) return fail("not a whole number", "an integer");
  if (!(value >= -kLimit && value < kLimit)) return fail("too large", "an integer below 2^63");
  return static_cast<std::int64_t>(value);
}

Result<double> Node::real() const {
  double value = 0;
  if (!read_json_number(*json_, value) || std::isnan(value)) return fail("not a number", "a number");
  return value;
}

Result<std::string> Node::string() const {
  if (!is_string()) return fail("not a text", "a text");
  return json_->get<std::string>();
}

Result<void> Node::only(std::span<const std::string_view> known) const {
  const std::string names = joined(known);
  if (!is_object()) return fail("not an object", names.empty() ? "an object" : "an object with " + names);
  for (const auto& [name, value] : json_->get_ref<const Json::object_t&>()) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const std::string nearest = nearest_name(name, known);
    return pegbox::fail(ErrorKind::InvalidInput,
                        {.where = Node(*document_, value, pointer_to(pointer_, name)).where(),
                         .what = "unknown name",
                         .got = in_quotes(name),
                         .expected = names.empty() ? "no members" : (known.size() == 1 ? names : "one of " + names),
                         .hint = nearest.empty() ? "" : fmt::format("did you mean {}?", in_quotes(nearest))});
  }
  return {};
}

std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongest = 100;  // no name of ours is longer; bounds the work on hostile input
  std::string_view best;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  if (name.size() > kLongest) return {};
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  const std::size_t enough = std::max<std::size_t>(1, std::min(name.size(), best.size()) / 3);
  return best_distance <= enough && std::min(name.size(), best.size()) > 1 ? std::string(best) : std::string();
}

}  // namespace pegbox
