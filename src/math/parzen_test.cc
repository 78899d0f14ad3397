// Parzen densities against SciPy's cut normal, and as densities: they sum to 1 and do not depend on how they were made.
#include "math/parzen.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace pegbox::math {
namespace {

ParzenPoints points_of(std::size_t axes, const std::vector<std::vector<float>>& rows) {
  ParzenPoints points(axes);
  for (const auto& row : rows) points.push_back(row);
  return points;
}

TEST(Parzen, CutsNormalsAsScipyDoes) {
  // -scipy.stats.truncnorm.logpdf(mu, (0 - mu) / h, (1 - mu) / h, loc=mu, scale=h), SciPy 1.16
  EXPECT_NEAR(cut_normal_log_norm(0.5, 0.1), -1.3836471330926807, 1e-12);
  EXPECT_NEAR(cut_normal_log_norm(0.0, 0.2), -1.3836471330926812, 1e-12);
  EXPECT_NEAR(cut_normal_log_norm(0.93, 0.05), -2.160998143379491, 1e-12);
  EXPECT_NEAR(cut_normal_log_norm(0.2, 1.5), -0.03765211067133767, 1e-12);
  EXPECT_NEAR(cut_normal_log_norm(0.4, 0.01), -3.6862316527834182, 1e-12);
}

// A plain axis, a conditional one with the base density 0.8, and three choices with probabilities 0.5, 0.3 and 0.2. The
// expected values were computed with NumPy and scipy.stats.truncnorm from the formula in the header.
const std::vector<ParzenAxis> kAxes{{false, false}, {false, true}, {true, false}};
const std::vector<double> kBandwidths{0.1, 0.2, 0.3};

TEST(Parzen, GivesTheDensityOfItsFormulaOverMixedAndConditionalAxes) {
  const auto points = points_of(3, {{0.1f, kAbsent, 0}, {0.5f, 0.3f, 1}, {0.9f, 0.95f, 1}, {0.45f, kAbsent, 2}});
  const std::vector<float> weights{1, 0.5, 0, 2};
  const std::vector<float> at{0.12f, kAbsent, 0, 0.5f, 0.35f, 1, 0.5f, 0.35f, 2, 1, 0, 0, 0.9f, 0.95f, 1};
  const std::vector<double> chances{0.5, 0.3, 0.2};
  std::vector<double> log_base;
  for (std::size_t j = 0; j < 5; ++j) {
    log_base.push_back(0);
    log_base.push_back(at[3 * j + 1] < 0 ? 0 : std::log(0.8));
    log_base.push_back(std::log(chances[static_cast<std::size_t>(at[3 * j + 2])]));
  }
  Parzen parzen(kAxes);
  parzen.update(points, kBandwidths);
  const auto logs = parzen.log_density(points, weights, 0.7, at, log_base);
  const std::vector<double> expected{0.024934573837183338, -0.06374828369626456, 0.0998926763966447, -2.708046513791614,
                                     -3.2187046185947366};
  for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(logs[j], expected[j], 2e-5) << j;
}

TEST(Parzen, SumsToOneOverASpaceWhoseAxisExistsForOneChoiceOnly) {
  const std::vector<ParzenAxis> axes{{true, false}, {false, true}};  // the second where the first is 1
  const auto points = points_of(2, {{0, kAbsent}, {1, 0.2f}, {1, 0.99f}, {0, kAbsent}});
  const std::vector<float> weights{1, 2, 0.5, 1};
  constexpr int kSteps = 2000;
  std::vector<float> at{0, kAbsent};
  std::vector<double> log_base{std::log(0.5), 0};
  for (int i = 0; i < kSteps; ++i) {
    at.insert(at.end(), {1, (static_cast<float>(i) + 0.5f) / kSteps});
    log_base.insert(log_base.end(), {std::log(0.5), 0});
  }
  Parzen parzen(axes);
  parzen.update(points, std::vector<double>{0.4, 0.07});
  const auto logs = parzen.log_density(points, weights, 1, at, log_base);
  double sum = std::exp(logs[0]);
  for (std::size_t i = 1; i < logs.size(); ++i) sum += std::exp(logs[i]) / kSteps;
  EXPECT_NEAR(sum, 1, 1e-4);
}

TEST(Parzen, KeepsFarPointsApartFromOnesOfWeightZeroInManyDimensions) {
  constexpr std::size_t d = 40;
  ParzenPoints points(d);
  points.push_back(std::vector<float>(d, 0.5f));
  points.push_back(std::vector<float>(d, 0.7f));
  Parzen parzen{std::vector<ParzenAxis>(d)};
  parzen.update(points, std::vector<double>(d, 0.05));
  const std::vector<float> at(d, 0.5f);
  const std::vector<double> log_base(d, 0.0);
  const double both = parzen.log_density(points, std::vector<float>{0, 1}, 1e-300, at, log_base).front();
  EXPECT_NEAR(both, d * (-0.5 * 16 - cut_normal_log_norm(0.7, 0.05)), 0.01) << "each axis is 4 bandwidths away";
}

TEST(Parzen, IsTheSameToTheBitWhetherItGrewOrWasMadeAtOnce) {
  const std::vector<ParzenAxis> axes{{false, false}, {false, true}, {true, true}, {false, false}};
  Rng rng({3, 0, 0});
  ParzenPoints points(4);
  Parzen grown(axes);
  std::vector<double> bandwidths{0.1, 0.2, 0.3, 0.1};
  const std::vector<float> at{0.3f, 0.4f, 1, 0.9f};
  const std::vector<double> log_base{0, 0, -1, 0};
  for (int i = 0; i < 700; ++i) {
    if (i % 100 == 7) {  // two points that are taken back
      points.push_back(std::vector<float>(4, 0.5f));
      grown.update(points, bandwidths);
      points.resize(points.size() - 1);
      grown.forget_from(points.size());
    }
    const auto place = [&] { return static_cast<float>(rng.uniform()); };
    const bool absent = rng.below(3) == 0;
    points.push_back(std::vector<float>{place(), absent ? kAbsent : place(), absent ? kAbsent : 1, place()});
    if (i % 60 == 0) bandwidths[static_cast<std::size_t>(i / 60 % 4)] *= 0.9;
    grown.update(points, bandwidths);
  }
  Parzen fresh(axes);
  fresh.update(points, bandwidths);
  const std::vector<float> weights(points.size(), 1);
  EXPECT_EQ(grown.log_density(points, weights, 1, at, log_base), fresh.log_density(points, weights, 1, at, log_base));
  EXPECT_LT(points.present(1), points.size());
  EXPECT_EQ(points.present(0), points.size());
}

}  // namespace
}  // namespace pegbox::math
