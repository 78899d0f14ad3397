// ParameterImportance: which hyperparameters decided the loss of a study's trials, and how much.
#include "app/parameter_importance.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "math/importance.h"
#include "math/sobol.h"
#include "search/samplers/observations.h"
#include "search/samplers/rank_warp.h"
#include "search/samplers/surrogate.h"

namespace pegbox {

namespace {

constexpr int kPoints = 2048;

/// Points all over the space, encoded for the process: [kPoints, d].
Result<std::vector<double>> points_of(const Space& space, std::uint64_t seed) {
  PEGBOX_TRY(const auto sobol, math::Sobol::create(space.dimensions(), {seed, stream_id("importance"), 0}));
  std::vector<double> points;
  for (int i = 0; i < kPoints; ++i) {
    const auto at = sobol.point(static_cast<std::uint64_t>(i));
    const auto encoded = encode(space, space.to_unit(space.from_unit(at)));
    points.insert(points.end(), encoded.begin(), encoded.end());
  }
  return points;
}

}  // namespace

Result<ParameterImportance> parameter_importance(const History& history) {
  const Space& space = history.spec.space;
  std::vector<double> points, losses;
  for (const Measured& measured : observe(history, history.trials).measured) {
    const Trial& trial = history.trials[static_cast<std::size_t>(measured.trial)];
    const auto encoded = encode(space, space.to_unit(trial.config));
    points.insert(points.end(), encoded.begin(), encoded.end());
    losses.push_back(measured.losses[0]);
  }
  const bool has_finite = std::ranges::any_of(losses, [](double loss) { return std::isfinite(loss); });
  if (losses.size() < 4 || !has_finite || space.dimensions() == 0)
    return fail(ErrorKind::InvalidInput, {.where = history.spec.name,
                                          .what = "too few trials to say what matters",
                                          .got = std::to_string(losses.size()),
                                          .expected = "at least 4 with a loss"});
  PEGBOX_TRY(const auto process, math::GaussianProcess::fit(dimensions_of(space), points, rank_warp(losses)));
  PEGBOX_TRY(const auto everywhere, points_of(space, history.spec.seed));
  PEGBOX_TRY(const auto importance, math::importance_of(process, everywhere));

  std::map<std::string, double> by_name;
  for (std::size_t axis = 0; axis < importance.shares.size(); ++axis)
    by_name[space.parameters()[static_cast<std::size_t>(space.axes()[axis].parameter)].name] += importance.shares[axis];
  ParameterImportance result{.shares = {}, .interaction_share = importance.interaction_share};
  for (const auto& [name, share] : by_name) result.shares.push_back({name, share});
  std::ranges::stable_sort(result.shares, std::greater<>(), &ImportanceShare::share);
  return result;
}

}  // namespace pegbox
