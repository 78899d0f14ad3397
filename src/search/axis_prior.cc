// AxisPrior: quantiles and densities of priors on the unit axis.
#include "search/axis_prior.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "math/normal.h"

namespace pegbox {
namespace {

constexpr double kFlatSpread = 1e3;  // wider than this many axes: uniform to 1e-6, and the normal's differences cancel

}  // namespace

AxisPrior::AxisPrior(const Parameter& parameter, const UnitScale& scale) {
  if (!parameter.weights.empty()) {
    cumulative_.resize(parameter.weights.size());
    std::partial_sum(parameter.weights.begin(), parameter.weights.end(), cumulative_.begin());
    for (double& sum : cumulative_) sum /= cumulative_.back();
    cumulative_.back() = 1;
  }
  if (!parameter.prior) return;
  const Prior& prior = *parameter.prior;
  if (parameter.kind == ParameterKind::Ordered) {
    const auto same = [&](const Value& choice) { return same_value(choice, prior.at); };
    const auto index =
        std::find_if(parameter.choices.begin(), parameter.choices.end(), same) - parameter.choices.begin();
    const auto count = static_cast<double>(parameter.choices.size());
    center_ = (static_cast<double>(index) + 0.5) / count;
    spread_ = prior.spread / count;
  } else {
    center_ = scale.unit(as_number(prior.at));
    spread_ = scale.unit_spread(prior.spread);
  }
  if (spread_ > kFlatSpread) spread_ = 0;
  if (spread_ == 0) return;
  below_ = math::normal_cdf(-center_ / spread_);
  mass_ = math::normal_cdf((1 - center_) / spread_) - below_;
}

double AxisPrior::quantile(double probability) const {
  if (!cumulative_.empty()) {
    const auto bin = std::upper_bound(cumulative_.begin(), cumulative_.end() - 1, probability) - cumulative_.begin();
    const double before = bin == 0 ? 0 : cumulative_[static_cast<std::size_t>(bin - 1)];
    const double within = (probability - before) / (cumulative_[static_cast<std::size_t>(bin)] - before);
    return std::clamp((static_cast<double>(bin) + within) / static_cast<double>(cumulative_.size()), 0.0, 1.0);
  }
  if (spread_ == 0) return probability;
  return std::clamp(center_ + spread_ * math::normal_quantile(below_ + probability * mass_), 0.0, 1.0);
}

double AxisPrior::log_density(double at) const {
  if (!cumulative_.empty()) {
    const auto count = cumulative_.size();
    const auto bin =
        std::min(count - 1, static_cast<std::size_t>(std::clamp(at, 0.0, 1.0) * static_cast<double>(count)));
    const double weight = cumulative_[bin] - (bin == 0 ? 0 : cumulative_[bin - 1]);
    return std::log(weight * static_cast<double>(count));
  }
  if (spread_ == 0) return 0;
  return math::normal_log_pdf((at - center_) / spread_) - std::log(spread_ * mass_);
}

}  // namespace pegbox
