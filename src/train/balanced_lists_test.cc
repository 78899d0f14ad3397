// Tests of balanced_lists: nothing is lost, and no list has much more than another.
#include "train/balanced_lists.h"

#include <gtest/gtest.h>

#include <set>

namespace pegbox::train {
namespace {

TEST(BalancedLists, HaveEqualLoadsAndAllItems) {
  const std::vector<std::int64_t> loads = {100, 1, 50, 49, 2, 98, 100};
  const auto lists = balanced_lists(loads, 4);
  ASSERT_EQ(lists.size(), 4u);
  std::set<std::size_t> all;
  for (const auto& list : lists) {
    std::int64_t sum = 0;
    for (const std::size_t item : list) {
      EXPECT_TRUE(all.insert(item).second);
      sum += loads[item];
    }
    EXPECT_GE(sum, 98);
    EXPECT_LE(sum, 102);
  }
  EXPECT_EQ(all.size(), loads.size());
}

}  // namespace
}  // namespace pegbox::train
