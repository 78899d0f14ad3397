// Query: names with values.
#include "app/server/query.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace pegbox::server {
namespace {

bool is_known(std::string_view name, std::string_view known) {
  for (std::size_t start = 0; start < known.size();) {
    const std::size_t end = std::min(known.find(' ', start), known.size());
    if (known.substr(start, end - start) == name) return true;
    start = end + 1;
  }
  return false;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || end.ptr != digits.data() + 2 || value == 0) return std::nullopt;
    plain += static_cast<char>(value);
    i += 2;
  }
  return plain;
}

template <class Number>
bool read_whole(std::string_view text, Number& number) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return !text.empty() && end.ec == std::errc() && end.ptr == text.data() + text.size();
}
template bool read_whole(std::string_view, std::int64_t&);
template bool read_whole(std::string_view, std::uint64_t&);

std::optional<Query> Query::read(std::string_view text, std::string_view known) {
  Query query;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('&', start), text.size());
    const std::string_view pair = text.substr(start, end - start);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || !is_known(pair.substr(0, equals), known)) return std::nullopt;
    auto value = percent_decoded(pair.substr(equals + 1));
    if (!value || !query.values_.emplace(pair.substr(0, equals), *std::move(value)).second) return std::nullopt;
    start = end + 1;
  }
  return query;
}

std::string Query::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? "" : found->second;
}

Result<std::int64_t> Query::whole(std::string_view name, std::int64_t otherwise, std::int64_t low,
                                  std::int64_t high) const {
  const auto found = values_.find(name);
  if (found == values_.end()) return otherwise;
  std::int64_t number = 0;
  if (read_whole(found->second, number) && number >= low && number <= high) return number;
  return fail(ErrorKind::InvalidInput, {.where = "?" + std::string(name),
                                        .what = "not such a number",
                                        .got = found->second,
                                        .expected = fmt::format("a whole number from {} to {}", low, high)});
}

}  // namespace pegbox::server
