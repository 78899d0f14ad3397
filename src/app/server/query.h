// Query: what stands behind the question mark of a request: names with values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pegbox::server {

/// "a b" of "a%20b"; nothing for what is no such text, or has a zero byte.
std::optional<std::string> percent_decoded(std::string_view text);

/// A whole number and nothing else.
template <class Number>
bool read_whole(std::string_view text, Number& number);

class Query {
 public:
  /// Reads "points=400&metric=loss". `known`: the names that may occur, separated by spaces; each at most once. Nothing
  /// if another one does, or if it is no query.
  static std::optional<Query> read(std::string_view text, std::string_view known);

  bool has(std::string_view name) const { return values_.contains(name); }
  std::string text(std::string_view name) const;  ///< empty if there is none

  /// InvalidInput unless it is a whole number from `low` to `high`.
  Result<std::int64_t> whole(std::string_view name, std::int64_t otherwise, std::int64_t low, std::int64_t high) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace pegbox::server
