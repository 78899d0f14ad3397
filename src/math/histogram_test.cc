// Histograms and distances of shares against NumPy, SciPy and Evidently's formulas.
#include "math/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace pegbox::math {
namespace {

TEST(Histogram, BinsByValueWhereThereAreFew) {
  const std::vector<double> first = {1, 1, 2, 3}, second = {2, 2, 5};
  const CountPair counts = bin_counts(first, second);
  EXPECT_EQ(counts.first, (std::vector<double>{2, 1, 1, 0}));
  EXPECT_EQ(counts.second, (std::vector<double>{0, 2, 0, 1}));
}

// np.histogram(x, np.histogram_bin_edges(np.arange(50.), "sturges")): 7 bins of 50 values
TEST(Histogram, BinsBySturgesRuleElse) {
  std::vector<double> first(30), second(20);
  std::iota(first.begin(), first.end(), 0);
  std::iota(second.begin(), second.end(), 30);
  const CountPair counts = bin_counts(first, second);
  EXPECT_EQ(counts.first, (std::vector<double>{7, 7, 7, 7, 2, 0, 0}));
  EXPECT_EQ(counts.second, (std::vector<double>{0, 0, 0, 0, 5, 7, 8})) << "the last bin has both its ends";
}

TEST(Histogram, DistancesAreOfShares) {
  const CountPair counts{.first = {10, 30, 60}, .second = {20, 20, 10}};
  // scipy.spatial.distance.jensenshannon([.1, .3, .6], [.4, .4, .2])
  EXPECT_NEAR(jensen_shannon(counts), 0.3226370719286764, 1e-12);
  EXPECT_NEAR(population_stability(counts), 0.3 * 1.3862943611 + 0.1 * 0.2876820724 + 0.4 * 1.0986122887, 1e-9);
  EXPECT_EQ(jensen_shannon({.first = {1, 1}, .second = {5, 5}}), 0);
  EXPECT_NEAR(jensen_shannon({.first = {1, 0}, .second = {0, 3}}), std::sqrt(std::log(2.0)), 1e-12);
  EXPECT_NEAR(population_stability({.first = {1, 1}, .second = {2, 0}}),
              (0.5 - 1) * -0.6931471806 + 0.4999 * 8.517193191, 1e-8)
      << "an empty bin counts as 1e-4";
}

}  // namespace
}  // namespace pegbox::math
