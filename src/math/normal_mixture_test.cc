// Mixtures of normal distributions, against values of Python's statistics.NormalDist.
#include "math/normal_mixture.h"

#include <gtest/gtest.h>

#include <vector>

namespace pegbox::math {
namespace {

const std::vector<Prediction> kThree{{1, 0.25}, {4, 4}, {-2, 0.01}};

TEST(NormalMixture, HasTheDistributionFunctionOfItsParts) {
  EXPECT_NEAR(mixture_cdf(kThree, -2.1), 0.0532664870149318, 1e-13);
  EXPECT_NEAR(mixture_cdf(kThree, 0.5), 0.399571470265091, 1e-13);
  EXPECT_NEAR(mixture_cdf(kThree, 1.3), 0.604751624562443, 1e-13);
  EXPECT_NEAR(mixture_cdf(kThree, 6), 0.947114915356181, 1e-13);
}

TEST(NormalMixture, HasItsQuantiles) {
  EXPECT_NEAR(mixture_quantile(kThree, 0.025), -2.14470739233698, 1e-10);
  EXPECT_NEAR(mixture_quantile(kThree, 0.5), 0.922095776577966, 1e-10);
  EXPECT_NEAR(mixture_quantile(kThree, 0.9), 5.04880102541608, 1e-10);
  EXPECT_NEAR(mixture_quantile(kThree, 0.975), 6.8790629418769, 1e-10);
}

// Student's quantiles of a printed table: 4.303, 2.228, 2.042 at 97.5 %; the normal one is 1.960.
TEST(NormalMixture, StudentsIntervalsAreWider) {
  EXPECT_NEAR(student_width_ratio(2) * 1.959964, 4.303, 6e-4);
  EXPECT_NEAR(student_width_ratio(10) * 1.959964, 2.228, 6e-4);
  EXPECT_NEAR(student_width_ratio(30) * 1.959964, 2.042, 6e-4);
}

TEST(NormalMixture, OfCertainPartsIsSteps) {
  const std::vector<Prediction> certain{{3, 0}};
  EXPECT_EQ(mixture_cdf(certain, 2.9), 0);
  EXPECT_EQ(mixture_cdf(certain, 3), 0.5);
  EXPECT_EQ(mixture_cdf(certain, 3.1), 1);
  EXPECT_DOUBLE_EQ(mixture_quantile(certain, 0.025), 3);
}

}  // namespace
}  // namespace pegbox::math
