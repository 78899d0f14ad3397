// Projected L-BFGS, and NLopt's derivative-free methods behind the same options.
#include "math/minimize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <nlopt.hpp>

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

constexpr int kPairs = 10;          // of L-BFGS's memory
constexpr double kArmijo = 1e-4;    // share of the predicted decrease that a step must reach
constexpr double kCurvature = 0.9;  // a step is long enough when the slope has shrunk to this share
constexpr int kMaxBacktracks = 25;
constexpr int kMaxExpansions = 4;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

Result<void> check_box(std::span<const double> start, const Box& box) {
  if (box.low.size() != start.size() || box.high.size() != start.size())
    return fail(ErrorKind::InvalidInput,
                {.where = "minimize",
                 .what = "start and bounds differ in length",
                 .got = fmt::format("{}, {} and {}", start.size(), box.low.size(), box.high.size())});
  for (std::size_t i = 0; i < start.size(); ++i)
    if (!(box.low[i] <= box.high[i]) || !std::isfinite(start[i]))
      return fail(ErrorKind::InvalidInput,
                  {.where = "minimize",
                   .what = fmt::format("coordinate {} has no valid start or bounds", i),
                   .got = fmt::format("start {}, bounds {} and {}", start[i], box.low[i], box.high[i])});
  return {};
}

tl::unexpected<Error> not_finite(double value) {
  return fail(ErrorKind::InvalidInput, {.where = "minimize",
                                        .what = "the function is not finite at the start",
                                        .got = fmt::format("{}", value),
                                        .expected = "a finite value"});
}

// One run of projected L-BFGS.
class ProjectedLbfgs {
 public:
  ProjectedLbfgs(const GradientFunction& function, const Box& box, const MinimizeOptions& options)
      : function_(function), box_(box), options_(options) {}

  Result<Minimum> run(std::span<const double> start) {
    current_ = evaluate(clip(Vector(start.begin(), start.end())));
    if (!std::isfinite(current_.value)) return not_finite(current_.value);
    int small_gains = 0;
    while (evaluations_ < options_.max_evaluations && !is_stationary()) {
      const double before = current_.value;
      if (!step()) {
        if (pairs_.empty()) break;
        pairs_.clear();  // once more along the plain gradient
        continue;
      }
      const double gain = before - current_.value;
      small_gains = gain <= options_.relative_tolerance * std::max(1.0, std::abs(before)) ? small_gains + 1 : 0;
      if (small_gains == 2) break;
    }
    return Minimum{current_.x, current_.value, evaluations_};
  }

 private:
  struct Place {
    Vector x, gradient;
    double value = 0;
  };
  struct Pair {
    Vector step, change;  // of x and of the gradient
  };

  Place evaluate(Vector x) {
    Place place{std::move(x), {}, 0};
    place.gradient.resize(place.x.size());
    place.value = function_(place.x, place.gradient);
    for (double g : place.gradient)
      if (!std::isfinite(g)) place.value = std::numeric_limits<double>::infinity();
    if (std::isnan(place.value)) place.value = std::numeric_limits<double>::infinity();
    ++evaluations_;
    return place;
  }

