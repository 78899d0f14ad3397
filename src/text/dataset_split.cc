// Splitting and cutting rows.
#include <fmt/format.h>

#include <cassert>
#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "text/dataset.h"
#include "text/hash.h"
#include "text/utf8.h"

namespace pegbox::text {
namespace {

/// Adds `text` with each run of white space as one space, and none at the ends.
void add_normalized(Fnv64& hash, std::string_view text) {
  bool pending_space = false;
  bool any = false;
  for (const char c : text) {
    if (c == ' ' || (c >= '\t' && c <= '\r')) {
      pending_space = any;
      continue;
    }
    if (pending_space) hash.add_byte(' ');
    pending_space = false;
    any = true;
    hash.add_byte(static_cast<unsigned char>(c));
  }
}

/// A message with its members in one order: role, content, the others by name.
Json in_order(const Json& message) {
  const nlohmann::json sorted = message;  // a type whose members are in the order of their names
  Json ordered = Json::object();
  for (const char* first : {"role", "content"})
    if (sorted.contains(first)) ordered[first] = sorted[first];
  for (const auto& [name, value] : sorted.items()) ordered[name] = value;
  return ordered;
}

/// The text of a conversation depends on the chat template; what it says does not depend on the order of members.
void add_conversation(Fnv64& hash, const Conversation& conversation) {
  Json messages = Json::array();
  for (const Json& message : conversation.messages) messages.push_back(in_order(message));
  add_normalized(hash, to_line(messages));
  if (conversation.tools.is_null()) return;
  hash.add_byte(0);
  add_normalized(hash, to_line(in_order(conversation.tools)));
}

std::size_t part_of(const Row& row, std::span<const double> fractions, std::uint64_t seed) {
  const double place = Rng({seed, stream_id("split"), content_hash(row)}).uniform();
  double upper = 0;
  for (std::size_t part = 0; part + 1 < fractions.size(); ++part) {
    upper += fractions[part];
    if (place < upper) return part;
  }
  return fractions.size() - 1;
}

Result<void> check_fractions(std::span<const double> fractions) {
  const double sum = std::accumulate(fractions.begin(), fractions.end(), 0.0);
  for (const double fraction : fractions)
    if (!(fraction > 0))
      return fail(ErrorKind::InvalidInput, {.where = "split",
                                            .what = "a part's fraction is not positive",
                                            .got = fmt::format("{}", fraction),
                                            .expected = "above 0"});
  if (fractions.empty() || !(std::abs(sum - 1) <= 1e-6))
    return fail(ErrorKind::InvalidInput, {.where = "split",
                                          .what = "the fractions do not make a whole",
                                          .got = fmt::format("a sum of {}", sum),
                                          .expected = "a sum of 1"});
  return {};
}

/// Where the piece that begins at `start` ends: after a line, else between two characters.
std::size_t piece_end(std::string_view text, std::size_t start, std::size_t piece_bytes) {
  if (text.size() - start <= piece_bytes) return text.size();
  const std::size_t limit = start + piece_bytes;
  const std::size_t newline = text.rfind('\n', limit - 1);
  if (newline != std::string_view::npos && newline >= start) return newline + 1;
  std::size_t end = limit;
  while (end > start && !is_character_start(text, end)) --end;
  if (end > start) return end;
  end = start + 1;  // one character is longer than a piece
  while (!is_character_start(text, end)) ++end;
  return end;
}

}  // namespace

std::uint64_t content_hash(const Row& row) {
  Fnv64 hash;
  if (row.conversation) {
    add_conversation(hash, *row.conversation);
    return hash.value();
  }
  add_normalized(hash, row.prompt);
  hash.add_byte(0);  // so that text moved from prompt to completion is another row
  add_normalized(hash, row.text);
  return hash.value();
}

Result<std::vector<std::vector<Row>>> split_rows(std::span<const Row> rows, std::span<const double> fractions,
                                                 std::uint64_t seed) {
  PEGBOX_CHECK(check_fractions(fractions));
  std::vector<std::vector<Row>> parts(fractions.size());
  for (const Row& row : rows) parts[part_of(row, fractions, seed)].push_back(row);
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (parts[i].empty())
      return fail(ErrorKind::InvalidInput,
                  {.where = "split",
                   .what = fmt::format("part {} of the split gets no row", i + 1),
                   .got = fmt::format("{} rows in all, fraction {}", rows.size(), fractions[i]),
                   .hint = rows.size() == 1 ? "one text file is one row; cut it into pieces, or give a validation file"
                                            : "give more rows, a larger fraction, or a validation file"});
  return parts;
}

std::vector<Row> cut_long_rows(std::span<const Row> rows, std::int64_t piece_bytes) {
  assert(piece_bytes > 0);
  std::vector<Row> pieces;
  for (const Row& row : rows) {
    if (!row.prompt.empty() || row.conversation) {
      pieces.push_back(row);
      continue;
    }
    for (std::size_t start = 0; start < row.text.size();) {
      const std::size_t end = piece_end(row.text, start, static_cast<std::size_t>(piece_bytes));
      pieces.push_back(
          {.text = row.text.substr(start, end - start), .file = row.file, .line = row.line, .set = row.set});
      start = end;
    }
  }
  return pieces;
}

}  // namespace pegbox::text
