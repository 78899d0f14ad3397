// Orders of rows: permutations drawn from (seed, "data order", epoch), and streams of them in given shares.
#include "text/data_order.h"

#include <algorithm>
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

MixedOrder::MixedOrder(std::span<const std::int32_t> groups, std::span<const std::int64_t> costs,
                       std::span<const double> weights, std::uint64_t seed)
    : costs_(costs.begin(), costs.end()), seed_(seed) {
  assert(groups.size() == costs.size());
  std::vector<Group> all(weights.size());
  for (std::size_t row = 0; row < groups.size(); ++row)
    all[static_cast<std::size_t>(groups[row])].rows.push_back(static_cast<std::int64_t>(row));
  for (std::size_t group = 0; group < all.size(); ++group) {
    all[group].weight = weights[group];
    if (weights[group] > 0) groups_.push_back(std::move(all[group]));
  }
  assert(!groups_.empty());
  start();
}

void MixedOrder::start() {
  given_ = 0;
  Rng rng({seed_, stream_id("mixed order"), 0});
  for (Group& group : groups_) {
    assert(!group.rows.empty());
    group.order = DataOrder(std::ssize(group.rows), rng.next_u64());
    const double cost = static_cast<double>(costs_[static_cast<std::size_t>(group.rows[0])]);
    group.had = rng.uniform() * cost / group.weight;  // else equal groups would take turns in the order of their names
  }
}

std::int64_t MixedOrder::draw() {
  Group& group = *std::ranges::min_element(groups_, {}, &Group::had);
  const std::int64_t row = group.rows[static_cast<std::size_t>(group.order.next(1)[0])];
  group.had += static_cast<double>(costs_[static_cast<std::size_t>(row)]) / group.weight;
  ++given_;
  return row;
}

std::vector<std::int64_t> MixedOrder::next(std::int64_t count) {
  std::vector<std::int64_t> rows;
  rows.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) rows.push_back(draw());
  return rows;
}

void MixedOrder::seek(Position position) {
  start();
  while (given_ < position.index) draw();
}

}  // namespace pegbox::text