  Vector clip(Vector x) const {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x[i], box_.low[i], box_.high[i]);
    return x;
  }

  // A coordinate at a bound whose gradient points out of the box.
  bool is_held(std::size_t i) const {
    const double x = current_.x[i], g = current_.gradient[i];
    return (x <= box_.low[i] && g >= 0) || (x >= box_.high[i] && g <= 0);
  }

  bool is_stationary() const {
    for (std::size_t i = 0; i < current_.x.size(); ++i)
      if (!is_held(i) && std::abs(current_.gradient[i]) > options_.gradient_tolerance) return false;
    return true;
  }

  Vector masked(Vector v) const {
    for (std::size_t i = 0; i < v.size(); ++i)
      if (is_held(i)) v[i] = 0;
    return v;
  }

  // -H g by the two-loop recursion, within the free coordinates.
  Vector direction() const {
    Vector d = masked(current_.gradient);
    std::vector<Pair> free_pairs;
    for (const Pair& pair : pairs_) {
      Pair free{masked(pair.step), masked(pair.change)};
      const double curvature = dot(free.step, free.change);
      if (curvature > 1e-10 * std::sqrt(dot(free.step, free.step) * dot(free.change, free.change)))
        free_pairs.push_back(std::move(free));
    }
    Vector shares(free_pairs.size());
    for (std::size_t p = free_pairs.size(); p-- > 0;) {
      const auto& [s, y] = free_pairs[p];
      shares[p] = dot(s, d) / dot(s, y);
      for (std::size_t i = 0; i < d.size(); ++i) d[i] -= shares[p] * y[i];
    }
    if (!free_pairs.empty()) {
      const auto& [s, y] = free_pairs.back();
      const double scale = dot(s, y) / dot(y, y);
      for (double& value : d) value *= scale;
    }
    for (std::size_t p = 0; p < free_pairs.size(); ++p) {
      const auto& [s, y] = free_pairs[p];
      const double back = shares[p] - dot(y, d) / dot(s, y);
      for (std::size_t i = 0; i < d.size(); ++i) d[i] += back * s[i];
    }
    for (double& value : d) value = -value;
    return d;
  }

  Place at(const Vector& d, double length) {
    Vector x = current_.x;
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += length * d[i];
    return evaluate(clip(std::move(x)));
  }

  // The decrease that the gradient promises from here to `place`; negative is down.
  double promised(const Place& place) const {
    double sum = 0;
    for (std::size_t i = 0; i < place.x.size(); ++i) sum += current_.gradient[i] * (place.x[i] - current_.x[i]);
    return sum;
  }
  bool is_enough(const Place& place) const { return place.value <= current_.value + kArmijo * promised(place); }

  // One line search; false if no step along the direction goes down.
  bool step() {
    Vector d = direction();
    if (!(dot(d, current_.gradient) < 0)) {
      pairs_.clear();
      d = direction();
    }
    double length = 1;
    if (pairs_.empty()) length = std::min(1.0, 1 / std::sqrt(dot(d, d)));
    Place next = at(d, length);
    int backtracks = 0;
    while (!is_enough(next)) {
      if (++backtracks > kMaxBacktracks || evaluations_ >= options_.max_evaluations) return false;
      length *= shrinkage(next);
      next = at(d, length);
    }
    if (backtracks == 0) expand(d, length, next);
    return accept(std::move(next));
  }

  // The minimum of the parabola through the value and slope here and the value there.
  double shrinkage(const Place& tried) const {
    if (!std::isfinite(tried.value)) return 0.1;
    const double slope = promised(tried);
    const double bend = tried.value - current_.value - slope;
    return bend > 0 ? std::clamp(-0.5 * slope / bend, 0.1, 0.5) : 0.5;
  }

  // Goes further while that pays: without it steps of the first iterations, whose scale is a guess, stay short.
  void expand(const Vector& d, double length, Place& next) {
    for (int i = 0; i < kMaxExpansions && evaluations_ < options_.max_evaluations; ++i) {
      const double slope = dot(masked(current_.gradient), d);
      if (dot(next.gradient, d) >= kCurvature * slope) return;
      length *= 3;
      Place further = at(d, length);
      if (further.x == next.x || !is_enough(further) || further.value >= next.value) return;
      next = std::move(further);
    }
  }

  bool accept(Place next) {
    Pair pair{next.x, next.gradient};
    bool moved = false;
    for (std::size_t i = 0; i < next.x.size(); ++i) {
      pair.step[i] -= current_.x[i];
      pair.change[i] -= current_.gradient[i];
      moved |= pair.step[i] != 0;
    }
    if (!moved) return false;
    pairs_.push_back(std::move(pair));
    if (pairs_.size() > kPairs) pairs_.pop_front();
    current_ = std::move(next);
    return true;
  }

  const GradientFunction& function_;
  const Box& box_;
  const MinimizeOptions& options_;
  std::deque<Pair> pairs_;
  Place current_;
  int evaluations_ = 0;
};

// What NLopt's callback sees: only the coordinates whose bounds differ.
struct PlainRun {
  const PlainFunction& function;
  std::vector<std::size_t> free;
  Minimum best;
  Vector x;  // the whole point
  double worst = 0;
  int evaluations = 0;

