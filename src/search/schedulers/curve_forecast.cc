// CurveForecast: where the trials of a study will end.
#include "search/schedulers/curve_forecast.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/number.h"
#include "math/statistics.h"

namespace pegbox {
namespace {

constexpr std::size_t kPointsOfCurve = 16;
constexpr std::size_t kReportsKept = 3;  ///< of these, the last reports themselves; before them ever wider apart
constexpr double kThinning = 0.78;       ///< from one point to the one before it, in steps
constexpr std::size_t kCurvesToFit = 100;
constexpr std::size_t kOutcomes = 20;  ///< finished trials that calibrate the law
constexpr double kLatestLook = 0.9;    ///< of the full length: as these were seen then, and earlier,
constexpr double kLookStep = 0.83;     ///< each time at this part of the time before
constexpr double kFitSteps = 3;        ///< ratio of the steps up to which reports are fitted to

/// The first trials that a law is fitted to: all of 8, then a multiple of a growing power of two.
std::size_t trials_to_fit(std::size_t trials) {
  const std::size_t stride = trials < 8 ? 1 : std::bit_floor(trials / 4);
  return trials / stride * stride;
}

std::int64_t last_fit_step(std::int64_t step, std::int64_t full_steps) {
  auto fitted = static_cast<double>(full_steps);
  while (fitted > static_cast<double>(step) && fitted >= 1) fitted /= kFitSteps;
  return static_cast<std::int64_t>(fitted);
}

bool same(const std::vector<math::Curve>& a, const std::vector<math::Curve>& b) {
  return std::ranges::equal(
      a, b, [](const math::Curve& x, const math::Curve& y) { return x.at == y.at && x.value == y.value; });
}

}  // namespace

Result<math::CurveModel> ForecastCache::fit(const std::vector<math::Curve>& curves,
                                            const std::vector<math::Outcome>& outcomes) {
  if (model_ && same(curves, curves_)) return *model_;
  PEGBOX_TRY(model_, math::CurveModel::fit(curves, outcomes));
  curves_ = curves;
  ++law_;
  return *model_;
}

std::optional<CurveForecast> CurveForecast::make(const History& history, std::size_t objective, ForecastCache& cache) {
  if (history.steps == 0) return std::nullopt;
  CurveForecast forecast(history, objective);
  forecast.choose_warp();
  auto model = cache.fit(forecast.curves_to_fit(), forecast.outcomes());
  if (!model) return std::nullopt;
  forecast.model_ = std::move(*model);
  forecast.law_ = cache.law();
  return forecast;
}

double CurveForecast::warp(double loss) const {
  const double z = (loss - best_) / scale_;
  return z <= 1 ? z : 1 + std::log(z);
}

/// By the last losses that are fitted to, so that the warp stays as long as the law.
void CurveForecast::choose_warp() {
  const auto trials = history_.trials.first(trials_to_fit(history_.trials.size()));
  std::vector<double> losses;
  best_ = 0, scale_ = 0;  // curves as they are
  for (const Trial& trial : trials) {
    const std::int64_t until = last_fit_step(trial.step, history_.steps);
    const Objective& goal = history_.spec.objectives[objective_];
    const auto value = trial.metric_at(goal.metric, until);
    if (value && std::isfinite(*value)) losses.push_back(goal.sign() * *value);
  }
  if (!losses.empty()) {
    best_ = *std::ranges::min_element(losses);
    scale_ = math::median(losses) - best_;
  }
  if (!(scale_ > 0)) scale_ = std::max(1e-9, 0.01 * std::abs(best_));
}

math::Curve CurveForecast::curve_of_trial(const Trial& trial, std::int64_t until) const {
  const Objective& goal = history_.spec.objectives[objective_];
  math::Curve curve;
  double next = kInfinity;
  for (std::size_t i = trial.reports.size(); i-- > 0 && curve.at.size() < kPointsOfCurve;) {
    const Report& report = trial.reports[i];
    const auto value = report.metrics.find(goal.metric);
    const bool is_wanted = report.step <= until && report.step > 0 && report.step <= history_.steps;
    if (!is_wanted || value == report.metrics.end() || !std::isfinite(value->second)) continue;
    const auto step = static_cast<double>(report.step);
    if (curve.at.size() >= kReportsKept && step > next) continue;
    next = kThinning * step;
    curve.at.push_back(step / static_cast<double>(history_.steps));
    curve.value.push_back(warp(goal.sign() * value->second));
  }
  std::ranges::reverse(curve.at);
  std::ranges::reverse(curve.value);
  return curve;
}

std::vector<math::Curve> CurveForecast::curves_to_fit() const {
  std::vector<math::Curve> curves;
  for (const Trial& trial : history_.trials.first(trials_to_fit(history_.trials.size()))) {
    math::Curve curve = curve_of_trial(trial, last_fit_step(trial.step, history_.steps));
    if (!curve.at.empty()) curves.push_back(std::move(curve));
  }
  if (curves.size() <= kCurvesToFit) return curves;
  // The longest tell most of the course, and the latest most of what the sampler now proposes.
  std::ranges::stable_sort(curves, std::ranges::greater{}, [](const math::Curve& curve) { return curve.at.back(); });
  const auto rest = std::span(curves).subspan(kCurvesToFit / 2);
  for (std::size_t i = 0; i < kCurvesToFit / 2; ++i) rest[i] = rest[i * rest.size() / (kCurvesToFit / 2)];
  curves.resize(kCurvesToFit);
  return curves;
}

std::vector<math::Outcome> CurveForecast::outcomes() const {
  std::vector<math::Outcome> outcomes;
  const auto trials = history_.trials.first(trials_to_fit(history_.trials.size()));
  std::size_t count = 0;
  for (std::size_t i = trials.size(); i-- > 0 && count < kOutcomes;) {
    const math::Curve whole = curve_of_trial(trials[i]);
    if (whole.at.empty() || whole.at.back() < 1) continue;
    ++count;
    for (double until = kLatestLook; until * static_cast<double>(history_.steps) >= 1; until *= kLookStep) {
      const auto step = static_cast<std::int64_t>(until * static_cast<double>(history_.steps));
      if (math::Curve seen = curve_of_trial(trials[i], step); !seen.at.empty())
        outcomes.push_back({std::move(seen), whole.value.back()});
    }
  }
  return outcomes;
}

double CurveForecast::variance_after(const Trial& trial, std::int64_t step) const {
  return model_.variance_after(curve_of_trial(trial),
                               std::min(1.0, static_cast<double>(step) / static_cast<double>(history_.steps)));
}

std::optional<double> CurveForecast::lowest(std::int64_t except) const {
  const Objective& goal = history_.spec.objectives[objective_];
  double lowest = kInfinity;
  for (const Trial& trial : history_.trials) {
    const auto value = trial.metric(goal.metric);
    if (trial.number != except && value && std::isfinite(*value)) lowest = std::min(lowest, goal.sign() * *value);
  }
  if (lowest == kInfinity) return std::nullopt;
  return warp(lowest);
}

}  // namespace pegbox
