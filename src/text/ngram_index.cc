// NgramIndex: a sorted list.
#include "text/ngram_index.h"

#include <algorithm>
#include <functional>

#include "base/json.h"
#include "text/dataset_reader.h"
#include "text/row_source.h"
#include "text/words.h"

namespace pegbox::text {

namespace {

/// All strings of a JSON value, however deep.
void for_each_string(const Json& json, const std::function<void(const std::string&)>& use) {
  if (json.is_string()) return use(json.get_ref<const std::string&>());
  if (!json.is_structured()) return;
  for (const Json& item : json) for_each_string(item, use);
}

}  // namespace

Result<NgramIndex> NgramIndex::of_files(std::span<const Path> paths, std::size_t n) {
  NgramIndex index(n);
  PEGBOX_TRY(RowSource source, RowSource::open(paths));
  for (;;) {
    PEGBOX_TRY(const auto row, source.next());
    if (!row) break;
    const std::string place = place_of(source.files()[static_cast<std::size_t>(row->file)], row->line);
    if (!row->fault.empty() || inspect(row->bytes).content != Content::Text)
      return fail(ErrorKind::InvalidInput, {.where = place,
                                            .what = "this row cannot be read",
                                            .got = row->fault.empty() ? "bytes that are not UTF-8" : row->fault});
    if (row->is_document) {
      index.add(row->bytes);
      continue;
    }
    PEGBOX_TRY(const Json json, parse_foreign_json(row->bytes, place));
    for_each_string(json, [&](const std::string& text) { index.add(text); });
  }
  index.finish();
  return index;
}

std::vector<std::uint64_t> NgramIndex::hashes_of(std::string_view text) const {
  std::vector<std::uint64_t> words, runs;
  hash_words(text, words);
  for (std::size_t i = 0; i + n_ <= words.size(); ++i) {
    std::uint64_t hash = n_;
    for (std::size_t k = 0; k < n_; ++k) hash = mix_bits(hash ^ words[i + k]);
    runs.push_back(hash);
  }
  return runs;
}

void NgramIndex::add(std::string_view text) {
  for (const std::uint64_t hash : hashes_of(text)) hashes_.push_back(hash);
}

void NgramIndex::finish() {
  std::ranges::sort(hashes_);
  const auto rest = std::ranges::unique(hashes_);
  hashes_.erase(rest.begin(), rest.end());
  hashes_.shrink_to_fit();
}

std::size_t NgramIndex::count_common(std::string_view text, std::string_view prompt) const {
  std::vector<std::uint64_t> own = hashes_of(text);
  std::erase_if(own, [&](std::uint64_t hash) { return !std::ranges::binary_search(hashes_, hash); });
  if (own.empty()) return 0;
  std::vector<std::uint64_t> given = hashes_of(prompt);
  std::ranges::sort(given);
  std::erase_if(own, [&](std::uint64_t hash) { return std::ranges::binary_search(given, hash); });
  return own.size();
}

}  // namespace pegbox::text
