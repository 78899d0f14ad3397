// Acquisition search: candidates everywhere, then climbs from the best of them.
#include "search/samplers/acquisition_search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "math/minimize.h"
#include "math/sobol.h"

namespace pegbox {
namespace {

constexpr std::int64_t kMaxListedExactly = 512;  ///< configurations that are all looked at
constexpr std::int64_t kSmoothLevels = 16;       ///< integers with more values are climbed along like a continuum
constexpr int kAround = 40;                      ///< candidates around each incumbent
constexpr std::size_t kStarts = 4;               ///< climbs
constexpr double kStartDistance = 0.05;          ///< between starts, along some axis
constexpr int kRounds = 4;                       ///< of climbing and stepping
constexpr int kCutBacks = 6;
constexpr double kAxesMoved = 20;    ///< of the center of a region, for a candidate
constexpr double kSlopeStep = 1e-5;  ///< for the slope of the log prior

class AcquisitionSearch {
 public:
  explicit AcquisitionSearch(const AcquisitionProblem& problem)
      : problem_(problem),
        space_(problem.history.spec.space),
        rng_({problem.key.seed, stream_id("gp candidates"), problem.key.trial}) {}

  Result<std::optional<Chosen>> run() {
    Candidates pool(problem_.history, problem_.beliefs, problem_.taken);
    PEGBOX_TRY(const bool listed, pool.add_all(kMaxListedExactly));
    if (!listed) {
      region_ = problem_.region;
      PEGBOX_CHECK(collect(pool));
    }
    if (pool.all().empty()) PEGBOX_CHECK(pool.add_drawn(rng_));
    if (pool.all().empty()) return std::nullopt;
    const std::vector<double> merits = merits_of(pool.all());
    std::vector<std::size_t> order(merits.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return merits[i]; });
    Chosen best{pool.all()[order[0]], merits[order[0]]};
    if (listed) return best;
    for (const std::size_t start : choose_starts(pool.all(), order)) {
      PEGBOX_TRY(Chosen climbed, climb({pool.all()[start], merits[start]}));
      if (climbed.merit > best.merit) best = std::move(climbed);
    }
    return best;
  }

 private:
  Result<void> collect(Candidates& pool) {
    const RngKey key{problem_.key.seed, stream_id("gp spread"), problem_.key.trial};
    PEGBOX_CHECK(region_ ? spread_in_region(pool, key) : pool.add_spread(problem_.candidates, key));
    for (const UnitPoint& incumbent : problem_.incumbents) PEGBOX_CHECK(pool.add_around(incumbent, kAround, rng_));
    return {};
  }

  /// Points of the region that share most coordinates with its center where there are many, as in TuRBO.
  Result<void> spread_in_region(Candidates& pool, const RngKey& key) {
    PEGBOX_TRY(const auto sequence, math::Sobol::create(space_.dimensions(), key));
    const auto& [low, high] = region_->box;
    std::vector<double> place(space_.axes().size());
    const double moved = std::min(1.0, kAxesMoved / static_cast<double>(place.size()));
    for (int i = 0; i < problem_.candidates; ++i) {
      sequence.point(static_cast<std::uint64_t>(i), place);
      const std::uint64_t sure = rng_.below(place.size());
      for (std::size_t axis = 0; axis < place.size(); ++axis) {
        const bool stays = axis != sure && region_->center.active[axis] && rng_.uniform() >= moved;
        place[axis] = stays ? region_->center.at[axis] : low[axis] + place[axis] * (high[axis] - low[axis]);
      }
      PEGBOX_CHECK(pool.add(place));
    }
    return {};
  }

  std::vector<double> merits_of(std::span<const Candidate> candidates) const {
    std::vector<double> points;
    for (const Candidate& candidate : candidates)
      points.insert(points.end(), candidate.encoded.begin(), candidate.encoded.end());
    std::vector<double> merits = problem_.surrogate.log_merit(points);
    const auto log_costs = problem_.cost ? problem_.cost->log_costs(points) : std::vector<double>();
    for (std::size_t i = 0; i < merits.size(); ++i) {
      if (problem_.cost) merits[i] -= problem_.cost->weight * log_costs[i];
      if (problem_.prior_weight > 0)
        merits[i] += problem_.prior_weight * problem_.beliefs.log_belief(candidates[i].unit);
      if (std::isnan(merits[i]) || (region_ && !region_->contains(candidates[i].unit)))
        merits[i] = -std::numeric_limits<double>::infinity();
    }
    return merits;
  }

  /// The best candidates that are not close to each other.
  static std::vector<std::size_t> choose_starts(std::span<const Candidate> all, std::span<const std::size_t> order) {
    std::vector<std::size_t> starts;
    const auto near = [&](std::size_t a, std::size_t b) {
      for (std::size_t j = 0; j < all[a].unit.at.size(); ++j)
        if (all[a].unit.active[j] != all[b].unit.active[j] ||
            std::abs(all[a].unit.at[j] - all[b].unit.at[j]) > kStartDistance)
          return false;
      return true;
    };
    for (const std::size_t i : order) {
      if (starts.size() == kStarts) break;
      if (std::ranges::none_of(starts, [&](std::size_t start) { return near(start, i); })) starts.push_back(i);
    }
    return starts;
  }

