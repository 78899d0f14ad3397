// CurveForecast: where the trials of a study will end, by one objective, from what their curves have shown so far.
//
// Losses are warped first, so that diverged trials do no harm: with z the distance to the best loss in units of the
// distance between best and median, z up to 1 and 1 + log(z) beyond. What is predicted is the warped loss at full
// length.
#pragma once

#include <optional>
#include <vector>

#include "math/curve_model.h"
#include "search/history.h"

namespace pegbox {

class CurveForecast {
 public:
  /// Nothing while no trial has a finite loss, or the full length is unknown. The law of the curves is fitted to part
  /// of what is known, such that it changes now and then only: see ForecastCache.
  static std::optional<CurveForecast> make(const History& history, std::size_t objective, class ForecastCache& cache);

  /// The warped loss at full length, by what the trial has shown until a step. Without a finite loss: as of any trial.
  math::Prediction at_end(const Trial& trial, std::int64_t until = INT64_MAX) const {
    return model_.at_end(curve_of_trial(trial, until));
  }

  /// What a measurement at the end would add to that variance.
  double noise_variance() const { return model_.noise_variance(); }

  /// What would be left of that variance if the trial ran to `step`.
  double variance_after(const Trial& trial, std::int64_t step) const;

  double warp(double loss) const;

  std::uint64_t law() const { return law_; }  ///< changes with what it is fitted to: the same number, the same law

  /// The lowest warped loss that any trial has shown, other than `except`; nothing if there is none.
  std::optional<double> lowest(std::int64_t except = -1) const;

 private:
  friend class ForecastCache;
  CurveForecast(const History& history, std::size_t objective) : history_(history), objective_(objective) {}

  /// The part of the trial's curve up to `until`, thinned out: the last reports, then ever fewer towards the beginning.
  math::Curve curve_of_trial(const Trial& trial, std::int64_t until = INT64_MAX) const;
  std::vector<math::Curve> curves_to_fit() const;
  std::vector<math::Outcome> outcomes() const;  ///< of the latest trials that have come to the end
  void choose_warp();

  const History& history_;
  std::size_t objective_;
  double best_ = 0, scale_ = 1;  ///< of the warp
  math::CurveModel model_;
  std::uint64_t law_ = 0;
};

/// The last law that was fitted, and to what. A law is a function of the study's history alone: it is fitted to the
/// first trials, their number in steps of a quarter, and of each to its reports up to the last of few steps that it has
/// passed. So most decisions find it here, and a fresh instance finds the same one.
class ForecastCache {
 public:
  Result<math::CurveModel> fit(const std::vector<math::Curve>& curves, const std::vector<math::Outcome>& outcomes);
  std::uint64_t law() const { return law_; }

 private:
  std::uint64_t law_ = 0;
  std::vector<math::Curve> curves_;
  std::optional<math::CurveModel> model_;
};

}  // namespace pegbox
