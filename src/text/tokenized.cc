// Rows to ids, a block of rows at a time so that memory stays near the size of the result.
#include "text/tokenized.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "text/hash.h"

namespace pegbox::text {
namespace {

constexpr std::size_t kBlockBytes = 32 << 20;

Result<void> check(const Tokenizer& tokenizer, const TokenizeOptions& options) {
  if (options.sequence_length < 2)
    return fail(ErrorKind::InvalidInput, {.where = "sequence_length",
                                          .what = "a sequence this short has nothing to predict",
                                          .got = std::to_string(options.sequence_length),
                                          .expected = "at least 2"});
  for (const TokenId id : {options.end_token, options.begin_token.value_or(options.end_token)})
    if (id < 0 || id >= tokenizer.vocabulary_size())
      return fail(ErrorKind::InvalidInput, {.where = "special tokens",
                                            .what = "a special token lies outside the vocabulary",
                                            .got = std::to_string(id),
                                            .expected = fmt::format("0 to {}", tokenizer.vocabulary_size() - 1)});
  return {};
}

/// Collects rows of ids into one TokenizedRows.
class Builder {
 public:
  explicit Builder(const TokenizeOptions& options) : options_(options) {}

  void add_text(std::span<const TokenId> text) {
    begin_row();
    row_.insert(row_.end(), text.begin(), text.end());
    row_.push_back(options_.end_token);
    const auto whole = std::span<const TokenId>(row_);
    const auto step = static_cast<std::size_t>(options_.sequence_length);
    if (whole.size() > step) ++result_.cut_rows;
    for (std::size_t start = 0; start < whole.size(); start += step)
      append(whole.subspan(start, std::min(step, whole.size() - start)), 1);
  }

  void add_completion(std::span<const TokenId> prompt, std::span<const TokenId> completion) {
    begin_row();
    row_.insert(row_.end(), prompt.begin(), prompt.end());
    const auto label_start = static_cast<std::int64_t>(row_.size());
    row_.insert(row_.end(), completion.begin(), completion.end());
    row_.push_back(options_.end_token);
    const auto limit = static_cast<std::size_t>(options_.sequence_length);
    const std::size_t kept = std::min(row_.size(), limit);
    const std::size_t dropped_before = result_.dropped_rows;
    append(std::span<const TokenId>(row_).first(kept), std::max<std::int64_t>(label_start, 1));
    const bool is_dropped = static_cast<std::size_t>(result_.dropped_rows) > dropped_before;
    if (kept < row_.size() && !is_dropped) ++result_.truncated_rows;
  }

  TokenizedRows take() && {
    Fnv64 hash;
    for (const TokenId id : result_.ids) hash.add(static_cast<std::uint64_t>(id));
    for (const std::int64_t offset : result_.offsets) hash.add(static_cast<std::uint64_t>(offset));
    for (const std::int64_t start : result_.label_starts) hash.add(static_cast<std::uint64_t>(start));
    result_.content_hash = hash.value();
    return std::move(result_);
  }

 private:
  void begin_row() {
    ++source_;
    row_.clear();
    if (options_.begin_token) row_.push_back(*options_.begin_token);
  }

  void append(std::span<const TokenId> row, std::int64_t label_start) {
    if (static_cast<std::int64_t>(row.size()) <= label_start) {
      ++result_.dropped_rows;
      return;
    }
    result_.ids.insert(result_.ids.end(), row.begin(), row.end());
    result_.offsets.push_back(static_cast<std::int64_t>(result_.ids.size()));
    result_.label_starts.push_back(label_start);
    result_.sources.push_back(source_);
  }

  const TokenizeOptions& options_;
  TokenizedRows result_;
  std::vector<TokenId> row_;
  std::int64_t source_ = -1;  // of the row being added
};

/// The number of rows at the head of `rows` that together have about kBlockBytes; at least one.
std::size_t block_size(std::span<const Row> rows) {
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < rows.size() && (count == 0 || bytes < kBlockBytes)) {
    bytes += rows[count].prompt.size() + rows[count].text.size();
    ++count;
  }
  return count;
}

Result<void> add_block(const Tokenizer& tokenizer, std::span<const Row> rows, int threads, Builder& builder) {
  std::vector<std::string_view> texts;
  for (const Row& row : rows) {
    if (!row.prompt.empty()) texts.push_back(row.prompt);
    texts.push_back(row.text);
  }
  PEGBOX_TRY(const auto ids, tokenizer.encode_batch(std::span<const std::string_view>(texts), threads));
  std::size_t next = 0;
  for (const Row& row : rows) {
    if (row.prompt.empty()) {
      builder.add_text(ids[next++]);
    } else {
      builder.add_completion(ids[next], ids[next + 1]);
      next += 2;
    }
  }
  return {};
}

}  // namespace

std::int64_t TokenizedRows::total_label_tokens() const {
  return total_tokens() - std::accumulate(label_starts.begin(), label_starts.end(), std::int64_t{0});
}

Result<TokenizedRows> tokenize_rows(const Tokenizer& tokenizer, std::span<const Row> rows,
                                    const TokenizeOptions& options) {
  PEGBOX_CHECK(check(tokenizer, options));
  Builder builder(options);
  for (std::size_t start = 0; start < rows.size();) {
    const std::size_t count = block_size(rows.subspan(start));
    PEGBOX_CHECK(add_block(tokenizer, rows.subspan(start, count), options.threads, builder));
    start += count;
  }
  TokenizedRows result = std::move(builder).take();
  if (result.size() == 0)
    return fail(ErrorKind::InvalidInput,
                {.where = "data",
                 .what = "no row has a token to learn",
                 .got = fmt::format("{} rows", rows.size()),
                 .hint = rows.empty() ? "" : "the prompts fill the sequence length; make it larger"});
  return result;
}

}  // namespace pegbox::text
