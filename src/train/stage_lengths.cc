// Stage lengths: see stage_lengths.h.
#include "train/stage_lengths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "train/config_rules.h"
#include "train/row_order.h"
#include "train/run_plan.h"

namespace pegbox::train {

Result<std::vector<std::int64_t>> stage_ends(const TrainConfig& config, const text::TokenizedRows& rows) {
  PEGBOX_TRY(const std::vector<double> shares, set_shares(config, rows));
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  const auto total = static_cast<double>(total_tokens_of(config, rows));
  std::vector<std::int64_t> ends;
  double before = 0;
  for (const double share : shares) {
    before += share;
    ends.push_back(std::llround(total * before / sum));
  }
  return ends;
}

Result<void> check_stage_lengths(const TrainConfig& config, const text::TokenizedRows& rows,
                                 const std::vector<std::int64_t>& ends) {
  std::int64_t longest = 0;
  for (std::int64_t row = 0; row < rows.size(); ++row) longest = std::max(longest, rows.length(row));
  for (std::size_t set = 0; set < ends.size(); ++set) {
    const std::int64_t tokens = ends[set] - (set == 0 ? 0 : ends[set - 1]);
    if (tokens < config.batch_size * longest)
      return refuse("stream", "a stage may be over before its first batch",
                    fmt::format("{} tokens of {} for {}, and batches of up to {} ({} sequences of up to {})", tokens,
                                total_tokens_of(config, rows), rows.group_names[set], config.batch_size * longest,
                                config.batch_size, longest),
                    "more tokens or epochs, a larger weight for this set, or a smaller batch_size");
  }
  return {};
}

bool leaves_no_room(const Error& error, const TrainConfig& config, const text::TokenizedRows& rows) {
  if (!rows.groups_in_turn) return false;
  const auto ends = stage_ends(config, rows);
  const auto lengths = ends ? check_stage_lengths(config, rows, *ends) : Result<void>();
  return !lengths && lengths.error().message == error.message;
}

}  // namespace pegbox::train