  double evaluate(const double* free_x) {
    for (std::size_t i = 0; i < free.size(); ++i) x[free[i]] = free_x[i];
    const double value = function(x);
    ++evaluations;
    if (!std::isfinite(value)) return worst + (worst - best.value) + 1;  // finite, for models that fit a surface
    worst = std::max(worst, value);
    if (value < best.value) best = {x, value, 0};
    return value;
  }

  static double callback(unsigned, const double* x, double*, void* self) {
    return static_cast<PlainRun*>(self)->evaluate(x);
  }
};

}  // namespace

Box Box::unit(int dimensions) { return {Vector(dimensions, 0.0), Vector(dimensions, 1.0)}; }

Result<Minimum> minimize(const GradientFunction& function, std::span<const double> start, const Box& box,
                         const MinimizeOptions& options) {
  PEGBOX_CHECK(check_box(start, box));
  return ProjectedLbfgs(function, box, options).run(start);
}

Result<Minimum> minimize_from(const GradientFunction& function, std::span<const std::vector<double>> starts,
                              const Box& box, const MinimizeOptions& options) {
  if (starts.empty()) return fail(ErrorKind::InvalidInput, {.where = "minimize", .what = "no start was given"});
  Result<Minimum> best = fail(ErrorKind::InvalidInput, {.where = "minimize",
                                                        .what = "the function is not finite at any start",
                                                        .got = fmt::format("{} starts", starts.size())});
  int evaluations = 0;
  for (const auto& start : starts) {
    PEGBOX_CHECK(check_box(start, box));
    auto found = ProjectedLbfgs(function, box, options).run(start);
    evaluations += found ? found->evaluations : 1;
    if (found && (!best || found->value < best->value)) best = std::move(found);
  }
  if (best) best->evaluations = evaluations;
  return best;
}

Result<Minimum> minimize_plain(const PlainFunction& function, std::span<const double> start, const Box& box,
                               DerivativeFree method, const MinimizeOptions& options) {
  PEGBOX_CHECK(check_box(start, box));
  PlainRun run{.function = function, .x = Vector(start.begin(), start.end())};
  Vector low, high, step, x;
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (!std::isfinite(box.low[i]) || !std::isfinite(box.high[i]))
      return fail(ErrorKind::InvalidInput, {.where = "minimize", .what = "a bound is not finite"});
    run.x[i] = std::clamp(run.x[i], box.low[i], box.high[i]);
    if (box.low[i] == box.high[i]) continue;
    run.free.push_back(i);
    low.push_back(box.low[i]);
    high.push_back(box.high[i]);
    step.push_back((high.back() - low.back()) * std::clamp(options.initial_step_fraction, 1e-6, 0.45));
    x.push_back(run.x[i]);
  }
  run.best = {run.x, function(run.x), 1};
  if (!std::isfinite(run.best.value)) return not_finite(run.best.value);
  run.worst = run.best.value;
  if (run.free.empty() || options.max_evaluations <= 1) return run.best;

  // BOBYQA is not defined for one coordinate.
  const bool bobyqa = method == DerivativeFree::Bobyqa && run.free.size() > 1;
  nlopt_opt search = nlopt_create(bobyqa ? NLOPT_LN_BOBYQA : NLOPT_LN_NELDERMEAD, run.free.size());
  nlopt_set_min_objective(search, &PlainRun::callback, &run);
  nlopt_set_lower_bounds(search, low.data());
  nlopt_set_upper_bounds(search, high.data());
  nlopt_set_initial_step(search, step.data());
  nlopt_set_maxeval(search, options.max_evaluations - 1);
  nlopt_set_ftol_rel(search, options.relative_tolerance);
  nlopt_set_xtol_rel(search, 1e-8);
  double value = 0;
  const nlopt_result outcome = nlopt_optimize(search, x.data(), &value);
  nlopt_destroy(search);
  // Rounding that stops progress is an end like any other: the best point seen stands.
  if (outcome < 0 && outcome != NLOPT_ROUNDOFF_LIMITED && run.evaluations == 0)
    return fail(ErrorKind::Internal,
                {.where = "minimize", .what = fmt::format("NLopt refused with code {}", static_cast<int>(outcome))});
  run.best.evaluations = run.evaluations + 1;
  return run.best;
}

}  // namespace pegbox::math
