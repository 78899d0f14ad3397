// Numbers of rows.
#include "text/data_report.h"

#include <algorithm>
#include <unordered_set>

namespace pegbox::text {
namespace {

bool learns(const TokenizedRows& data, std::int64_t row, TokenId token) {
  const auto ids = data.row(row);
  for (std::int64_t i = data.label_starts[row]; i < data.length(row); ++i)
    if (ids[static_cast<std::size_t>(i)] == token && data.is_label(row, i)) return true;
  return false;
}

}  // namespace

TokenReport report_tokens(const TokenizedRows& data, TokenId end_token, std::optional<TokenId> begin_token) {
  TokenReport report{.rows = data.size(), .tokens = data.total_tokens(), .label_tokens = data.total_label_tokens()};
  std::int64_t source = -1, ended_source = -1;
  for (std::int64_t row = 0; row < data.size(); ++row) {
    const auto ids = data.row(row);
    if (data.sources[row] != source) ++report.texts;
    source = data.sources[row];
    if (source != ended_source && learns(data, row, end_token)) {
      ++report.ended_texts;
      ended_source = source;
    }
    if (begin_token && ids.size() > 1 && ids[0] == *begin_token && ids[1] == *begin_token) ++report.double_begins;
  }
  return report;
}

Overlap overlap_of(std::span<const Row> train, std::span<const Row> validation) {
  Overlap overlap;
  std::unordered_set<std::uint64_t> seen;
  for (const Row& row : train)
    if (!seen.insert(content_hash(row)).second) ++overlap.repeated;
  overlap.shared = std::ranges::count_if(validation, [&](const Row& row) { return seen.contains(content_hash(row)); });
  return overlap;
}

Result<std::vector<Piece>> pieces_of(const Tokenizer& tokenizer, const TokenizedRows& data, std::int64_t row) {
  const auto ids = data.row(row);
  std::vector<Piece> pieces;
  for (std::int64_t start = 0; start < data.length(row);) {
    const bool is_learned = data.is_label(row, start);
    std::int64_t end = start + 1;
    while (end < data.length(row) && data.is_label(row, end) == is_learned) ++end;
    PEGBOX_TRY(std::string text,
               tokenizer.decode(ids.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start))));
    pieces.push_back({std::move(text), is_learned});
    start = end;
  }
  return pieces;
}

}  // namespace pegbox::text
