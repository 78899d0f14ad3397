// Criterion: how a model's prediction counts when it is asked what a trial would improve.
//
// - Improvement: in expectation. The default; it needs no setting.
// - Confidence: as if the loss were mean - beta * standard deviation: GP-UCB (Srinivas, Krause, Kakade, Seeger, ICML
//   2010, arXiv 0912.3995) for minimization. The paper's beta grows with the logarithm of the number of trials and is
//   far too large in practice; 2 is what is customary, more explores more.
// - Thompson: as if one function drawn from the posterior (math/posterior_draw.h) were the truth: Thompson, Biometrika
//   25 (1933). Workers that ask at the same time look in different places by themselves.
//
// In each case merit is the logarithm of an improvement, so that priors, failures and costs weigh as they do otherwise,
// and several losses have a volume. For the last two that logarithm is softened (kSoftness), so that places that
// promise nothing still have an order and a gradient.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "math/gaussian_process.h"

namespace pegbox {

enum class CriterionKind : std::uint8_t { Improvement, Confidence, Thompson };

struct Criterion {
  CriterionKind kind = CriterionKind::Improvement;
  double beta = 2;  ///< of Confidence: standard deviations
  RngKey key;       ///< of Thompson: which function
};

std::vector<std::string_view> criterion_names();  ///< by kind: "improvement", ...
CriterionKind criterion_kind(std::string_view name);

/// The standard deviation that stands for certainty, as a part of the losses' spread.
inline constexpr double kSoftness = 1e-3;

/// mean - beta * standard deviation, softened by `softness` (in the units of the loss).
math::Prediction optimistic(const math::Prediction& prediction, double beta, double softness);
math::PredictionGradient optimistic(const math::PredictionGradient& prediction, double beta, double softness);

}  // namespace pegbox
