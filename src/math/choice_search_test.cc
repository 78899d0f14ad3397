// Distributions over choices against the program of CatCMA's authors.
#include "math/choice_search.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"

namespace pegbox::math {
namespace {

ChoiceSearch flat(const std::vector<std::size_t>& choices, int population) {
  std::vector<std::vector<double>> rows;
  for (const std::size_t count : choices) rows.emplace_back(count, 1.0 / static_cast<double>(count));
  return {rows, population};
}

// tests/peers/make_cma_reference.py: the package cmaes 0.13.1 (class CatCMAwM, categories alone) after the same
// samples.
TEST(ChoiceSearch, MovesAsTheReferenceDoes) {
  const std::vector<std::size_t> choices{3, 2, 4};
  ChoiceSearch search = flat(choices, 6);
  for (int g = 0; g < 10; ++g) {
    std::vector<int> ranked;
    for (int i = 0; i < 6; ++i)
      for (int axis = 0; axis < 3; ++axis)
        ranked.push_back((i * (axis + 2) + g * g + i / 2) % static_cast<int>(choices[static_cast<std::size_t>(axis)]));
    search.update(ranked);
  }
  const std::vector<std::vector<double>> expected{
      {0.44592298328294644, 0.43903571503654726, 0.1150413016805063},
      {0.5169816739161822, 0.4830183260838178},
      {0.4924275330082955, 0.43308834147505104, 0.04128790371977688, 0.03319622179687661}};
  for (std::size_t axis = 0; axis < 3; ++axis)
    for (std::size_t k = 0; k < choices[axis]; ++k)
      EXPECT_NEAR(search.probabilities()[axis][k], expected[axis][k], 1e-10) << axis << " " << k;
}

TEST(ChoiceSearch, FindsTheChoicesThatRankBestAndLetsNoneDie) {
  ChoiceSearch search = flat({5, 2}, 8);
  Rng rng({6, 0, 0});
  for (int g = 0; g < 60; ++g) {
    std::vector<std::pair<int, std::vector<int>>> tried;
    for (int i = 0; i < 8; ++i) {
      const int a = search.sample(0, rng.uniform()), b = search.sample(1, rng.uniform());
      tried.emplace_back(2 * (a != 3) + (b != 1), std::vector<int>{a, b});
    }
    std::ranges::stable_sort(tried, {}, [](const auto& each) { return each.first; });
    std::vector<int> ranked;
    for (const auto& [loss, choice] : tried) ranked.insert(ranked.end(), choice.begin(), choice.end());
    search.update(ranked);
  }
  EXPECT_GT(search.probabilities()[0][3], 0.8);
  EXPECT_GT(search.probabilities()[1][1], 0.8);
  for (const double q : search.probabilities()[0]) EXPECT_GT(q, 0.03);
}

TEST(ChoiceSearch, LeavesAnAxisThatNoSampleHad) {
  ChoiceSearch search = flat({3, 2}, 4);
  search.update(std::vector<int>{-1, 0, -1, 0, -1, 1, -1, 1});
  EXPECT_DOUBLE_EQ(search.probabilities()[0][0], 1.0 / 3);
  EXPECT_GT(search.probabilities()[1][0], 0.5);
}

}  // namespace
}  // namespace pegbox::math
