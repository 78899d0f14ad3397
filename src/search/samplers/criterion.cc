// Criterion: how a model's prediction counts.
#include "search/samplers/criterion.h"

#include <algorithm>
#include <cassert>

namespace pegbox {

std::vector<std::string_view> criterion_names() { return {"improvement", "confidence", "thompson"}; }

CriterionKind criterion_kind(std::string_view name) {
  const auto names = criterion_names();
  const auto found = std::ranges::find(names, name);
  assert(found != names.end());
  return static_cast<CriterionKind>(found - names.begin());
}

math::Prediction optimistic(const math::Prediction& prediction, double beta, double softness) {
  return {prediction.mean - beta * prediction.standard_deviation(), softness * softness};
}

math::PredictionGradient optimistic(const math::PredictionGradient& prediction, double beta, double softness) {
  math::PredictionGradient result{optimistic(prediction.prediction, beta, softness), prediction.mean_gradient,
                                  std::vector<double>(prediction.mean_gradient.size(), 0.0)};
  const double deviation = prediction.prediction.standard_deviation();
  if (deviation > 0)
    for (std::size_t j = 0; j < result.mean_gradient.size(); ++j)
      result.mean_gradient[j] -= beta * prediction.variance_gradient[j] / (2 * deviation);
  return result;
}

}  // namespace pegbox
