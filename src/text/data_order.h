// RowOrder: the endless stream of row numbers that training reads: of all rows alike (DataOrder), or of groups of rows
// in given shares (MixedOrder).
//
// The stream is a function of the rows and a seed, so that the position in it is all that a checkpoint needs.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenized.h"

namespace pegbox::text {

class RowOrder {
 public:
  /// Where the stream stands: `index` rows of `epoch` have been given.
  struct Position {
    std::int64_t epoch = 0;
    std::int64_t index = 0;
    bool operator==(const Position&) const = default;
  };

  virtual ~RowOrder() = default;
  virtual std::vector<std::int64_t> next(std::int64_t count) = 0;  ///< the next `count` rows
  virtual Position position() const = 0;
  virtual void seek(Position position) = 0;  ///< one that `position` gave
};

/// Epoch after epoch, each a fresh permutation of all rows, drawn from (seed, epoch).
class DataOrder final : public RowOrder {
 public:
  DataOrder(std::int64_t rows, std::uint64_t seed);  ///< rows > 0

  /// A batch may reach over the end of an epoch.
  std::vector<std::int64_t> next(std::int64_t count) override;

  /// The next rows that together have at most `max_tokens` tokens; at least one row. The sizes are those of `data`,
  /// which has `rows` rows.
  std::vector<std::int64_t> next_tokens(const TokenizedRows& data, std::int64_t max_tokens);

  Position position() const override { return position_; }
  void seek(Position position) override;  ///< epoch >= 0, 0 <= index < rows

 private:
  void shuffle_epoch();
  std::int64_t peek() const { return permutation_[position_.index]; }
  void advance();

  std::uint64_t seed_;
  Position position_;
  std::vector<std::int64_t> permutation_;  // [rows] of position_.epoch
};

/// Groups of rows in given shares: the next row is of the group that has had least for its weight (weighted fair
/// queueing), so that at every moment a group's share differs from its weight by about one row. Each group is a
/// DataOrder of its own: a small one with a large weight is repeated.
class MixedOrder final : public RowOrder {
 public:
  /// `groups` [rows]: the group of each row; `costs` [rows]: what a row counts, its tokens or 1; `weights` [groups]:
  /// not negative, one of them positive; a group of weight 0 is left out, any other has a row.
  MixedOrder(std::span<const std::int32_t> groups, std::span<const std::int64_t> costs, std::span<const double> weights,
             std::uint64_t seed);

  std::vector<std::int64_t> next(std::int64_t count) override;
  Position position() const override { return {0, given_}; }
  void seek(Position position) override;  ///< takes time in proportion to `index`: the stream is gone through again

 private:
  struct Group {
    std::vector<std::int64_t> rows;
    double weight = 0;
    DataOrder order{1, 0};
    double had = 0;  ///< costs of its rows so far, divided by its weight, from a random start
  };

  void start();
  std::int64_t draw();

  std::vector<std::int64_t> costs_;
  std::uint64_t seed_;
  std::vector<Group> groups_;  ///< those that have a weight
  std::int64_t given_ = 0;
};

}  // namespace pegbox::text
