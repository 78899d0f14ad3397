// Row resampling: intervals and tests for any number that is computed from a set of rows, such as the BLEU or the F1 of
// a corpus, which is no mean of the rows' own values.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/result.h"
#include "base/rng.h"
#include "math/statistics.h"

namespace pegbox::math {

using RowNumber = std::uint32_t;
/// A number of the rows named, which may be named several times; NaN where it has no value.
using RowStatistic = std::function<double(std::span<const RowNumber>)>;

struct ResamplingOptions {
  double confidence_fraction = 0.95;
  int resamples = 1000;  ///< as sacreBLEU; the interval's ends then move by about 5 % of its width between keys
};

struct RowSpread {
  Interval interval;          ///< percentiles of the resampled statistic
  double standard_error = 0;  ///< its standard deviation
};

/// What the statistic would be of other rows of the same kind: the bootstrap over rows (Efron 1979). Resamples without
/// a finite value are left out; nothing if they are more than half, or there are fewer than 2 rows.
std::optional<RowSpread> bootstrap_rows(std::span<const RowNumber> rows, const RowStatistic& statistic,
                                        const RngKey& key, const ResamplingOptions& options = {});

struct PairedDifference {
  double difference = 0;  ///< of the second from the first
  Interval interval;      ///< of the difference, pairs resampled together
  double p_value = 1;     ///< two-sided: that the two of a pair might as well be exchanged
};

/// Compares two outcomes of the same rows: row i's first outcome has the number first[i], its second one second[i], in
/// one statistic of both. The p-value is that of approximate randomization (Noreen 1989; Riezler and Maxwell 2005), at
/// least 1 / (resamples + 1). Nothing as `bootstrap_rows`. `first` and `second` have one length.
std::optional<PairedDifference> compare_rows(std::span<const RowNumber> first, std::span<const RowNumber> second,
                                             const RowStatistic& statistic, const RngKey& key,
                                             const ResamplingOptions& options = {});

}  // namespace pegbox::math
