// EvaluationRows: see evaluation_rows.h.
#include "train/evaluation_rows.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace pegbox::train {

namespace {

constexpr std::int64_t kLeastRows = 8;  // of a set

/// The numbers below `count` in an order of which every beginning is evenly spread: van der Corput's sequence in base
/// 2, each point followed by its mirror image, since the sequence alone lies too low. No beginning but the whole has 0.
std::vector<std::size_t> spread_order(std::size_t count) {
  const int bits = std::bit_width(std::max<std::size_t>(count, 1) - 1);
  const std::size_t size = std::size_t{1} << bits;
  std::vector<std::size_t> order;
  std::vector<bool> taken(count);
  const auto take = [&](std::size_t point) {
    const std::size_t place = point * count / size;
    if (!taken[place]) order.push_back(place);
    taken[place] = true;
  };
  for (std::size_t i = 1; i < size; ++i) {
    std::size_t point = 0;
    for (int bit = 0; bit < bits; ++bit) point |= (i >> bit & 1) << (bits - 1 - bit);
    take(point);
    take(size - point);
  }
  if (count > 0) take(0);
  return order;
}

}  // namespace

EvaluationRows::EvaluationRows(const text::TokenizedRows& data, std::int64_t most_tokens) : data_(&data) {
  const bool is_mixture = !data.groups.empty() && !data.groups_are_classes;
  if (!is_mixture) sets_.emplace_back();
  if (is_mixture)
    for (const std::string& name : data.group_names) sets_.push_back({.name = name, .rows = {}});
  std::vector<std::int64_t> tokens(sets_.size());
  const std::int64_t most = most_tokens / std::ssize(sets_);
  for (std::int64_t row = 0; row < data.size(); ++row) {
    const auto set = static_cast<std::size_t>(is_mixture ? data.groups[row] : 0);
    if (most_tokens > 0 && tokens[set] >= most) continue;
    sets_[set].rows.push_back(row);
    tokens[set] += data.length(row);
  }
  for (RowSet& set : sets_) set.whole_count = std::ssize(set.rows);
}

EvaluationRows EvaluationRows::spread(std::span<const double> difficulty) const {
  EvaluationRows result = *this;
  for (std::size_t set = 0; set < sets_.size(); ++set) {
    std::vector<std::int64_t> sorted = sets_[set].rows;
    std::ranges::stable_sort(sorted, {}, [&](std::int64_t row) { return difficulty[static_cast<std::size_t>(row)]; });
    auto next = result.sets_[set].rows.begin();
    for (const std::size_t place : spread_order(sorted.size())) *next++ = sorted[place];
  }
  return result;
}

EvaluationRows EvaluationRows::beginning(std::int64_t tokens) const {
  EvaluationRows result = *this;
  const std::int64_t most = tokens / std::ssize(sets_);
  for (RowSet& set : result.sets_) {
    std::int64_t rows = 0, taken = 0;
    while (rows < std::ssize(set.rows) && (rows < kLeastRows || taken < most))
      taken += data_->length(set.rows[static_cast<std::size_t>(rows++)]);
    set.rows.resize(static_cast<std::size_t>(rows));
  }
  return result;
}

std::int64_t EvaluationRows::tokens() const {
  std::int64_t sum = 0;
  for (const RowSet& set : sets_)
    for (const std::int64_t row : set.rows) sum += data_->length(row);
  return sum;
}

bool EvaluationRows::is_whole() const {
  return std::ranges::all_of(sets_, [](const RowSet& set) { return std::ssize(set.rows) == set.whole_count; });
}

}  // namespace pegbox::train
