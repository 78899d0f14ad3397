// The expected drop of the minimum, against integration and against the closed form of expected improvement.
#include "math/expected_minimum.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/rng.h"
#include "math/normal.h"

namespace pegbox::math {
namespace {

/// By the trapezoid rule over 24 standard deviations.
double integrated(const std::vector<double>& means, const std::vector<double>& slopes) {
  constexpr int kSteps = 240'000;
  constexpr double kEnd = 12;
  double expected = 0, best = HUGE_VAL;
  for (const double mean : means) best = std::min(best, mean);
  for (int i = 0; i <= kSteps; ++i) {
    const double z = -kEnd + 2 * kEnd * i / kSteps;
    double least = HUGE_VAL;
    for (std::size_t j = 0; j < means.size(); ++j) least = std::min(least, means[j] + slopes[j] * z);
    expected += (best - least) * normal_pdf(z) * (2 * kEnd / kSteps) * (i == 0 || i == kSteps ? 0.5 : 1.0);
  }
  return expected;
}

TEST(ExpectedDropOfMinimum, IsTheIntegral) {
  Rng rng({5, stream_id("expected minimum"), 0});
  for (int round = 0; round < 60; ++round) {
    std::vector<double> means, slopes;
    for (std::uint64_t j = 0, count = 1 + rng.below(9); j < count; ++j) {
      means.push_back(rng.normal());
      slopes.push_back(rng.below(4) == 0 ? 0.5 : rng.normal());  // parallel lines too
    }
    EXPECT_NEAR(expected_drop_of_minimum(means, slopes), integrated(means, slopes), 1e-8) << "round " << round;
  }
}

TEST(ExpectedDropOfMinimum, OfOneUncertainRivalIsExpectedImprovement) {
  for (const double behind : {0.0, 0.3, 2.0, 9.0}) {
    const double expected = 0.7 * std::exp(log_h(-behind / 0.7).value);
    EXPECT_NEAR(expected_drop_of_minimum(std::vector{1.0, 1.0 + behind}, std::vector{0.0, 0.7}) / expected, 1, 1e-12);
  }
}

TEST(ExpectedDropOfMinimum, IsNilWhereNothingChangesPlaces) {
  EXPECT_EQ(expected_drop_of_minimum(std::vector{1.0}, std::vector{3.0}), 0);
  EXPECT_EQ(expected_drop_of_minimum(std::vector{1.0, 2.0}, std::vector{0.4, 0.4}), 0);
  EXPECT_EQ(expected_drop_of_minimum(std::vector{1.0, 1.0}, std::vector{0.0, 0.0}), 0);
}

}  // namespace
}  // namespace pegbox::math
