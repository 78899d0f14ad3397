// RowIndex: all rows of a data set by their content, to find those that are there twice or nearly so. About 150 bytes a
// row; for_each_kept takes as much again while it runs.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "text/row_facts.h"

namespace pegbox::text {

/// A row's number in the order in which rows were added.
using RowNumber = std::int32_t;
inline constexpr RowNumber kNoRow = -1;

/// "fr, where most are en", or "fr, where en is expected".
std::string foreign_detail(std::string_view language, std::string_view expected, bool by_most);

class RowIndex {
 public:
  /// `file`: its number over all parts. Only readable rows (RowFacts::is_row).
  void add(const RowFacts& facts, std::int32_t file, std::int32_t part);

  RowNumber size() const { return static_cast<RowNumber>(rows_.size()); }
  std::int32_t file(RowNumber row) const { return rows_[static_cast<std::size_t>(row)].file; }
  std::int32_t line(RowNumber row) const { return rows_[static_cast<std::size_t>(row)].line; }
  std::int32_t part(RowNumber row) const { return rows_[static_cast<std::size_t>(row)].part; }
  std::int32_t label(RowNumber row) const { return rows_[static_cast<std::size_t>(row)].label; }  ///< -1: none
  std::uint64_t content(RowNumber row) const { return rows_[static_cast<std::size_t>(row)].content; }
  const std::vector<std::string>& labels() const { return label_names_; }
  /// Its code, which lives as long as the program; empty if it is not known.
  std::string_view language(RowNumber row) const { return language_names_[languages_[static_cast<std::size_t>(row)]]; }
  /// The language that most rows of a part are in; empty if that of none is known.
  std::string_view main_language(std::int32_t part) const;

  /// Of each row the first of the same content before it, else kNoRow.
  std::vector<RowNumber> earlier_equals() const;
  /// Of each row the first of the same content and label before it in its part, else kNoRow.
  std::vector<RowNumber> earlier_twins() const;
  /// Of each row the first before it that shares a band with it (minhash.h), else kNoRow. Rows of the same content do.
  std::vector<RowNumber> earlier_similars() const;
  /// Visits the rows in order: `keep(row, twin, similar)` says whether the row stays, given the first rows of its part
  /// and label that stayed and have its content, or share a band with it (kNoRow: none).
  using Keep = std::function<bool(RowNumber row, RowNumber twin, RowNumber similar)>;
  void for_each_kept(const Keep& keep) const;
  /// Of each row the first of its group: rows that are equal, or share a band, are in one, and so are those that a
  /// chain of such pairs connects; `together`: further pairs that are in one.
  std::vector<RowNumber> groups(std::span<const std::pair<RowNumber, RowNumber>> together = {}) const;

 private:
  struct Entry {
    std::uint64_t content = 0;
    std::int32_t file = 0, line = 0, part = 0, label = -1;
  };
  using Keys = std::vector<std::pair<std::uint64_t, RowNumber>>;
  Keys twin_keys() const;
  /// Of each of `keys`, which are numbered from 0 on, the number of the first with the same key.
  static std::vector<RowNumber> firsts_of(Keys keys);
  class KeptFirsts;
  /// The key together with what rows must have in common to stand for each other: part and label.
  std::uint64_t key_within(std::uint64_t key, RowNumber row) const;
  /// Calls `use(first, other)` for rows of the same key, the first of them before all others.
  template <class Use>
  static void for_each_pair(Keys keys, Use use);
  /// As for_each_pair for the keys of each band; rows without bands are left out.
  template <class Use>
  void for_each_similar_pair(Use use) const;

  std::vector<Entry> rows_;
  std::vector<RowNumber> banded_;                        ///< the rows that have bands
  std::array<std::vector<std::uint64_t>, kBands> keys_;  ///< of these, by band
  std::map<std::string, std::int32_t> label_numbers_;
  std::vector<std::string> label_names_;
  std::vector<std::uint16_t> languages_;              ///< [rows] index into the names
  std::vector<std::string_view> language_names_{""};  ///< the first: not known
};

}  // namespace pegbox::text
