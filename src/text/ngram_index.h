// NgramIndex: which runs of words a text has in common with a body of other texts, such as what a model was trained on.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox::text {

/// Hashes of all runs of n words (hash_words) of the texts added; 8 bytes each.
class NgramIndex {
 public:
  /// n is at least 1. 13 is what GPT-3's authors took for a copy (Brown et al. 2020, appendix C).
  explicit NgramIndex(std::size_t n) : n_(n) {}

  /// All texts of the rows of data files, each of a row's texts by itself. InvalidInput, NotFound, Io as RowSource, and
  /// for a row that is no JSON object.
  static Result<NgramIndex> of_files(std::span<const Path> paths, std::size_t n);

  void add(std::string_view text);
  void finish();  ///< once, after the last text and before questions

  std::size_t size() const { return hashes_.size(); }
  /// How many runs of n words of `text` are in the index and not in `prompt`, from where they may have been copied.
  std::size_t count_common(std::string_view text, std::string_view prompt) const;

 private:
  std::vector<std::uint64_t> hashes_of(std::string_view text) const;  ///< of the runs, in order

  std::size_t n_;
  std::vector<std::uint64_t> hashes_;  ///< sorted, without repetitions, once finished
};

}  // namespace pegbox::text
