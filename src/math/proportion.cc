// Proportions: see proportion.h.
#include "math/proportion.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>

namespace pegbox::math {

namespace {
using Binomial = boost::math::binomial_distribution<double>;
}

Result<Interval> proportion_interval(std::int64_t successes, std::int64_t trials, double confidence_fraction) {
  if (trials <= 0 || successes < 0 || successes > trials || !(confidence_fraction > 0 && confidence_fraction < 1))
    return fail(ErrorKind::InvalidInput,
                {.where = "proportion",
                 .what = "these counts have no interval",
                 .got = fmt::format("{} of {} at {}", successes, trials, confidence_fraction),
                 .expected = "at least one trial, no more successes than trials, a confidence between 0 and 1"});
  const auto all = static_cast<double>(trials), part = static_cast<double>(successes);
  const double tail = (1 - confidence_fraction) / 2;
  return Interval{Binomial::find_lower_bound_on_p(all, part, tail), Binomial::find_upper_bound_on_p(all, part, tail)};
}

double mcnemar_p_value(std::int64_t only_first, std::int64_t only_second) {
  const std::int64_t all = only_first + only_second;
  if (all == 0) return 1;
  const Binomial fair(static_cast<double>(all), 0.5);
  return std::min(1.0, 2 * cdf(fair, static_cast<double>(std::min(only_first, only_second))));
}

}  // namespace pegbox::math
