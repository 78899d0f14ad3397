// Elliptical slice sampling against a posterior that is known in closed form.
#include "math/slice_sampling.h"

#include <gtest/gtest.h>

#include <cmath>

#include "math/statistics.h"

namespace pegbox::math {
namespace {

// A normal prior and a normal likelihood: precisions add, means are weighed by them.
TEST(SliceSampling, DrawsFromAPosteriorKnownInClosedForm) {
  const NormalPrior prior{{1.0, -2.0}, {2.0, 0.5}};
  const auto log_likelihood = [](std::span<const double> x) {
    return -0.5 * (std::pow((x[0] - 3) / 0.5, 2) + std::pow((x[1] + 1) / 1.0, 2));
  };
  std::vector<double> state{1, -2};
  double at_state = log_likelihood(state);
  Rng rng({.seed = 5, .stream = stream_id("test"), .trial = 0});
  std::vector<double> first, second;
  for (int step = 0; step < 20'000; ++step) {
    elliptical_slice_step(log_likelihood, prior, rng, state, at_state);
    EXPECT_EQ(at_state, log_likelihood(state));
    first.push_back(state[0]);
    second.push_back(state[1]);
  }
  const auto moments = [](const std::vector<double>& draws) {
    double mean = 0, variance = 0;
    for (const double x : draws) mean += x / static_cast<double>(draws.size());
    for (const double x : draws) variance += (x - mean) * (x - mean) / static_cast<double>(draws.size());
    return std::pair{mean, std::sqrt(variance)};
  };
  const double precision_0 = 1 / 4.0 + 4, precision_1 = 4 + 1.0;
  EXPECT_NEAR(moments(first).first, (1 / 4.0 + 3 * 4) / precision_0, 0.03);
  EXPECT_NEAR(moments(first).second, std::sqrt(1 / precision_0), 0.02);
  EXPECT_NEAR(moments(second).first, (-2 * 4 - 1 * 1) / precision_1, 0.03);
  EXPECT_NEAR(moments(second).second, std::sqrt(1 / precision_1), 0.02);
}

TEST(SliceSampling, StaysWhereTheLikelihoodIsDefined) {
  const NormalPrior prior{{0.0}, {1.0}};
  const auto positive = [](std::span<const double> x) { return x[0] > 0 ? 0.0 : -HUGE_VAL; };
  std::vector<double> state{0.1};
  double at_state = 0;
  Rng rng({.seed = 6, .stream = stream_id("test"), .trial = 0});
  for (int step = 0; step < 1000; ++step) {
    elliptical_slice_step(positive, prior, rng, state, at_state);
    ASSERT_GT(state[0], 0);
  }
}

}  // namespace
}  // namespace pegbox::math
