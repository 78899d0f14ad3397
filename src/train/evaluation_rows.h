// EvaluationRows: the rows that models are judged by: few of them for a run that is young, all at its end.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "text/tokenized.h"

namespace pegbox::train {

/// Rows that are measured apart: those of a set of a mixture, or all, without a name.
struct RowSet {
  std::string name;
  std::vector<std::int64_t> rows;
  std::int64_t whole_count = 0;  ///< of the rows that these are a sample of
};

class EvaluationRows {
 public:
  /// The rows up to `most_tokens` tokens from the beginning of `data`, which must outlive this (0: all); of a mixture
  /// as many of each set.
  EvaluationRows(const text::TokenizedRows& data, std::int64_t most_tokens = 0);  // NOLINT: rows are such, all of them

  /// The same rows in an order of which every beginning is much like the whole: each set sorted by `difficulty` [rows
  /// of data], equal ones as they are, and then taken from all over that. A sample that is
  /// stratified by what another model finds hard has far less variance than one of the same size by chance.
  EvaluationRows spread(std::span<const double> difficulty) const;

  /// The first rows of each set, of about `tokens` in all; at least a few, so that a loss of them says something.
  EvaluationRows beginning(std::int64_t tokens) const;

  const text::TokenizedRows& data() const { return *data_; }
  const std::vector<RowSet>& sets() const { return sets_; }
  std::int64_t tokens() const;
  bool is_whole() const;  ///< whether each set is complete

 private:
  const text::TokenizedRows* data_;
  std::vector<RowSet> sets_;
};

}  // namespace pegbox::train
