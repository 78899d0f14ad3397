// Tests of counts against SciPy.
#include "math/contingency.h"

#include <gtest/gtest.h>

namespace pegbox::math {
namespace {

// scipy.stats.chi2_contingency([[10, 20, 30], [16, 14, 30]], correction=False); chisquare(f_obs, f_exp)
TEST(Contingency, ChiSquaredIsSciPys) {
  const CountPair counts{.first = {10, 20, 30, 0}, .second = {16, 14, 30, 0}};
  EXPECT_NEAR(chi_squared(counts).statistic, 2.443438914027149, 1e-10);
  EXPECT_NEAR(chi_squared(counts).p_value, 0.29472296752162536, 1e-10);
  EXPECT_NEAR(chi_squared_fit(counts).statistic, 5.4, 1e-10);
  EXPECT_NEAR(chi_squared_fit(counts).p_value, 0.06720551273974978, 1e-10);
  EXPECT_EQ(chi_squared({.first = {5, 0}, .second = {7, 0}}).p_value, 1) << "one category";
  EXPECT_EQ(chi_squared_fit({.first = {5, 0}, .second = {7, 1}}).p_value, 0) << "a category that the first has not";
}

// scipy.stats.fisher_exact
TEST(Contingency, FishersTestIsSciPys) {
  EXPECT_NEAR(fisher_p_value(8, 10, 1, 6), 0.03496503496503495, 1e-12);
  EXPECT_NEAR(fisher_p_value(6, 13, 2, 16), 0.09232050641345994, 1e-12);
  EXPECT_NEAR(fisher_p_value(0, 1000, 50, 1000) / 9.47861458617389e-16, 1, 1e-9) << "far into the tail";
  EXPECT_EQ(fisher_p_value(0, 10, 0, 10), 1);
  EXPECT_EQ(fisher_p_value(3, 3, 5, 5), 1);
  EXPECT_EQ(fisher_p_value(0, 0, 5, 9), 1);
  EXPECT_EQ(fisher_p_value(3, 10, 8, 11), fisher_p_value(8, 11, 3, 10));
}

}  // namespace
}  // namespace pegbox::math
