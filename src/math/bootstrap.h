// Bootstrap: confidence intervals of a mean or a paired difference without assuming a normal distribution.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "math/statistics.h"

namespace pegbox::math {

enum class BootstrapMethod {
  Percentile,  ///< quantiles of the resampled statistic
  Bca,         ///< bias-corrected and accelerated: Efron, "Better bootstrap confidence intervals", JASA 82 (1987)
};

struct BootstrapOptions {
  double confidence_fraction = 0.95;
  int resamples = 4000;  ///< the interval's ends then move by about 2 % of its width between keys
  BootstrapMethod method = BootstrapMethod::Bca;
};

using Statistic = std::function<double(std::span<const double>)>;

/// The interval of any statistic of one sample; where all values are equal it is that statistic alone. InvalidInput for
/// fewer than 2 values, values that are not finite, a confidence outside (0, 1), or fewer than 100 resamples.
Result<Interval> bootstrap_interval(std::span<const double> values, const Statistic& statistic, const RngKey& key,
                                    const BootstrapOptions& options = {});

/// As above for the mean.
Result<Interval> bootstrap_mean_interval(std::span<const double> values, const RngKey& key,
                                         const BootstrapOptions& options = {});

/// The interval of mean(a - b), pairs resampled together; InvalidInput too if the lengths differ.
Result<Interval> bootstrap_paired_interval(std::span<const double> a, std::span<const double> b, const RngKey& key,
                                           const BootstrapOptions& options = {});

}  // namespace pegbox::math
