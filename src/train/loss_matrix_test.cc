// Tests of what a stream's losses tell, against numbers worked out by hand.
#include "train/loss_matrix.h"

#include <gtest/gtest.h>

namespace pegbox::train {
namespace {

TEST(LossMatrix, TellsForgettingAndTransfer) {
  LossMatrix losses({"a", "b", "c"});
  EXPECT_TRUE(losses.measures().empty());
  losses.note(0, {{"a", 5}, {"b", 6}, {"c", 7}});
  EXPECT_TRUE(losses.measures().empty()) << "nothing is learned yet";
  losses.note(1, {{"a", 2}, {"b", 5.5}, {"c", 7.25}});
  EXPECT_TRUE(losses.measures().empty()) << "nothing could be forgotten yet";
  losses.note(2, {{"a", 3}, {"b", 2.5}, {"c", 6}});
  losses.note(3, {{"a", 3.5}, {"b", 2.25}, {"c", 2}});
  const auto measures = losses.measures();
  EXPECT_DOUBLE_EQ(measures.at("forgetting"), ((3.5 - 2) + (2.25 - 2.5)) / 2);
  EXPECT_DOUBLE_EQ(measures.at("backward_transfer"), -measures.at("forgetting"));
  EXPECT_DOUBLE_EQ(measures.at("forward_transfer"), ((6 - 5.5) + (7 - 6)) / 2);
}

TEST(LossMatrix, SaysNothingOfWhatWasNotMeasured) {
  LossMatrix losses({"a", "b"});
  losses.note(0, {{"a", 5}, {"b", 6}});
  losses.note(2, {{"a", 3}, {"b", 2}});
  EXPECT_TRUE(losses.has(1)) << "as a gap";
  EXPECT_TRUE(losses.measures().empty()) << "what a lost since its own stage is not known, nor what it did for b";
  LossMatrix again({"a", "b"});
  again.restore(losses.state());
  EXPECT_EQ(again.state(), losses.state());
  again.restore(Json());
  EXPECT_TRUE(again.rows().empty());
}

}  // namespace
}  // namespace pegbox::train
