// Row batches: rows read by one thread and worked on by several, in bounded memory.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "text/row_source.h"

namespace pegbox::text {

inline constexpr std::size_t kBatchBytes = std::size_t{4} << 20, kBatchRows = 8192;

/// Reads all of `source`, calls `work(row)` on so many threads, and gives its results to `use(row, result)` in the
/// order of the rows; an error of `use` ends it.
template <class Work, class Use>
Result<void> for_each_row(RowSource& source, int threads, const Work& work, const Use& use) {
  using Done = std::invoke_result_t<Work, const RawRow&>;
  for (bool has_more = true; has_more;) {
    std::vector<RawRow> batch;
    for (std::size_t bytes = 0; bytes < kBatchBytes && batch.size() < kBatchRows;) {
      PEGBOX_TRY(auto row, source.next());
      has_more = row.has_value();
      if (!has_more) break;
      bytes += row->bytes.size();
      batch.push_back(*std::move(row));
    }
    std::vector<Done> done(batch.size());
    const auto work_from = [&](std::size_t first) {
      for (std::size_t i = first; i < batch.size(); i += static_cast<std::size_t>(threads)) done[i] = work(batch[i]);
    };
    {
      std::vector<std::jthread> helpers;
      for (int thread = 1; thread < threads; ++thread)
        helpers.emplace_back(work_from, static_cast<std::size_t>(thread));
      work_from(0);
    }
    for (std::size_t i = 0; i < batch.size(); ++i) PEGBOX_CHECK(use(batch[i], std::move(done[i])));
  }
  return {};
}

}  // namespace pegbox::text
