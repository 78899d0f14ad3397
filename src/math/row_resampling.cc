// Row resampling: see row_resampling.h.
#include "math/row_resampling.h"

#include <cmath>
#include <vector>

namespace pegbox::math {

namespace {

constexpr std::uint64_t kBootstrap = 0, kRandomization = 1;  // independent numbers of one key

Rng rng_of(RngKey key, std::uint64_t purpose) {
  key.trial = key.trial * 2 + purpose;
  return Rng(key);
}

/// Finite values of `draw`; nothing if most were not.
std::optional<std::vector<double>> resample(int resamples, const std::function<double()>& draw) {
  std::vector<double> values;
  for (int i = 0; i < resamples; ++i)
    if (const double value = draw(); std::isfinite(value)) values.push_back(value);
  if (2 * std::ssize(values) <= resamples) return std::nullopt;
  return values;
}

Interval percentiles(const std::vector<double>& values, double confidence_fraction) {
  const double tail = (1 - confidence_fraction) / 2;
  return {quantile(values, tail), quantile(values, 1 - tail)};
}

}  // namespace

std::optional<RowSpread> bootstrap_rows(std::span<const RowNumber> rows, const RowStatistic& statistic,
                                        const RngKey& key, const ResamplingOptions& options) {
  if (rows.size() < 2) return std::nullopt;
  Rng rng = rng_of(key, kBootstrap);
  std::vector<RowNumber> sample(rows.size());
  const auto values = resample(options.resamples, [&] {
    for (RowNumber& row : sample) row = rows[rng.below(rows.size())];
    return statistic(sample);
  });
  if (!values) return std::nullopt;
  return RowSpread{percentiles(*values, options.confidence_fraction), standard_deviation(*values)};
}

std::optional<PairedDifference> compare_rows(std::span<const RowNumber> first, std::span<const RowNumber> second,
                                             const RowStatistic& statistic, const RngKey& key,
                                             const ResamplingOptions& options) {
  if (first.size() < 2) return std::nullopt;
  PairedDifference result{.difference = statistic(second) - statistic(first), .interval = {}};
  std::vector<RowNumber> a(first.size()), b(second.size());
  Rng bootstrap = rng_of(key, kBootstrap), exchange = rng_of(key, kRandomization);
  const auto differences = resample(options.resamples, [&] {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const auto row = static_cast<std::size_t>(bootstrap.below(first.size()));
      a[i] = first[row];
      b[i] = second[row];
    }
    return statistic(b) - statistic(a);
  });
  if (!differences || !std::isfinite(result.difference)) return std::nullopt;
  result.interval = percentiles(*differences, options.confidence_fraction);
  int as_large = 0;
  const double bound = std::abs(result.difference) * (1 - 1e-12);  // sums of the same numbers in another order
  for (int n = 0; n < options.resamples; ++n) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const bool swapped = exchange.below(2) == 1;
      a[i] = swapped ? second[i] : first[i];
      b[i] = swapped ? first[i] : second[i];
    }
    as_large += !(std::abs(statistic(b) - statistic(a)) < bound);
  }
  result.p_value = (as_large + 1.0) / (options.resamples + 1.0);
  return result;
}

}  // namespace pegbox::math
