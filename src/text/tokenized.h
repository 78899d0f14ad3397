// TokenizedRows: rows as token ids, each ending with the end token, none longer than the sequence length.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "text/dataset.h"
#include "text/loss_on.h"
#include "text/tokenizer.h"

namespace pegbox::text {

struct TokenizeOptions {
  std::int64_t sequence_length = 512;    ///< most tokens of a row; at least 2
  TokenId end_token = 0;                 ///< ends every row
  std::optional<TokenId> begin_token;    ///< begins every row, if given; never a label
  LossOn loss_on = LossOn::Completions;  ///< of prompt rows; of conversations their `learned` says it
  int threads = 0;                       ///< 0: as many as the machine has cores
};

/// Rows in one flat array. Row r is ids[offsets[r] .. offsets[r + 1]).
struct TokenizedRows {
  std::vector<TokenId> ids;
  std::vector<std::int64_t> offsets{0};    ///< [rows + 1]
  std::vector<std::int64_t> label_starts;  ///< [rows]; the row's first token that is a label; at least 1
  std::vector<std::uint8_t> learned;       ///< [tokens] 1 for labels; empty if all tokens from the label starts on are
  std::vector<std::int64_t> holes;         ///< [rows] tokens behind the label start that are none; empty as `learned`
  std::vector<std::int64_t> sources;       ///< [rows]; index of the row of text that each is a piece of
  std::int64_t longest = 0;                ///< tokens of the longest row of text, before it was cut
  std::int64_t longest_truncated = 0;      ///< the same, of those that were truncated
  std::int64_t cut_rows = 0;               ///< text rows that became several
  std::int64_t truncated_rows = 0;         ///< prompt rows and conversations that lost their end
  std::int64_t dropped_rows = 0;           ///< rows or pieces without any label: their prompt fills the sequence
  std::vector<std::int32_t> groups;        ///< [rows]; index into group_names: sets of a mixture, or classes; or empty
  std::vector<std::string> group_names;
  std::map<std::string, double> group_weights;  ///< shares of the tokens that the data ask for; empty: as they are
  bool groups_are_classes = false;
  bool groups_in_turn = false;     ///< a stream: sets that are learned one after another
  std::uint64_t content_hash = 0;  ///< FNV-1a 64 of ids, offsets and where labels begin and end; names the data
  std::int64_t plain_tokens = 0;   ///< of the data, where rows were made beside them; 0: none were
  std::uint64_t plain_hash = 0;    ///< content_hash of the data, where rows were made beside them
  std::int64_t plain_texts = 0;    ///< texts of the data, which come first, where rows were made beside them

  std::int64_t size() const { return static_cast<std::int64_t>(label_starts.size()); }
  std::int64_t length(std::int64_t row) const { return offsets[row + 1] - offsets[row]; }
  std::int64_t label_tokens(std::int64_t row) const {
    return length(row) - label_starts[row] - (holes.empty() ? 0 : holes[row]);
  }
  /// Whether the row's token at `index` is one that is learned.
  bool is_label(std::int64_t row, std::int64_t index) const {
    return index >= label_starts[row] && (learned.empty() || learned[offsets[row] + index] != 0);
  }
  std::span<const TokenId> row(std::int64_t row) const {
    return {ids.data() + offsets[row], static_cast<std::size_t>(length(row))};
  }
  /// Whether the row was made beside the data.
  bool is_copy(std::int64_t row) const { return plain_texts > 0 && sources[row] >= plain_texts; }
  std::int64_t total_tokens() const { return offsets.back(); }
  std::int64_t total_label_tokens() const;

  /// Tokens and name of the data, rows that were made beside them left out.
  std::int64_t epoch_tokens() const { return plain_tokens > 0 ? plain_tokens : total_tokens(); }
  std::uint64_t data_hash() const { return plain_tokens > 0 ? plain_hash : content_hash; }
};

/// Tokenizes `rows`. A text row is text + end; it is cut into rows of `sequence_length`, in each of which all tokens
/// but the first are labels. A prompt row is prompt + completion + end, tokenized apart so that the prompt's ids are
/// those it has alone; its completion and end are labels; what goes over the sequence length is lost at the right. A
/// conversation, written out (chat_rows.h), is its text alone, since the template writes begin and end; its labels are
/// the tokens of which a part is in `learned`; it is cut as prompt rows are.
/// InvalidInput if no row with a label remains, or the options are out of range.
Result<TokenizedRows> tokenize_rows(const Tokenizer& tokenizer, std::span<const Row> rows,
                                    const TokenizeOptions& options);

}  // namespace pegbox::text
