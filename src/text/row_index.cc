// RowIndex: keys sorted, one band after another.
#include "text/row_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace pegbox::text {

void RowIndex::add(const RowFacts& facts, std::int32_t file, std::int32_t part) {
  Entry entry{.content = facts.content, .file = file, .line = facts.line, .part = part};
  if (facts.label) {
    const auto [label, is_new] =
        label_numbers_.try_emplace(*facts.label, static_cast<std::int32_t>(label_names_.size()));
    if (is_new) label_names_.push_back(*facts.label);
    entry.label = label->second;
  }
  if (facts.bands) {
    banded_.push_back(size());
    for (std::size_t band = 0; band < kBands; ++band) keys_[band].push_back((*facts.bands)[band]);
  }
  rows_.push_back(entry);
  const auto known = std::ranges::find(language_names_, facts.language);
  languages_.push_back(static_cast<std::uint16_t>(known - language_names_.begin()));
  if (known == language_names_.end()) language_names_.push_back(facts.language);
}

std::string foreign_detail(std::string_view language, std::string_view expected, bool by_most) {
  return fmt::format("{}, where {}", language,
                     by_most ? fmt::format("most are {}", expected) : fmt::format("{} is expected", expected));
}

std::string_view RowIndex::main_language(std::int32_t part) const {
  std::map<std::string_view, std::int64_t> counts;
  for (RowNumber row = 0; row < size(); ++row)
    if (this->part(row) == part && !language(row).empty()) ++counts[language(row)];
  const auto most = std::ranges::max_element(counts, {}, [](const auto& each) { return each.second; });
  return most == counts.end() ? std::string_view() : most->first;
}

template <class Use>
void RowIndex::for_each_pair(Keys keys, Use use) {
  std::ranges::sort(keys);
  for (std::size_t first = 0; first < keys.size();) {
    std::size_t other = first + 1;
    for (; other < keys.size() && keys[other].first == keys[first].first; ++other)
      use(keys[first].second, keys[other].second);
    first = other;
  }
}

template <class Use>
void RowIndex::for_each_similar_pair(Use use) const {
  for (const std::vector<std::uint64_t>& band : keys_) {
    Keys keys(banded_.size());
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = {band[i], banded_[i]};
    for_each_pair(std::move(keys), use);
  }
}

std::vector<RowNumber> RowIndex::earlier_equals() const {
  std::vector<RowNumber> earlier(rows_.size(), kNoRow);
  Keys keys(rows_.size());
  for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = {rows_[i].content, static_cast<RowNumber>(i)};
  for_each_pair(std::move(keys),
                [&](RowNumber first, RowNumber other) { earlier[static_cast<std::size_t>(other)] = first; });
  return earlier;
}

std::uint64_t RowIndex::key_within(std::uint64_t key, RowNumber row) const {
  constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio: spreads small numbers
  const auto place = (static_cast<std::uint64_t>(part(row)) << 32U) | static_cast<std::uint32_t>(label(row));
  return key ^ ((place + 1) * kOdd);
}

RowIndex::Keys RowIndex::twin_keys() const {
  Keys keys(rows_.size());
  for (RowNumber row = 0; row < size(); ++row)
    keys[static_cast<std::size_t>(row)] = {key_within(content(row), row), row};
  return keys;
}

std::vector<RowNumber> RowIndex::earlier_twins() const {
  std::vector<RowNumber> earlier(rows_.size(), kNoRow);
  for_each_pair(twin_keys(),
                [&](RowNumber first, RowNumber other) { earlier[static_cast<std::size_t>(other)] = first; });
  return earlier;
}

std::vector<RowNumber> RowIndex::firsts_of(Keys keys) {
  std::vector<RowNumber> firsts(keys.size());
  std::iota(firsts.begin(), firsts.end(), 0);
  for_each_pair(std::move(keys),
                [&](RowNumber first, RowNumber other) { firsts[static_cast<std::size_t>(other)] = first; });
  return firsts;
}

/// Rows in groups of one key, each group with the first of its rows that stayed.
class RowIndex::KeptFirsts {
 public:
  explicit KeptFirsts(Keys keys) : groups_(firsts_of(std::move(keys))), kept_(groups_.size(), kNoRow) {}
  RowNumber& of(std::size_t i) { return kept_[static_cast<std::size_t>(groups_[i])]; }

 private:
  std::vector<RowNumber> groups_, kept_;  ///< the number of each one's group; of each group
};

void RowIndex::for_each_kept(const Keep& keep) const {
  KeptFirsts twins(twin_keys());
  std::vector<KeptFirsts> bands;
  for (const std::vector<std::uint64_t>& band : keys_) {
    Keys keys(banded_.size());
    for (std::size_t i = 0; i < keys.size(); ++i)
      keys[i] = {key_within(band[i], banded_[i]), static_cast<RowNumber>(i)};
    bands.emplace_back(std::move(keys));
  }
  std::size_t banded = 0;  // how many of the rows before have bands
  for (RowNumber row = 0; row < size(); ++row) {
    const bool has_bands = banded < banded_.size() && banded_[banded] == row;
    std::vector<RowNumber*> firsts;
    for (KeptFirsts& band : bands)
      if (has_bands) firsts.push_back(&band.of(banded));
    banded += has_bands;
    RowNumber similar = kNoRow;
    for (const RowNumber* first : firsts)
      if (*first != kNoRow && (similar == kNoRow || *first < similar)) similar = *first;
    firsts.push_back(&twins.of(static_cast<std::size_t>(row)));
    if (!keep(row, *firsts.back(), similar)) continue;
    for (RowNumber* first : firsts)
      if (*first == kNoRow) *first = row;
  }
}

std::vector<RowNumber> RowIndex::earlier_similars() const {
  std::vector<RowNumber> earlier(rows_.size(), kNoRow);
  for_each_similar_pair([&](RowNumber first, RowNumber other) {
    RowNumber& known = earlier[static_cast<std::size_t>(other)];
    if (known == kNoRow || first < known) known = first;
  });
  return earlier;
}

std::vector<RowNumber> RowIndex::groups(std::span<const std::pair<RowNumber, RowNumber>> together) const {
  std::vector<RowNumber> parent(rows_.size());
  std::iota(parent.begin(), parent.end(), 0);
  const auto root_of = [&](RowNumber row) {
    while (parent[static_cast<std::size_t>(row)] != row) {
      RowNumber& above = parent[static_cast<std::size_t>(row)];
      above = parent[static_cast<std::size_t>(above)];  // halves the path
      row = above;
    }
    return row;
  };
  const auto join = [&](RowNumber a, RowNumber b) {
    a = root_of(a), b = root_of(b);
    parent[static_cast<std::size_t>(std::max(a, b))] = std::min(a, b);
  };
  for_each_similar_pair(join);
  for (const auto& [a, b] : together) join(a, b);
  const std::vector<RowNumber> equals = earlier_equals();
  for (RowNumber row = 0; row < size(); ++row)
    if (equals[static_cast<std::size_t>(row)] != kNoRow) join(equals[static_cast<std::size_t>(row)], row);
  for (RowNumber row = 0; row < size(); ++row) parent[static_cast<std::size_t>(row)] = root_of(row);
  return parent;
}

}  // namespace pegbox::text
