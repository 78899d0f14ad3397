// Expected hypervolume improvement: against quadrature, simulation and the hypervolume itself; gradients by
// differences.
#include "math/hypervolume_improvement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/rng.h"
#include "math/pareto.h"

namespace pegbox::math {
namespace {

const std::vector<double> kFront{0.6, 0.35, 0.1, 0.9, 0.8, 0.1, 0.3, 0.5};
constexpr std::array kCorner{1.1, 1.2};

Front front_of(const std::vector<double>& points, std::span<const double> reference = kCorner) {
  auto front = Front::create(points, reference);
  EXPECT_TRUE(front) << front.error().message;
  return std::move(*front);
}

Prediction normal(double mean, double deviation) { return {mean, deviation * deviation}; }

double log_improvement(const Front& front, const Prediction& first, const Prediction& second) {
  return front.log_expected_improvement(std::array{first, second});
}

double improvement(const Front& front, const Prediction& first, const Prediction& second) {
  return std::exp(log_improvement(front, first, second));
}

double volume_with(std::vector<double> points, double first, double second) {
  points.insert(points.end(), {first, second});
  return *hypervolume(points, kCorner);
}

TEST(HypervolumeImprovement, EqualsQuadrature) {
  // scipy 1.17: integrate.quad, nested, of the added volume times both densities; epsrel 1e-10. The same to 14 digits
  // (6 in the tail) from BoTorch 0.18.1, ExpectedHypervolumeImprovement.
  const Front front = front_of(kFront);
  EXPECT_NEAR(improvement(front, normal(0.4, 0.2), normal(0.4, 0.1)), 0.044395320008177, 1e-12);
  EXPECT_NEAR(improvement(front, normal(0.2, 0.05), normal(0.2, 0.3)), 0.2326335975153, 1e-12);
  EXPECT_NEAR(improvement(front, normal(0.9, 0.1), normal(0.9, 0.1)) / 3.0629165e-11, 1, 1e-6);
  EXPECT_NEAR(improvement(front, normal(0.05, 0.02), normal(1.0, 0.5)), 0.06564837316109, 1e-12);
  EXPECT_NEAR(improvement(front, normal(2, 1), normal(1.5, 0.5)), 0.00126567086668, 1e-12);
  EXPECT_NEAR(improvement(front_of({}), normal(0.5, 0.3), normal(0.5, 0.3)), 0.42238308616833, 1e-12);
}

TEST(HypervolumeImprovement, EqualsSimulationWithTheHypervolume) {
  Rng rng({.seed = 3});
  for (int round = 0; round < 5; ++round) {
    std::vector<double> points;
    for (int i = 0; i < 12; ++i) points.push_back(rng.uniform());
    const double mean[] = {rng.uniform(), rng.uniform()}, spread[] = {0.05 + 0.3 * rng.uniform(), 0.2};
    const double before = *hypervolume(points, kCorner);
    double sum = 0;
    constexpr int kDraws = 20000;
    for (int i = 0; i < kDraws; ++i)
      sum += volume_with(points, mean[0] + spread[0] * rng.normal(), mean[1] + spread[1] * rng.normal()) - before;
    EXPECT_NEAR(improvement(front_of(points), normal(mean[0], spread[0]), normal(mean[1], spread[1])), sum / kDraws,
                0.006)
        << round;  // standard error below 0.0015
  }
}

TEST(HypervolumeImprovement, WithoutVarianceIsTheAddedVolume) {
  const Front front = front_of(kFront);
  const double before = *hypervolume(kFront, kCorner);
  for (const auto& [first, second] : {std::pair{0.2, 0.2}, {0.05, 0.05}, {0.3, 0.45}, {0.7, 0.3}, {1.0, 0.01}})
    EXPECT_NEAR(improvement(front, normal(first, 0), normal(second, 0)), volume_with(kFront, first, second) - before,
                1e-14);
  EXPECT_EQ(log_improvement(front, normal(0.9, 0), normal(0.9, 0)), -INFINITY);
}

TEST(HypervolumeImprovement, KeepsThePointsThatNoOtherDominates) {
  Rng rng({.seed = 5});
  for (int round = 0; round < 20; ++round) {
    std::vector<double> points;
    for (int i = 0; i < 40; ++i) points.push_back(static_cast<double>(rng.below(8)) / 8);
    const double corner = *hypervolume(points, kCorner);  // seen from far below everything is added but this
    EXPECT_NEAR(improvement(front_of(points), normal(-1, 0), normal(-1, 0)), 2.1 * 2.2 - corner, 1e-12);
  }
}

TEST(HypervolumeImprovement, StaysFiniteAndOrderedWhereThePlainValueIsZero) {
  const Front front = front_of(kFront);
  const double far = log_improvement(front, normal(0.5, 0.001), normal(0.6, 0.001));
  const double farther = log_improvement(front, normal(0.5, 0.001), normal(0.7, 0.001));
  EXPECT_TRUE(std::isfinite(farther));
  EXPECT_LT(farther, far);
  EXPECT_LT(far, -1000);
}

TEST(HypervolumeImprovement, IsSmoothWherePointsOfTheFrontAreClose) {
  const std::vector<double> close{0.3, 0.5, 0.3 + 1e-12, 0.5 - 1e-12}, one{0.3, 0.5};
  const auto first = normal(0.4, 0.3), second = normal(0.2, 0.3);
  EXPECT_EQ(front_of(close).boxes(), 3u);
  EXPECT_NEAR(log_improvement(front_of(close), first, second), log_improvement(front_of(one), first, second), 1e-9);
}

struct Drawn {
  std::vector<double> points, reference;
  std::vector<Prediction> predictions;
};

/// A front of some points, most of them on a sphere, so that few are dominated; ties where `levels` is above 0.
Drawn draw(std::size_t objectives, int points, int levels, Rng& rng) {
  Drawn drawn;
  for (int i = 0; i < points; ++i) {
    std::vector<double> row(objectives);
    double squares = 0;
    for (double& each : row) each = rng.uniform(), squares += each * each;
    for (const double each : row) {
      const double place = rng.uniform() < 0.8 ? 1.2 - each / std::sqrt(squares) : each;
      drawn.points.push_back(levels > 0 ? std::floor(place * levels) / levels : place);
    }
  }
  drawn.reference.assign(objectives, 1.1);
  for (std::size_t k = 0; k < objectives; ++k)
    drawn.predictions.push_back(normal(0.2 + 0.8 * rng.uniform(), 0.02 + 0.3 * rng.uniform()));
  return drawn;
}

/// The definition, cell by cell of the grid through all coordinates: those that no point dominates are free.
double by_grid(const Drawn& drawn) {
  const std::size_t m = drawn.reference.size();
  std::vector<std::vector<double>> edges(m), lengths(m);  // a cell begins at an edge, the first one at -infinity
  for (std::size_t k = 0; k < m; ++k) {
    edges[k] = {-HUGE_VAL, drawn.reference[k]};
    for (std::size_t i = k; i < drawn.points.size(); i += m)
      if (drawn.points[i] < drawn.reference[k]) edges[k].push_back(drawn.points[i]);
    std::ranges::sort(edges[k]);
    double last = 0;
    for (std::size_t i = 1; i < edges[k].size(); ++i) {
      const double below = std::exp(log_expected_improvement(drawn.predictions[k], edges[k][i]));
      lengths[k].push_back(below - last);
      last = below;
    }
  }
  double sum = 0;
  std::vector<std::size_t> cell(m, 0);
  for (bool more = true; more;) {
    double volume = 1;
    for (std::size_t k = 0; k < m; ++k) volume *= lengths[k][cell[k]];
    bool is_free = true;
    for (std::size_t i = 0; i < drawn.points.size() && is_free; i += m) {
      bool dominates = true;
      for (std::size_t k = 0; k < m; ++k) dominates = dominates && drawn.points[i + k] <= edges[k][cell[k]];
      is_free = !dominates;
    }
    if (is_free) sum += volume;
    std::size_t k = 0;
    while (k < m && ++cell[k] == lengths[k].size()) cell[k++] = 0;
    more = k < m;
  }
  return sum;
}

TEST(HypervolumeImprovement, EqualsASumOverAllCellsInThreeAndFourDimensions) {
  Rng rng({.seed = 7});
  for (const std::size_t objectives : {2u, 3u, 4u})
    for (const int levels : {0, 5})
      for (const int points : {0, 1, 2, 7, 14}) {
        const Drawn drawn = draw(objectives, points, levels, rng);
        const Front front = front_of(drawn.points, drawn.reference);
        EXPECT_NEAR(std::exp(front.log_expected_improvement(drawn.predictions)) / by_grid(drawn), 1, 1e-9)
            << objectives << " objectives, " << points << " points, " << levels << " levels";
      }
}

TEST(HypervolumeImprovement, EqualsSimulationWithTheHypervolumeOfThreeAndFour) {
  Rng rng({.seed = 8});
  for (const std::size_t objectives : {3u, 4u}) {
    const Drawn drawn = draw(objectives, 12, 0, rng);
    const double before = *hypervolume(drawn.points, drawn.reference);
    constexpr int kDraws = 20000;
    double sum = 0, squares = 0;
    std::vector<double> with(drawn.points);
    with.resize(with.size() + objectives);
    for (int i = 0; i < kDraws; ++i) {
      for (std::size_t k = 0; k < objectives; ++k)
        with[drawn.points.size() + k] =
            drawn.predictions[k].mean + drawn.predictions[k].standard_deviation() * rng.normal();
      const double added = *hypervolume(with, drawn.reference) - before;
      sum += added, squares += added * added;
    }
    const double mean = sum / kDraws, error = std::sqrt((squares / kDraws - mean * mean) / kDraws);
    EXPECT_NEAR(std::exp(front_of(drawn.points, drawn.reference).log_expected_improvement(drawn.predictions)), mean,
                4 * error);
    EXPECT_LT(4 * error, 0.2 * mean);
  }
}

TEST(HypervolumeImprovement, WithoutVarianceIsTheAddedVolumeOfThreeAndFour) {
  Rng rng({.seed = 9});
  for (const std::size_t objectives : {3u, 4u})
    for (int round = 0; round < 20; ++round) {
      Drawn drawn = draw(objectives, 25, round % 2 ? 6 : 0, rng);
      const Front front = front_of(drawn.points, drawn.reference);
      const double before = *hypervolume(drawn.points, drawn.reference);
      for (Prediction& each : drawn.predictions) {
        each.variance = 0;
        drawn.points.push_back(each.mean);
      }
      const double added = *hypervolume(drawn.points, drawn.reference) - before;
      EXPECT_NEAR(std::exp(front.log_expected_improvement(drawn.predictions)), added, 1e-12);
    }
}

TEST(HypervolumeImprovement, GrowsPointByPointToTheSameFront) {
  Rng rng({.seed = 10});
  const Drawn drawn = draw(3, 20, 4, rng);
  Front front = front_of({}, drawn.reference);
  for (std::size_t i = drawn.points.size(); i > 0; i -= 3) front.add(std::span(drawn.points).subspan(i - 3, 3));
  EXPECT_NEAR(front.log_expected_improvement(drawn.predictions),
              front_of(drawn.points, drawn.reference).log_expected_improvement(drawn.predictions), 1e-9);
}

TEST(HypervolumeImprovement, NeedsFewBoxesForThreeObjectives) {
  Rng rng({.seed = 11});
  const Drawn drawn = draw(3, 100, 0, rng);
  const auto kept = pareto_front(drawn.points, 3);
  ASSERT_TRUE(kept);
  EXPECT_LE(front_of(drawn.points, drawn.reference).boxes(), 3 * kept->size());
}

/// Predictions whose coordinates are the means and then the variances.
std::vector<PredictionGradient> at(const std::vector<double>& x) {
  const std::size_t m = x.size() / 2;
  std::vector<PredictionGradient> predictions;
  for (std::size_t k = 0; k < m; ++k) {
    PredictionGradient each{{x[k], x[m + k]}, std::vector<double>(x.size(), 0.0), std::vector<double>(x.size(), 0.0)};
    each.mean_gradient[k] = 1;
    each.variance_gradient[m + k] = 1;
    predictions.push_back(std::move(each));
  }
  return predictions;
}

void expect_gradient(const Front& front, const std::vector<double>& x) {
  const auto acquisition = front.log_expected_improvement(at(x));
  std::vector<Prediction> plain;
  for (const PredictionGradient& each : at(x)) plain.push_back(each.prediction);
  EXPECT_DOUBLE_EQ(acquisition.value, front.log_expected_improvement(plain));
  for (std::size_t j = 0; j < x.size(); ++j) {
    std::vector<double> up = x, down = x;
    const double step = 1e-5 * x[j];
    up[j] += step, down[j] -= step;
    const double slope =
        (front.log_expected_improvement(at(up)).value - front.log_expected_improvement(at(down)).value) / (2 * step);
    EXPECT_NEAR(acquisition.gradient[j], slope, 1e-5 * (1 + std::abs(slope))) << j;
  }
}

TEST(HypervolumeImprovement, HasAGradientThatAgreesWithDifferences) {
  const Front front = front_of(kFront);
  for (const std::vector<double>& x :
       {std::vector{0.4, 0.4, 0.04, 0.01}, {0.9, 0.9, 0.02, 0.03}, {0.05, 1, 0.1, 0.2}, {0.5, 0.7, 1e-4, 1e-4}})
    expect_gradient(front, x);
  Rng rng({.seed = 12});
  for (const std::size_t objectives : {3u, 4u}) {
    const Drawn drawn = draw(objectives, 15, 0, rng);
    std::vector<double> x;
    for (const Prediction& each : drawn.predictions) x.push_back(each.mean);
    for (const Prediction& each : drawn.predictions) x.push_back(each.variance);
    expect_gradient(front_of(drawn.points, drawn.reference), x);
  }
}

TEST(HypervolumeImprovement, RefusesWhatIsNotFinite) {
  EXPECT_FALSE(Front::create(std::vector<double>{0.1, INFINITY}, kCorner));
  EXPECT_FALSE(Front::create(std::vector<double>{0.1}, kCorner));
  EXPECT_FALSE(Front::create(std::vector<double>{0.1, 0.2, 0.3, 0.4}, std::vector<double>{1, 1, 1}));
}

}  // namespace
}  // namespace pegbox::math
