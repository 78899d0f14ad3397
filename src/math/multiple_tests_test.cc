// Adjusted p-values against R's p.adjust and SciPy's false_discovery_control.
#include "math/multiple_tests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pegbox::math {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(MultipleTests, AreAdjustedAsRDoes) {
  const std::vector<double> p = {0.01, 0.04, 0.03, 0.005};
  EXPECT_THAT(adjust_holm(p), ElementsAre(DoubleNear(0.03, 1e-12), DoubleNear(0.06, 1e-12), DoubleNear(0.06, 1e-12),
                                          DoubleNear(0.02, 1e-12)));
  EXPECT_THAT(adjust_benjamini_hochberg(p), ElementsAre(DoubleNear(0.02, 1e-12), DoubleNear(0.04, 1e-12),
                                                        DoubleNear(0.04, 1e-12), DoubleNear(0.02, 1e-12)));
  EXPECT_THAT(adjust_holm(std::vector<double>{0.9, 0.8}), ElementsAre(1, 1));
  EXPECT_THAT(adjust_benjamini_hochberg({}), IsEmpty());
}

}  // namespace
}  // namespace pegbox::math
