// The models of loss and failure, and what they make of a point.
#include "search/samplers/surrogate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace pegbox {
namespace {

const std::vector<math::Dimension> kLine{{math::DimensionKind::Real, false}};

/// A parabola around 0.4 at eleven places, or as many as `steps` make.
Evidence parabola(int steps = 10) {
  Evidence evidence{.targets = {{}}};
  for (int i = 0; i <= steps; ++i) {
    const double x = static_cast<double>(i) / steps;
    evidence.trials.push_back(i);
    evidence.points.push_back(x);
    evidence.targets[0].push_back((x - 0.42) * (x - 0.42));
    evidence.allowed.push_back(true);
  }
  return evidence;
}

Surrogate make(const Evidence& evidence, bool warp = false) {
  const auto parameters = Surrogate::fit(kLine, evidence, warp);
  EXPECT_TRUE(parameters) << parameters.error().message;
  auto surrogate = Surrogate::create(kLine, evidence, *parameters);
  EXPECT_TRUE(surrogate) << surrogate.error().message;
  return std::move(*surrogate);
}

double merit(const Surrogate& surrogate, double x) { return surrogate.log_merit({&x, 1}).front(); }

TEST(Surrogate, FindsMostMeritWhereTheMinimumIs) {
  const Surrogate surrogate = make(parabola());
  for (const double x : {0.05, 0.25, 0.6, 0.95}) EXPECT_GT(merit(surrogate, 0.42), merit(surrogate, x) + 1) << x;
  EXPECT_EQ(surrogate.ranking().front(), 4u);
}

TEST(Surrogate, HasAGradientThatAgreesWithDifferences) {
  Evidence evidence = parabola(20);
  evidence.failed = {0.86, 0.96};
  const Surrogate plain = make(evidence), warped = make(evidence, true);
  EXPECT_NE(merit(plain, 0.13), merit(warped, 0.13));
  for (const Surrogate* surrogate : {&plain, &warped})
    for (const double x : {0.13, 0.37, 0.55, 0.77, 0.91}) {
      const auto acquisition = surrogate->log_merit_with_gradient({&x, 1});
      EXPECT_NEAR(acquisition.value, merit(*surrogate, x), 1e-9 * (1 + std::abs(acquisition.value)));
      const double slope = (merit(*surrogate, x + 1e-6) - merit(*surrogate, x - 1e-6)) / 2e-6;
      EXPECT_NEAR(acquisition.gradient[0], slope, 1e-3 * (1 + std::abs(slope)));
    }
}

TEST(Surrogate, ShunsPlacesWhereTrialsFailed) {
  Evidence evidence = parabola(), with_failures = parabola();
  with_failures.failed = {0.41, 0.43, 0.45};
  EXPECT_LT(merit(make(with_failures), 0.43), merit(make(evidence), 0.43) - 0.5);
}

TEST(Surrogate, IgnoresFailuresWithoutCaution) {
  Evidence evidence = parabola();
  evidence.failed = {0.41, 0.43, 0.45};
  const auto parameters = Surrogate::fit(kLine, evidence);
  ASSERT_TRUE(parameters);
  const auto careless = Surrogate::create(kLine, evidence, *parameters, {.exponent = 0});
  ASSERT_TRUE(careless);
  EXPECT_EQ(merit(*careless, 0.43), merit(make(parabola()), 0.43));
}

/// (x - 0.2)^2 and (x - 0.6)^2 at eleven places: the front lies between 0.2 and 0.6.
Evidence two_parabolas() {
  Evidence evidence = parabola();
  evidence.targets = {{}, {}};
  for (const double x : evidence.points) {
    evidence.targets[0].push_back((x - 0.2) * (x - 0.2));
    evidence.targets[1].push_back((x - 0.6) * (x - 0.6));
  }
  return evidence;
}

TEST(Surrogate, FindsMoreVolumeBetweenTwoMinimaThanBesideThem) {
  const Surrogate surrogate = make(two_parabolas());
  for (const double x : {0.25, 0.35, 0.45, 0.55})
    for (const double beside : {0.05, 0.75, 0.95}) EXPECT_GT(merit(surrogate, x), merit(surrogate, beside) + 1) << x;
  const auto ranking = surrogate.ranking();
  for (std::size_t i = 0; i < ranking.size(); ++i) EXPECT_EQ(i < 5, ranking[i] >= 2 && ranking[i] <= 6) << i;
  EXPECT_NEAR(surrogate.predict(std::vector<double>{0.9}, 1).mean, 0.09, 0.02);
}

TEST(Surrogate, HasAGradientOfTheVolumeThatAgreesWithDifferences) {
  Evidence evidence = two_parabolas();
  evidence.failed = {0.85};
  const Surrogate surrogate = make(evidence);
  for (const double x : {0.13, 0.37, 0.55, 0.77}) {
    const auto acquisition = surrogate.log_merit_with_gradient({&x, 1});
    EXPECT_NEAR(acquisition.value, merit(surrogate, x), 1e-9);
    const double slope = (merit(surrogate, x + 1e-6) - merit(surrogate, x - 1e-6)) / 2e-6;
    EXPECT_NEAR(acquisition.gradient[0], slope, 1e-3 * (1 + std::abs(slope)));
  }
}

TEST(Surrogate, TakesTheBestThatIsAllowedAsTheOneToImproveOn) {
  Evidence evidence = parabola();
  for (std::size_t i = 0; i <= 6; ++i) evidence.allowed[i] = false;
  const Surrogate surrogate = make(evidence);
  EXPECT_GT(merit(surrogate, 0.65), merit(surrogate, 0.3)) << "better than 0.7, and perhaps allowed";
}

TEST(Surrogate, LooksForAnAllowedPlaceWhereNoneIsKnown) {
  Evidence evidence = parabola();
  evidence.points.resize(4), evidence.targets[0].resize(4), evidence.trials.resize(4);
  evidence.allowed.assign(4, false);  // up to 0.3
  const Surrogate surrogate = make(evidence);
  EXPECT_GT(merit(surrogate, 0.9), merit(surrogate, 0.15)) << "away from what is forbidden";
}

TEST(Surrogate, ExpectsLittleNextToAPendingTrial) {
  Surrogate surrogate = make(parabola());
  const double before = merit(surrogate, 0.42), x = 0.42;
  ASSERT_TRUE(surrogate.believe({&x, 1}));
  EXPECT_LT(merit(surrogate, 0.42), before);
}

TEST(Surrogate, SeesLittleNewsWhereItHasLookedManyTimesThroughNoise) {
  // The best place was tried twenty times; at 0.8 there is less to hope for but more to learn.
  Evidence evidence;
  evidence.points = {0.0, 0.2, 0.6, 1.0};
  evidence.targets = {{0.3, 0.2, 0.2, 0.3}};
  for (int i = 0; i < 20; ++i) {
    evidence.points.push_back(0.4);
    evidence.targets[0].push_back(i % 2 ? 0.05 : 0.15);
  }
  evidence.trials.assign(24, 0);
  evidence.allowed.assign(24, true);
  const Surrogate surrogate = make(evidence);
  EXPECT_LT(merit(surrogate, 0.4), merit(surrogate, 0.8));
}

TEST(Surrogate, IsMadeWithParametersFromAPartOfTheEvidence) {
  Evidence part = parabola();
  part.points.resize(6), part.targets[0].resize(6), part.allowed.resize(6), part.trials.resize(6);
  const auto parameters = Surrogate::fit(kLine, part);
  ASSERT_TRUE(parameters);
  Evidence all = parabola();
  all.failed = {0.9};  // the first failure, after the fit
  const auto surrogate = Surrogate::create(kLine, all, *parameters);
  ASSERT_TRUE(surrogate) << surrogate.error().message;
  EXPECT_GT(merit(*surrogate, 0.42), merit(*surrogate, 0.9));
}

}  // namespace
}  // namespace pegbox
