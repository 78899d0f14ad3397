// Summary statistics and Student's interval against NumPy 2 and SciPy 1.17.1.
#include "math/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace pegbox::math {
namespace {

using Vector = std::vector<double>;

const Vector kSample{2.3, 1.1, 4.7, 3.2, 0.4, 2.9, 5.1, 1.8, 3.3, 9.6};
const Vector kWeights{1, 2, 0.5, 1, 3, 1, 1, 2, 0.25, 0.1};

// np.mean(v), np.median(v), np.var(v, ddof=1), scipy.stats.sem(v)
TEST(Statistics, LocationAndSpreadAreNumPys) {
  EXPECT_NEAR(mean(kSample), 3.44, 1e-14);
  EXPECT_NEAR(median(kSample), 3.05, 1e-14);
  EXPECT_NEAR(variance(kSample), 6.818222222222222, 1e-13);
  EXPECT_NEAR(standard_deviation(kSample), std::sqrt(6.818222222222222), 1e-13);
  EXPECT_NEAR(standard_error(kSample), 0.8257252704272906, 1e-14);
}

// np.quantile(v, q)
TEST(Statistics, QuantilesAreNumPysDefault) {
  const double rows[][2] = {{0, 0.4}, {0.1, 1.03}, {0.25, 1.925}, {0.5, 3.05}, {0.77, 4.601999999999999}, {1, 9.6}};
  for (const auto& [probability, expected] : rows) EXPECT_NEAR(quantile(kSample, probability), expected, 1e-14);
  EXPECT_EQ(median(Vector{4, 1, 9}), 4);
}

TEST(Statistics, ASingleValueHasNoSpread) {
  const Vector one{5};
  EXPECT_EQ(mean(one), 5);
  EXPECT_EQ(quantile(one, 0.3), 5);
  EXPECT_EQ(standard_error(one), 0);
}

TEST(Statistics, VarianceKeepsItsDigitsFarFromZero) {
  EXPECT_NEAR(variance(Vector{1e9 + 1, 1e9 + 2, 1e9 + 3}), 1, 1e-9);
}

// np.average(v, weights=w)
TEST(Statistics, WeightedMeanIsNumPys) { EXPECT_NEAR(weighted_mean(kSample, kWeights), 2.078902953586498, 1e-14); }

TEST(Statistics, EqualWeightsChangeNothing) {
  const Vector equal(10, 0.7);
  EXPECT_NEAR(weighted_mean(kSample, equal), mean(kSample), 1e-14);
  EXPECT_NEAR(weighted_standard_error(kSample, equal), standard_error(kSample), 1e-14);
}

TEST(Statistics, AZeroWeightRemovesAValue) {
  const Vector values{1, 100, 2, 4}, weights{1, 0, 1, 1}, without{1, 2, 4};
  EXPECT_NEAR(weighted_mean(values, weights), mean(without), 1e-14);
  EXPECT_NEAR(weighted_standard_error(values, weights), standard_error(without), 1e-14);
  EXPECT_EQ(weighted_quantile(values, weights, 1), 4);
  EXPECT_EQ(weighted_standard_error(values, Vector{1, 0, 0, 0}), 0);
}

TEST(Statistics, WeightedQuantileIsTheValueAtWhichTheWeightIsReached) {
  const Vector values{3, 1, 2}, weights{1, 1, 2};  // 1 up to 0.25, 2 up to 0.75, 3 up to 1
  EXPECT_EQ(weighted_quantile(values, weights, 0), 1);
  EXPECT_EQ(weighted_quantile(values, weights, 0.25), 1);
  EXPECT_EQ(weighted_quantile(values, weights, 0.26), 2);
  EXPECT_EQ(weighted_quantile(values, weights, 0.75), 2);
  EXPECT_EQ(weighted_quantile(values, weights, 0.76), 3);
}

// scipy.stats.t.interval(c, 9, loc=np.mean(v), scale=scipy.stats.sem(v))
TEST(Statistics, StudentsIntervalIsSciPys) {
  const auto wide = student_interval(kSample), narrow = student_interval(kSample, 0.8);
  EXPECT_NEAR(wide->low, 1.5720796649994198, 1e-12);
  EXPECT_NEAR(wide->high, 5.30792033500058, 1e-12);
  EXPECT_NEAR(narrow->low, 2.2979982209787257, 1e-12);
  EXPECT_NEAR(narrow->high, 4.582001779021274, 1e-12);
}

// scipy.stats.ttest_1samp(v, 0).pvalue
TEST(Statistics, StudentsPValueIsSciPys) {
  EXPECT_NEAR(*student_p_value(kSample), 0.0024258633199966844, 1e-14);
  EXPECT_NEAR(*student_p_value(Vector{0.1, -0.2, 0.3, 0.05, -0.07}), 0.6901019974874908, 1e-13);
  EXPECT_EQ(*student_p_value(Vector{0, 0, 0}), 1);
  EXPECT_EQ(*student_p_value(Vector{2, 2}), 0);
}

TEST(Statistics, RefusesWhatSaysNothingAboutAMean) {
  EXPECT_FALSE(student_interval(Vector{1}));
  EXPECT_FALSE(student_interval(Vector{1, NAN}));
  EXPECT_FALSE(student_interval(Vector{1, 2}, 1.0));
  EXPECT_FALSE(student_p_value(Vector{}));
  EXPECT_EQ(student_interval(Vector{1}).error().kind, ErrorKind::InvalidInput);
}

}  // namespace
}  // namespace pegbox::math
