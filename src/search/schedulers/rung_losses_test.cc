// Losses at a rung.
#include "search/schedulers/rung_losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "search/history_for_test.h"

namespace pegbox {
namespace {

using testing::ElementsAre;

constexpr const char* kOne = R"({"space": {"x": {"range": [0, 1]}}})";
constexpr const char* kMaximized = R"({"space": {"x": {"range": [0, 1]}}, "objective": {"maximize": "accuracy"}})";
constexpr const char* kTwo =
    R"({"space": {"x": {"range": [0, 1]}}, "objective": [{"minimize": "loss"}, {"minimize": "size"}]})";

std::vector<std::size_t> order(const HistoryForTest& study, std::int64_t step) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : study.history().trials) trials.push_back(&trial);
  return order_at(study.history(), trials, step);
}

std::int64_t running(HistoryForTest& study, std::initializer_list<std::pair<std::int64_t, Metrics>> reports) {
  const std::int64_t trial = study.create(Config{{"x", 0.5}});
  study.start(trial);
  for (const auto& [step, metrics] : reports) study.report(trial, step, metrics);
  return trial;
}

TEST(RungLosses, TakeTheReportAtTheStepNotALaterOne) {
  HistoryForTest study(kOne);
  running(study, {{10, {{"loss", 3}}}, {20, {{"loss", 2}}}, {30, {{"loss", 1}}}});
  const Trial& trial = study.history().trials[0];
  EXPECT_EQ(loss_at(study.history(), trial, 20), 2);
  EXPECT_EQ(best_loss_until(study.history(), trial, 20), 2);
}

TEST(RungLosses, TakeTheFirstReportAfterTheStepOfAProgramThatReportsSeldom) {
  HistoryForTest study(kOne);
  running(study, {{50, {{"loss", 3}}}, {100, {{"loss", 2}}}});
  EXPECT_EQ(loss_at(study.history(), study.history().trials[0], 37), 3);
}

TEST(RungLosses, PassOverReportsWithoutTheMetric) {
  HistoryForTest study(kOne);
  running(study, {{10, {{"loss", 3}}}, {20, {{"tokens", 5}}}});
  EXPECT_EQ(loss_at(study.history(), study.history().trials[0], 20), 3);
}

TEST(RungLosses, AreInfiniteForWhatIsMissingOrNotANumber) {
  HistoryForTest study(kOne);
  running(study, {{10, {{"loss", std::nan("")}}}});
  running(study, {{10, {{"other", 1}}}});
  for (const Trial& trial : study.history().trials) {
    EXPECT_EQ(loss_at(study.history(), trial, 10), HUGE_VAL);
    EXPECT_FALSE(is_measured_at(study.history(), trial, 10));
  }
}

TEST(RungLosses, TurnMaximizedMetricsRound) {
  HistoryForTest study(kMaximized);
  running(study, {{10, {{"accuracy", 0.25}}}});
  EXPECT_EQ(loss_at(study.history(), study.history().trials[0], 10), -0.25);
}

TEST(RungLosses, OrderByLossWithMissingOnesLastAndTiesByNumber) {
  HistoryForTest study(kOne);
  for (const double loss : {2.0, std::nan(""), 1.0, 2.0}) running(study, {{10, {{"loss", loss}}}});
  EXPECT_THAT(order(study, 10), ElementsAre(2, 0, 3, 1));
}

TEST(RungLosses, OrderSeveralObjectivesByFrontsThenByLoneliness) {
  HistoryForTest study(kTwo);
  // A front of four on the line loss + size = 10, of which the second and third are inside; one dominated; one broken.
  const std::vector<std::pair<double, double>> points{{9, 9}, {1, 9}, {2, 8}, {6, 4}, {9, 1}, {0, std::nan("")}};
  for (const auto& [loss, size] : points) running(study, {{10, {{"loss", loss}, {"size", size}}}});
  // Crowding: (2,8) has neighbours (1,9) and (6,4): 5/8 + 5/8; (6,4) has (2,8) and (9,1): 7/8 + 7/8.
  EXPECT_THAT(order(study, 10), ElementsAre(1, 4, 3, 2, 0, 5));
}

}  // namespace
}  // namespace pegbox
