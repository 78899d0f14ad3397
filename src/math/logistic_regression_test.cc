// Logistic regression: the conditions of an optimum, and what it learns. Against scikit-learn in tests/peers.
#include "math/logistic_regression.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"

namespace pegbox::math {
namespace {

struct LogisticData {
  std::vector<SparseRow> rows;
  std::vector<bool> is_positive;
};

LogisticData draw_logistic(std::size_t count) {
  Rng rng({.stream = stream_id("logistic")});
  LogisticData data;
  for (std::size_t i = 0; i < count; ++i) {
    SparseRow row{.columns = {0, 2}, .values = {rng.normal(), rng.normal()}};
    const double sum = 0.5 + 2 * row.values[0] - row.values[1];
    data.is_positive.push_back(rng.uniform() < 1 / (1 + std::exp(-sum)));
    data.rows.push_back(std::move(row));
  }
  return data;
}

TEST(LogisticRegression, IsWhereTheGradientVanishes) {
  const LogisticData data = draw_logistic(300);
  const auto model = fit_logistic(data.rows, data.is_positive, 3, 0.5);
  ASSERT_TRUE(model);
  std::vector<double> slope = model->weights;
  double of_intercept = 0;
  for (std::size_t i = 0; i < data.rows.size(); ++i) {
    const double error = 0.5 * (model->probability(data.rows[i]) - (data.is_positive[i] ? 1 : 0));
    for (std::size_t k = 0; k < 2; ++k) slope[data.rows[i].columns[k]] += error * data.rows[i].values[k];
    of_intercept += error;
  }
  for (const double value : slope) EXPECT_NEAR(value, 0, 1e-3);
  EXPECT_NEAR(of_intercept, 0, 1e-3);
  EXPECT_EQ(model->weights[1], 0) << "no row has it";
}

TEST(LogisticRegression, FindsTheWeightsThatTheDataWereDrawnWith) {
  const LogisticData data = draw_logistic(20'000);
  const auto model = fit_logistic(data.rows, data.is_positive, 3);
  ASSERT_TRUE(model);
  EXPECT_NEAR(model->weights[0], 2, 0.1);
  EXPECT_NEAR(model->weights[2], -1, 0.1);
  EXPECT_NEAR(model->intercept, 0.5, 0.1);
}

TEST(LogisticRegression, NeedsBothClasses) {
  const std::vector<SparseRow> rows(3);
  EXPECT_FALSE(fit_logistic(rows, {true, true, true}, 1));
  EXPECT_FALSE(fit_logistic(rows, {false, false, false}, 1));
  EXPECT_TRUE(fit_logistic(rows, {false, true, false}, 1));
}

}  // namespace
}  // namespace pegbox::math
