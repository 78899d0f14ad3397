// Goal: what there is to improve on.
#include "search/samplers/goal.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "math/pareto.h"

namespace pegbox {
namespace {

constexpr double kMargin = 0.1;  ///< of a front's sides, between its worst ends and the reference

/// The corner below which volume counts: a tenth of the front's sides beyond its ends, as BoTorch infers it (Ishibuchi
/// et al., "How to specify a reference point in hypervolume calculation", Evolutionary Computation 26 (2018)). A front
/// of one point has no sides: then those of all points.
std::vector<double> corner_of(std::span<const double> rows, std::size_t losses) {
  const auto front = math::pareto_front(rows, static_cast<int>(losses));
  assert(front);
  std::vector<double> corner;
  for (std::size_t k = 0; k < losses; ++k) {
    double low = HUGE_VAL, high = -HUGE_VAL, worst = -HUGE_VAL;
    for (const int i : *front) {
      const double at = rows[losses * static_cast<std::size_t>(i) + k];
      low = std::min(low, at), high = std::max(high, at);
    }
    for (std::size_t i = k; i < rows.size(); i += losses) worst = std::max(worst, rows[i]);
    if (!(high > low)) high = worst;
    const double side = high > low ? high - low : 1.0;
    corner.push_back(high + kMargin * side);
  }
  return corner;
}

}  // namespace

Result<Goal> Goal::of(std::span<const double> rows, std::size_t losses) {
  Goal goal;
  if (losses == 1) {
    goal.best_ = std::ranges::min(rows);
  } else {
    PEGBOX_TRY(goal.front_, math::Front::create(rows, corner_of(rows, losses)));
  }
  return goal;
}

void Goal::add(std::span<const double> losses) {
  if (front_)
    front_->add(losses);
  else
    best_ = std::min(best_, losses[0]);
}

double Goal::log_improvement(std::span<const math::Prediction> predictions) const {
  return front_ ? front_->log_expected_improvement(predictions) : math::log_expected_improvement(predictions[0], best_);
}

math::Acquisition Goal::log_improvement(std::span<const math::PredictionGradient> predictions) const {
  return front_ ? front_->log_expected_improvement(predictions) : math::log_expected_improvement(predictions[0], best_);
}

}  // namespace pegbox
