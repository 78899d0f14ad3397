// DataOrder: the endless stream of row numbers that training reads, epoch after epoch, each a fresh permutation.
//
// The permutation of an epoch is a function of (seed, epoch) alone, so that the position in the stream is all that a
// checkpoint needs.
#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenized.h"

namespace pegbox::text {

class DataOrder {
 public:
  /// Where the stream stands: `index` rows of `epoch` have been given.
  struct Position {
    std::int64_t epoch = 0;
    std::int64_t index = 0;
    bool operator==(const Position&) const = default;
  };

  DataOrder(std::int64_t rows, std::uint64_t seed);  ///< rows > 0

  /// The next `count` rows; a batch may reach over the end of an epoch.
  std::vector<std::int64_t> next(std::int64_t count);

  /// The next rows that together have at most `max_tokens` tokens; at least one row. The sizes are those of `data`,
  /// which has `rows` rows.
  std::vector<std::int64_t> next_tokens(const TokenizedRows& data, std::int64_t max_tokens);

  Position position() const { return position_; }
  void seek(Position position);  ///< epoch >= 0, 0 <= index < rows

 private:
  void shuffle_epoch();
  std::int64_t peek() const { return permutation_[position_.index]; }
  void advance();

  std::uint64_t seed_;
  Position position_;
  std::vector<std::int64_t> permutation_;  // [rows] of position_.epoch
};

}  // namespace pegbox::text
