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
  /// `has_marks`: some rows come with marks.
  Builder(const TokenizeOptions& options, bool has_marks) : options_(options), has_marks_(has_marks) {}

  void add_text(std::span<const TokenId> text) {
    begin_row();
    row_.insert(row_.end(), text.begin(), text.end());
    row_.push_back(options_.end_token);
    const auto whole = std::span<const TokenId>(row_);
    result_.longest = std::max(result_.longest, std::ssize(whole));
    const auto step = static_cast<std::size_t>(options_.sequence_length);
    if (whole.size() > step) ++result_.cut_rows;
    for (std::size_t start = 0; start < whole.size(); start += step)
      append(whole.subspan(start, std::min(step, whole.size() - start)), 1);
  }

  void add_completion(std::span<const TokenId> prompt, std::span<const TokenId> completion) {
    begin_row();
    row_.insert(row_.end(), prompt.begin(), prompt.end());
    const auto prompt_end = static_cast<std::int64_t>(row_.size());
    row_.insert(row_.end(), completion.begin(), completion.end());
    row_.push_back(options_.end_token);
    append_truncated(row_, options_.loss_on == LossOn::All ? 1 : std::max<std::int64_t>(prompt_end, 1));
  }

  void add_conversation(const MarkedIds& marked) {
    ++source_;
    std::size_t label_start = 1;
    while (label_start < marked.marks.size() && marked.marks[label_start] == 0) ++label_start;
    append_truncated(marked.ids, static_cast<std::int64_t>(label_start), marked.marks);
  }

  TokenizedRows take() && {
    Fnv64 hash;
    for (const TokenId id : result_.ids) hash.add(static_cast<std::uint64_t>(id));
    for (const std::int64_t offset : result_.offsets) hash.add(static_cast<std::uint64_t>(offset));
    for (std::int64_t row = 0; row < result_.size(); ++row) add_label_bounds(hash, row);
    result_.content_hash = hash.value();
    return std::move(result_);
  }

 private:
  void begin_row() {
    ++source_;
    row_.clear();
    if (options_.begin_token) row_.push_back(*options_.begin_token);
  }

  void append_truncated(std::span<const TokenId> row, std::int64_t label_start,
                        std::span<const std::uint8_t> marks = {}) {
    const std::size_t kept = std::min(row.size(), static_cast<std::size_t>(options_.sequence_length));
    result_.longest = std::max(result_.longest, std::ssize(row));
    const bool is_added = append(row.first(kept), label_start, marks);
    if (kept == row.size() || !is_added) return;
    ++result_.truncated_rows;
    result_.longest_truncated = std::max(result_.longest_truncated, std::ssize(row));
  }

  /// False if the row has no label. `marks`: which tokens are labels; empty: all from the label start on.
  bool append(std::span<const TokenId> row, std::int64_t label_start, std::span<const std::uint8_t> marks = {}) {
    if (static_cast<std::int64_t>(row.size()) <= label_start) {
      ++result_.dropped_rows;
      return false;
    }
    result_.ids.insert(result_.ids.end(), row.begin(), row.end());
    result_.offsets.push_back(static_cast<std::int64_t>(result_.ids.size()));
    result_.label_starts.push_back(label_start);
    result_.sources.push_back(source_);
    if (has_marks_) append_marks(static_cast<std::int64_t>(row.size()), label_start, marks);
    return true;
  }

  void append_marks(std::int64_t length, std::int64_t label_start, std::span<const std::uint8_t> marks) {
    std::int64_t holes = 0;
    for (std::int64_t i = 0; i < length; ++i) {
      const bool is_label = i >= label_start && (marks.empty() || marks[static_cast<std::size_t>(i)] != 0);
      result_.learned.push_back(is_label ? 1 : 0);
      if (i >= label_start && !is_label) ++holes;
    }
    result_.holes.push_back(holes);
  }

  /// Where labels begin and end, but for the end of the row: of a row without holes its label start.
  void add_label_bounds(Fnv64& hash, std::int64_t row) const {
    hash.add(static_cast<std::uint64_t>(result_.label_starts[row]));
    if (result_.holes.empty() || result_.holes[row] == 0) return;
    for (std::int64_t i = result_.label_starts[row] + 1; i < result_.length(row); ++i)
      if (result_.is_label(row, i) != result_.is_label(row, i - 1)) hash.add(static_cast<std::uint64_t>(i));
  }

  const TokenizeOptions& options_;
  bool has_marks_;
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

/// Ids of a block of rows, those of each kind tokenized together.
struct BlockIds {
  std::vector<std::vector<TokenId>> plain;  ///< of texts and, each before its completion, prompts
  std::vector<MarkedIds> marked;            ///< of conversations
};

Result<BlockIds> encode_block(const Tokenizer& tokenizer, std::span<const Row> rows, int threads) {
  std::vector<std::string_view> plain, conversations;
  std::vector<std::span<const Span>> learned;
  for (const Row& row : rows) {
    if (row.conversation) {
      conversations.push_back(row.text);
      learned.push_back(row.learned);
      continue;
    }
    if (!row.prompt.empty()) plain.push_back(row.prompt);
    plain.push_back(row.text);
  }
  BlockIds ids;
  if (!plain.empty()) {
    PEGBOX_TRY(ids.plain, tokenizer.encode_batch(std::span<const std::string_view>(plain), threads));
  }
  if (!conversations.empty()) {
    PEGBOX_TRY(ids.marked, tokenizer.encode_marked(conversations, learned, threads));
  }
  return ids;
}

Result<void> add_block(const Tokenizer& tokenizer, std::span<const Row> rows, int threads, Builder& builder) {
  PEGBOX_TRY(const BlockIds ids, encode_block(tokenizer, rows, threads));
  auto plain = ids.plain.begin();
  auto marked = ids.marked.begin();
  for (const Row& row : rows) {
    if (row.conversation) {
      builder.add_conversation(*marked++);
    } else if (row.prompt.empty()) {
      builder.add_text(*plain++);
    } else {
      builder.add_completion(*plain, *(plain + 1));
      plain += 2;
    }
  }
  return {};
}

}  // namespace

std::int64_t TokenizedRows::total_label_tokens() const {
  const std::int64_t before = std::accumulate(label_starts.begin(), label_starts.end(), std::int64_t{0});
  return total_tokens() - std::accumulate(holes.begin(), holes.end(), before);
}

Result<TokenizedRows> tokenize_rows(const Tokenizer& tokenizer, std::span<const Row> rows,
                                    const TokenizeOptions& options) {
  PEGBOX_CHECK(check(tokenizer, options));
  Builder builder(options, std::ranges::any_of(rows, [](const Row& row) { return row.conversation.has_value(); }));
  for (std::size_t start = 0; start < rows.size();) {
    const std::size_t count = block_size(rows.subspan(start));
    PEGBOX_CHECK(add_block(tokenizer, rows.subspan(start, count), options.threads, builder));
    start += count;
  }
  TokenizedRows result = std::move(builder).take();
  if (result.size() == 0)
    return fail(
        ErrorKind::InvalidInput,
        {.where = "data",
         .what = "no row has a token to learn",
         .got = fmt::format("{} rows", rows.size()),
         .hint =
             rows.empty() ? "" : "prompts fill the sequence length (make it larger), or no turn is the assistant's"});
  return result;
}

}  // namespace pegbox::text
