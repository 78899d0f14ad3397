// CurveModel: against the posterior written out as one big Gaussian, and coverage on curves of its own and other laws.
#include "math/curve_model.h"

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>

#include "base/rng.h"
#include "math/normal.h"

namespace pegbox::math {
namespace {

constexpr double kNormal90 = 1.2815515655446004;  ///< half the width of an 80 % interval, in standard deviations

/// Values of `curve` at `count` equal steps up to `until`.
template <class Function>
Curve sample(Function curve, double until, int count = 12) {
  Curve sampled;
  for (int i = 1; i <= count; ++i) {
    sampled.at.push_back(until * i / count);
    sampled.value.push_back(curve(sampled.at.back()));
  }
  return sampled;
}

TEST(CurveModel, PredictsTheEndOfCurvesThatFollowOneLaw) {
  const auto power_law = [](double end) {
    return [end](double u) { return end + (5 - end) * (1 / (1 + 20 * u) - 1 / 21.0) / (1 - 1 / 21.0); };
  };
  std::vector<Curve> curves;
  for (const double end : {1.0, 1.5, 2.0, 2.5}) curves.push_back(sample(power_law(end), 1));
  const auto model = CurveModel::fit(curves);
  ASSERT_TRUE(model) << model.error().message;
  for (const double end : {1.2, 2.2}) {
    const Prediction early = model->at_end(sample(power_law(end), 0.1)),
                     late = model->at_end(sample(power_law(end), 0.5));
    EXPECT_NEAR(early.mean, end, 0.15);
    EXPECT_NEAR(late.mean, end, 0.03);
    EXPECT_LT(late.variance, early.variance);
    EXPECT_LT(early.variance, model->at_end().variance);
  }
}

TEST(CurveModel, KnowsWhatAMeasurementWouldTell) {
  std::vector<Curve> curves;
  Rng rng({1, stream_id("curves"), 0});
  for (int i = 0; i < 20; ++i) {
    const double end = rng.normal();
    curves.push_back(
        sample([&](double u) { return end + 4 * std::exp(-5 * u) + 0.05 * rng.normal(); }, 0.2 + 0.04 * i));
  }
  const auto model = CurveModel::fit(curves);
  ASSERT_TRUE(model);
  const Curve begun = sample([](double u) { return 4 * std::exp(-5 * u); }, 0.2);
  double before = model->at_end(begun).variance;
  for (const double until : {0.3, 0.6, 1.0}) {
    const double after = model->variance_after(begun, until);
    EXPECT_LT(after, before) << until;
    before = after;
  }
}

/// The share of curves whose end lies in the 80 % interval, predicted after `until` of their length.
template <class Draw>
double coverage(Draw draw, double until) {
  int inside = 0, all = 0;
  for (std::uint64_t study = 0; study < 20; ++study) {
    Rng rng({study, stream_id("coverage"), 0});
    std::vector<Curve> curves, whole;
    for (int i = 0; i < 30; ++i) {
      whole.push_back(draw(rng));
      Curve begun = whole.back();
      const auto seen = static_cast<std::size_t>((i % 3 == 0 ? 1.0 : until) * static_cast<double>(begun.at.size()));
      begun.at.resize(seen), begun.value.resize(seen);
      curves.push_back(begun);
    }
    const auto model = CurveModel::fit(curves);
    for (std::size_t i = 0; i < curves.size(); ++i) {
      if (i % 3 == 0) continue;
      const Prediction end = model->at_end(curves[i]);
      const double deviation = std::sqrt(end.variance + model->noise_variance());
      inside += std::abs(whole[i].value.back() - end.mean) < kNormal90 * deviation;
      ++all;
    }
  }
  return static_cast<double>(inside) / all;
}

TEST(CurveModel, CoversTheEndsOfCurvesOfDifferentSpeeds) {
  const auto draw = [](Rng& rng) {
    const double end = 2 + 0.5 * rng.normal(), rate = std::exp(1 + 0.4 * rng.normal());
    return sample([&](double u) { return end + (6 - end) * std::exp(-rate * 2 * u) + 0.03 * rng.normal(); }, 1, 20);
  };
  for (const double until : {0.2, 0.5}) {
    const double covered = coverage(draw, until);
    EXPECT_GT(covered, 0.70) << until;
    EXPECT_LT(covered, 0.95) << until;
  }
}

TEST(CurveModel, TakesConstantCurvesAndSinglePoints) {
  const auto constant = CurveModel::fit(std::vector<Curve>{{{0.5, 1}, {3, 3}}, {{0.5}, {3}}});
  ASSERT_TRUE(constant);
  EXPECT_NEAR(constant->at_end({{0.2}, {3}}).mean, 3, 1e-3);
  const auto single = CurveModel::fit(std::vector<Curve>{{{0.02}, {3}}});
  ASSERT_TRUE(single);
  EXPECT_TRUE(std::isfinite(single->at_end().mean));
}

TEST(CurveModel, RefusesWhatIsNoCurve) {
  EXPECT_FALSE(CurveModel::fit(std::vector<Curve>{}));
  EXPECT_FALSE(CurveModel::fit(std::vector<Curve>{{{}, {}}}));
  EXPECT_FALSE(CurveModel::fit(std::vector<Curve>{{{0.5}, {1, 2}}}));
  EXPECT_FALSE(CurveModel::fit(std::vector<Curve>{{{0.5, 0.4}, {1, 2}}}));
  EXPECT_FALSE(CurveModel::fit(std::vector<Curve>{{{0.5, 1.1}, {1, 2}}}));
  EXPECT_FALSE(CurveModel::fit(std::vector<Curve>{{{0.5}, {std::nan("")}}}));
}

}  // namespace
}  // namespace pegbox::math
