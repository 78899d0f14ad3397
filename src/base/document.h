// Document and Node: a JSON or YAML document whose values know the file and line they came from.
//
// Everything that a person writes is read through a Node, so that every error names the place, what was found, what was
// expected and the nearest known name.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace pegbox {

class Node;

/// A parsed document. `lines` maps a JSON pointer ("/space/rank") to a line, counted from 1; it may be empty.
struct Document {
  Json json;
  std::string name;                  ///< file name in messages
  std::map<std::string, int> lines;  ///< JSON pointer -> line

  Node root() const;
};

/// A JSON file's text as a document, strictly as `parse_json`, with its lines.
Result<Document> parse_document(std::string_view text, const std::string& name);

/// A cursor on a value of a Document, which must outlive it. Cheap to copy.
class Node {
 public:
  Node(const Document& document, const Json& json, std::string pointer);

  const Json& json() const { return *json_; }
  const std::string& pointer() const { return pointer_; }
  std::string where() const;  ///< "study.yaml:12 space.rank"

  /// An error about this value; `got` defaults to the value itself, shortened.
  tl::unexpected<Error> fail(std::string what, std::string expected = {}, std::string hint = {}) const;

  bool is_object() const { return json_->is_object(); }
  bool is_array() const { return json_->is_array(); }
  bool is_string() const { return json_->is_string(); }
  bool is_null() const { return json_->is_null(); }
  bool has(std::string_view key) const;

  Result<Node> at(std::string_view key) const;                ///< a required member
  std::vector<std::pair<std::string, Node>> members() const;  ///< of an object, in order; empty for others
  std::vector<Node> items() const;                            ///< of an array; empty for others

  Result<bool> boolean() const;
  Result<std::int64_t> integer() const;  ///< 200, 2e8 and 200.0 are integers; 0.5 is not
  Result<double> real() const;           ///< a number; also "inf", "-inf"
  Result<std::string> string() const;

  /// Refuses a value that is not an object, and any member outside `known`, naming the nearest known name.
  Result<void> only(std::span<const std::string_view> known) const;

 private:
  const Document* document_;
  const Json* json_;
  std::string pointer_;
};

/// The candidate with the smallest edit distance to `name`, if it is near enough to be meant; else empty.
std::string nearest_name(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace pegbox
