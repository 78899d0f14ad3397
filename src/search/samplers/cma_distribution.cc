// CMA distribution: a normal and categorical distributions over a space's axes.
#include "search/samplers/cma_distribution.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/axis_prior.h"
#include "search/samplers/levels.h"

namespace pegbox {
namespace {

constexpr std::int64_t kMaxThresholds = 4096;      ///< axes with more values are a continuum
constexpr double kStandard = 0.15865525393145707;  ///< chance of a normal below one standard deviation
constexpr double kSpreadFactor = 0.5;              ///< of the prior: a sixth of a flat axis
constexpr double kLeastSpread = 1e-6;              ///< of the normal, as a part of the axis: converged
constexpr double kMaxCondition = 1e14;             ///< of the covariance
constexpr int kBoxTries = 100;
constexpr double kFavour = 0.5;  ///< chance that goes to the choice of the trial to start from

std::vector<double> thresholds_of(const Space& space, std::size_t axis) {
  const std::int64_t levels = space.axes()[axis].levels;
  std::vector<double> thresholds;
  if (levels < 2 || levels > kMaxThresholds) return thresholds;
  const int number = static_cast<int>(axis);
  for (std::int64_t i = 0; i + 1 < levels; ++i)
    thresholds.push_back((level_place(space, number, i) + level_place(space, number, i + 1)) / 2);
  return thresholds;
}

}  // namespace

CmaAxes::CmaAxes(const Space& space) {
  for (std::size_t axis = 0; axis < space.axes().size(); ++axis) {
    const Axis& kind = space.axes()[axis];
    const Parameter& parameter = space.parameters()[static_cast<std::size_t>(kind.parameter)];
    const bool is_number = parameter.kind == ParameterKind::Real || parameter.kind == ParameterKind::Integer;
    const AxisPrior prior(parameter, is_number ? UnitScale(parameter) : UnitScale());
    levels_.push_back(kind.levels);
    is_choice_.push_back(kind.levels > 1 && (kind.kind == AxisKind::Categorical || kind.levels == 2));
    (is_choice_.back() ? choices_ : numbers_).push_back(axis);
    thresholds_.push_back(is_choice_.back() ? std::vector<double>{} : thresholds_of(space, axis));
    middles_.push_back(prior.quantile(0.5));
    spreads_.push_back(kSpreadFactor * (prior.quantile(1 - kStandard) - prior.quantile(kStandard)) / 2);
    auto& places = places_.emplace_back();
    auto& chances = chances_.emplace_back();
    if (!is_choice_.back()) continue;
    for (std::int64_t i = 0; i < kind.levels; ++i) {
      places.push_back(level_place(space, static_cast<int>(axis), i));
      chances.push_back(std::exp(prior.log_density(places.back())));
    }
    const double sum = std::accumulate(chances.begin(), chances.end(), 0.0);
    for (double& chance : chances) chance /= sum;
  }
}

int CmaAxes::choice_at(std::size_t axis, double at) const {
  const auto& places = places_[axis];
  const auto nearest = std::ranges::min_element(places, {}, [&](double place) { return std::abs(place - at); });
  return static_cast<int>(nearest - places.begin());
}

CmaDistribution::CmaDistribution(const CmaAxes& axes, std::span<const double> mean, bool favour, int population)
    : population_(population) {
  if (!axes.numbers().empty()) {
    math::Cma::Start start{.mean = {}, .spreads = {}, .population = population, .thresholds = {}};
    for (const std::size_t axis : axes.numbers()) {
      start.mean.push_back(mean[axis]);
      start.spreads.push_back(axes.prior_spread(axis));
      start.thresholds.push_back(axes.thresholds(axis));
    }
    normal_.emplace(start);
  }
  if (axes.choices().empty()) return;
  std::vector<std::vector<double>> rows;
  for (const std::size_t axis : axes.choices()) {
    auto& row = rows.emplace_back(axes.prior_chances(axis));
    if (!favour) continue;
    for (double& chance : row) chance *= 1 - kFavour;
    row[static_cast<std::size_t>(axes.choice_at(axis, mean[axis]))] += kFavour;
  }
  choices_.emplace(std::move(rows), population);
}

bool CmaDistribution::has_converged(const CmaAxes& axes) const {
  if (!normal_) return false;
  if (!(normal_->condition() < kMaxCondition)) return true;
  bool has_continuum = false;
  for (int i = 0; i < normal_->dimensions(); ++i) {
    if (!axes.thresholds(axes.numbers()[static_cast<std::size_t>(i)]).empty()) continue;
    has_continuum = true;
    if (normal_->spread(i) >= kLeastSpread) return false;
  }
  return has_continuum;
}

std::vector<double> CmaDistribution::draw(const CmaAxes& axes, Rng& rng) const {
  std::vector<double> at(axes.size());
  for (std::size_t i = 0; i < axes.choices().size(); ++i) {
    const std::size_t axis = axes.choices()[i];
    at[axis] = axes.places(axis)[static_cast<std::size_t>(choices_->sample(i, rng.uniform()))];
  }
  if (!normal_) return at;
  std::vector<double> z(axes.numbers().size());
  for (int attempt = 1;; ++attempt) {
    for (double& each : z) each = rng.normal();
    const auto x = normal_->sample(z);
    bool inside = true;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t axis = axes.numbers()[i];
      const bool is_bounded = axes.thresholds(axis).empty();
      inside = inside && (!is_bounded || (x[i] >= 0 && x[i] <= 1));
      at[axis] = is_bounded ? std::clamp(x[i], 0.0, 1.0) : x[i];
    }
    if (inside || attempt == kBoxTries) return at;
  }
}

void CmaDistribution::update(const CmaAxes& axes, std::span<const CmaDraw> ranked) {
  std::vector<double> numbers;
  std::vector<std::uint8_t> active;
  std::vector<int> choices;
  for (const CmaDraw& draw : ranked) {
    for (const std::size_t axis : axes.numbers()) {
      numbers.push_back(draw.at[axis]);
      active.push_back(draw.active[axis] ? 1 : 0);
    }
    for (const std::size_t axis : axes.choices()) {
      choices.push_back(draw.active[axis] ? axes.choice_at(axis, draw.at[axis]) : -1);
    }
  }
  if (normal_) normal_->update(numbers, active);
  if (choices_) choices_->update(choices);
}

}  // namespace pegbox
