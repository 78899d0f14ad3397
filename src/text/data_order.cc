// One permutation for each epoch, drawn from (seed, "data order", epoch).
#include "text/data_order.h"

#include <cassert>
#include <numeric>

#include "base/rng.h"

namespace pegbox::text {

DataOrder::DataOrder(std::int64_t rows, std::uint64_t seed) : seed_(seed), permutation_(rows) {
  assert(rows > 0);
  shuffle_epoch();
}

void DataOrder::shuffle_epoch() {
  std::iota(permutation_.begin(), permutation_.end(), 0);
  Rng rng({seed_, stream_id("data order"), static_cast<std::uint64_t>(position_.epoch)});
  shuffle(permutation_, rng);
}

void DataOrder::advance() {
  if (++position_.index < static_cast<std::int64_t>(permutation_.size())) return;
  position_ = {position_.epoch + 1, 0};
  shuffle_epoch();
}

std::vector<std::int64_t> DataOrder::next(std::int64_t count) {
  std::vector<std::int64_t> rows;
  rows.reserve(count);
  for (std::int64_t i = 0; i < count; ++i) {
    rows.push_back(peek());
    advance();
  }
  return rows;
}

std::vector<std::int64_t> DataOrder::next_tokens(const TokenizedRows& data, std::int64_t max_tokens) {
  assert(data.size() == static_cast<std::int64_t>(permutation_.size()));
  std::vector<std::int64_t> rows;
  std::int64_t tokens = 0;
  while (rows.empty() || tokens + data.length(peek()) <= max_tokens) {
    tokens += data.length(peek());
    rows.push_back(peek());
    advance();
  }
  return rows;
}

void DataOrder::seek(Position position) {
  assert(position.epoch >= 0 && position.index >= 0);
  assert(position.index < static_cast<std::int64_t>(permutation_.size()));
  const bool other_epoch = position.epoch != position_.epoch;
  position_ = position;
  if (other_epoch) shuffle_epoch();
}

}  // namespace pegbox::text