  Result<Chosen> climb(Chosen current) {
    for (int round = 0; round < kRounds; ++round) {
      const double before = current.merit;
      PEGBOX_TRY(current, climb_smooth(std::move(current)));
      PEGBOX_TRY(current, step(std::move(current)));
      if (!(current.merit > before + 1e-6)) break;
    }
    return current;
  }

  std::vector<std::size_t> smooth_axes(const UnitPoint& unit) const {
    std::vector<std::size_t> axes;
    for (std::size_t axis = 0; axis < unit.at.size(); ++axis) {
      const Axis& kind = space_.axes()[axis];
      const bool many = kind.kind != AxisKind::Categorical && kind.levels > kSmoothLevels;
      if (unit.active[axis] && (kind.levels == 0 || many)) axes.push_back(axis);
    }
    return axes;
  }

  Result<Chosen> climb_smooth(Chosen current) const {
    const auto axes = smooth_axes(current.candidate.unit);
    if (axes.empty() || !std::isfinite(current.merit)) return current;
    const UnitPoint& start = current.candidate.unit;
    const auto negative = [&](std::span<const double> x, std::span<double> gradient) {
      return -merit_along(current.candidate, axes, x, gradient);
    };
    std::vector<double> x;
    for (const std::size_t axis : axes) x.push_back(start.at[axis]);
    const auto found = math::minimize(negative, x, box_along(axes),
                                      {.max_evaluations = 40, .gradient_tolerance = 1e-4, .relative_tolerance = 1e-7});
    if (!found) return current;
    const Candidates pool(problem_.history, problem_.beliefs, problem_.taken);
    double part = 1;
    for (int cut = 0; cut < kCutBacks; ++cut, part /= 2) {
      std::vector<double> place(start.at);
      for (std::size_t i = 0; i < axes.size(); ++i) place[axes[i]] += part * (found->x[i] - place[axes[i]]);
      PEGBOX_TRY(auto reached, pool.at(place));
      if (!reached) continue;
      const double merit = merits_of({&*reached, 1}).front();
      if (merit > current.merit) return Chosen{std::move(*reached), merit};
    }
    return current;
  }

  math::Box box_along(std::span<const std::size_t> axes) const {
    math::Box box = math::Box::unit(static_cast<int>(axes.size()));
    for (std::size_t i = 0; region_ && i < axes.size(); ++i) {
      box.low[i] = region_->box.low[axes[i]];
      box.high[i] = region_->box.high[axes[i]];
    }
    return box;
  }

  /// The merit at `base` with the coordinates `x` on `axes`; minus its gradient into `gradient`, if that is not empty.
  double merit_along(const Candidate& base, std::span<const std::size_t> axes, std::span<const double> x,
                     std::span<double> gradient) const {
    std::vector<double> encoded(base.encoded);
    UnitPoint unit(base.unit);
    for (std::size_t i = 0; i < axes.size(); ++i) encoded[axes[i]] = unit.at[axes[i]] = x[i];
    math::Acquisition merit = problem_.surrogate.log_merit_with_gradient(encoded);
    if (problem_.cost) {
      const math::Acquisition log_cost = problem_.cost->log_cost_with_gradient(encoded);
      merit.value -= problem_.cost->weight * log_cost.value;
      for (const std::size_t axis : axes) merit.gradient[axis] -= problem_.cost->weight * log_cost.gradient[axis];
    }
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = -merit.gradient[axes[i]];
    if (problem_.prior_weight == 0) return merit.value;
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const double at = x[i], low = std::max(0.0, at - kSlopeStep), high = std::min(1.0, at + kSlopeStep);
      unit.at[axes[i]] = low;
      const double before = problem_.beliefs.log_belief(unit);
      unit.at[axes[i]] = high;
      gradient[i] -= problem_.prior_weight * (problem_.beliefs.log_belief(unit) - before) / (high - low);
      unit.at[axes[i]] = at;
    }
    return merit.value + problem_.prior_weight * problem_.beliefs.log_belief(unit);
  }

  Result<Chosen> step(Chosen current) {
    Candidates neighbours(problem_.history, problem_.beliefs, problem_.taken);
    PEGBOX_CHECK(neighbours.add_steps(current.candidate.unit, rng_));
    if (neighbours.all().empty()) return current;
    const std::vector<double> merits = merits_of(neighbours.all());
    const auto best = std::ranges::max_element(merits);
    if (!(*best > current.merit)) return current;
    return Chosen{neighbours.all()[static_cast<std::size_t>(best - merits.begin())], *best};
  }

  const AcquisitionProblem& problem_;
  const Space& space_;
  const RegionBounds* region_ = nullptr;
  Rng rng_;
};

}  // namespace

Result<std::optional<Chosen>> maximize_acquisition(const AcquisitionProblem& problem) {
  return AcquisitionSearch(problem).run();
}

}  // namespace pegbox
