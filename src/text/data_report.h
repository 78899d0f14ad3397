// Data report: what is worth knowing of rows before they are trained on, in numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "text/dataset.h"
#include "text/tokenized.h"

namespace pegbox::text {

/// Of tokenized rows.
struct TokenReport {
  std::int64_t rows = 0, tokens = 0, label_tokens = 0;
  std::int64_t texts = 0;          ///< rows of the data that they are pieces of
  std::int64_t ended_texts = 0;    ///< texts whose end token is learned
  std::int64_t double_begins = 0;  ///< rows that begin with the begin token twice

  double mean_length() const { return rows > 0 ? static_cast<double>(tokens) / static_cast<double>(rows) : 0; }
};

TokenReport report_tokens(const TokenizedRows& data, TokenId end_token, std::optional<TokenId> begin_token);

/// Rows of the same content (content_hash).
struct Overlap {
  std::int64_t repeated = 0;  ///< rows of `train` that are there before
  std::int64_t shared = 0;    ///< rows of `validation` that are in `train`
};

Overlap overlap_of(std::span<const Row> train, std::span<const Row> validation);

/// A run of a row's tokens that are all learned, or all not.
struct Piece {
  std::string text;  ///< decoded; special tokens are written out
  bool is_learned = false;
};

/// A tokenized row, decoded. `row` is its number.
Result<std::vector<Piece>> pieces_of(const Tokenizer& tokenizer, const TokenizedRows& data, std::int64_t row);

}  // namespace pegbox::text
