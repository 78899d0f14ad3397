// StudyView, CurveView, TrialRows: what a page draws is small, true, and has what matters.
#include "report/study_view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/rng.h"
#include "report/curve_view.h"
#include "report/results.h"
#include "report/trial_rows.h"
#include "search/history_for_test.h"

namespace pegbox {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr char kViewedSpace[] =
    R"({"space": {"rate": {"range": [1e-5, 1e-1], "scale": "log"}, "kind": {"choice": ["a", "b"]},
  "beta": {"range": [0, 1], "when": {"kind": "b"}}}})";

/// `count` trials that are done, of which trial i has the loss `loss(i)`.
template <class Loss>
HistoryForTest study_of(int count, Loss loss) {
  HistoryForTest study(kViewedSpace);
  Rng rng({.seed = 8});
  for (int i = 0; i < count; ++i) {
    std::vector<double> at;
    for (int j = 0; j < study.space().dimensions(); ++j) at.push_back(rng.uniform());
    study.done(study.space().from_unit(at), loss(i));
  }
  return study;
}

std::vector<std::int64_t> numbers(const Json& list) { return list.get<std::vector<std::int64_t>>(); }

TEST(ProgressView, HasEveryImprovementHoweverFewPointsAreWanted) {
  const auto study = study_of(2000, [](int i) { return i % 400 == 399 ? 1.0 / i : 2.0 + (i * 37) % 100; });
  const Json view = progress_view(study.history(), 20);
  EXPECT_EQ(view["results"], 2000);
  EXPECT_LE(view["trial"].size(), 20 + view["best"]["trial"].size());
  double best = INFINITY;
  std::vector<std::int64_t> expected;
  for (const Trial& trial : study.history().trials)
    if (const double loss = *trial.metric("loss"); loss < best) best = loss, expected.push_back(trial.number);
  EXPECT_EQ(numbers(view["best"]["trial"]), expected);
  for (const std::int64_t number : expected) EXPECT_THAT(numbers(view["trial"]), Contains(number));
  EXPECT_DOUBLE_EQ(view["best"]["value"].back().get<double>(), drawn_number(best).get<double>());
}

TEST(ProgressView, CountsWhatTrialsWithoutAResultUsed) {
  HistoryForTest study(kViewedSpace);
  const auto end = [&](double loss, double tokens, TrialState to) {
    const std::int64_t trial = study.create(Config{{"rate", 1e-3}, {"kind", std::string("a")}});
    study.start(trial);
    study.report(trial, 5, {{"loss", loss}, {"tokens", tokens}});
    study.move(trial, to);
  };
  end(3, 100, TrialState::Done);
  end(NAN, 40, TrialState::Failed);
  end(1, 100, TrialState::Stopped);
  end(2, 100, TrialState::Done);
  const Json view = progress_view(study.history(), 100);
  EXPECT_EQ(view["tokens"], true);
  EXPECT_THAT(numbers(view["trial"]), ElementsAre(0, 2, 3));
  EXPECT_THAT(view["work"].get<std::vector<double>>(), ElementsAre(100, 240, 340));
  EXPECT_THAT(view["count"].get<std::vector<double>>(), ElementsAre(1, 3, 4));
  EXPECT_THAT(numbers(view["best"]["trial"]), ElementsAre(0, 3)) << "one that was stopped is no result of a full trial";
}

TEST(StudyViews, OfAStudyWithoutTrialsAreEmpty) {
  const HistoryForTest study(kViewedSpace);
  EXPECT_EQ(progress_view(study.history(), 100)["results"], 0);
  EXPECT_EQ(points_view(study.history(), 100)["trial"], Json::array());
  EXPECT_EQ(curves_view(study.history(), {})["curves"], Json::array());
  EXPECT_EQ(trial_rows(study.history(), {}).value()["matching"], 0);
}

TEST(PointsView, HasTheBestAndPlacesThemAsTheSpaceDoes) {
  const auto study = study_of(3000, [](int i) { return std::abs(i - 1234) + 1.0; });
  const Json view = points_view(study.history(), 200);
  EXPECT_EQ(view["results"], 3000);
  EXPECT_LE(view["trial"].size(), 200u);
  EXPECT_GE(view["trial"].size(), 150u);
  const auto shown = numbers(view["trial"]);
  for (std::int64_t number = 1234 - 20; number <= 1234 + 20; ++number) EXPECT_THAT(shown, Contains(number));
  EXPECT_THAT(shown, Contains(0));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const Trial& trial = study.state().trial(shown[i]);
    const UnitPoint point = study.space().to_unit(trial.config);
    EXPECT_NEAR(view["places"]["rate"][i].get<double>(), point.at[0], 1e-6);
    EXPECT_EQ(view["config"]["kind"][i], trial.config.to_json()["kind"]);
    EXPECT_EQ(view["places"]["beta"][i].is_null(), !point.active[2]);
    EXPECT_EQ(view["rank"][i] == 0, shown[i] == 1234);
  }
}

TEST(CurvesView, DrawsTheBestAndTheRunningAmongMany) {
  auto study = study_of(0, [](int) { return 0.0; });
  for (int i = 0; i < 500; ++i) {
    const std::int64_t trial = study.create(Config{{"rate", 1e-3}, {"kind", std::string("a")}});
    study.start(trial);
    for (int step = 1; step <= 300; ++step) study.report(trial, step, (i == 321 ? 0.5 : 1.0) + 1.0 / step);
    if (i != 77) study.move(trial, TrialState::Done);
  }
  const Json view = curves_view(study.history(), {.metric = "", .trials = 20, .points = 40});
  EXPECT_EQ(view["with_curves"], 500);
  EXPECT_LE(view["curves"].size(), 20u);
  std::vector<std::int64_t> shown;
  for (const Json& curve : view["curves"]) {
    shown.push_back(curve["trial"]);
    EXPECT_LE(curve["steps"].size(), 40u);
    EXPECT_EQ(curve["reports"], 300);
    EXPECT_EQ(curve["steps"].front(), 1);
    EXPECT_EQ(curve["steps"].back(), 300);
  }
  EXPECT_THAT(shown, Contains(321));
  EXPECT_THAT(shown, Contains(77));
  EXPECT_EQ(curves_view(study.history(), {.metric = "other"})["with_curves"], 0);
}

TEST(CurveView, WhatIsNotFiniteIsNull) {
  auto study = study_of(0, [](int) { return 0.0; });
  const std::int64_t trial = study.create(Config{{"rate", 1e-3}, {"kind", std::string("a")}});
  study.start(trial);
  study.report(trial, 1, 2.0);
  study.report(trial, 2, NAN);
  EXPECT_EQ(curve_view(study.state().trial(trial), "loss", 100)["values"], Json::parse("[2.0, null]"));
}

std::vector<std::int64_t> order_of(const History& history, const RowsWanted& wanted) {
  const auto rows = trial_rows(history, wanted);
  EXPECT_TRUE(rows) << rows.error().message;
  std::vector<std::int64_t> order;
  for (const Json& row : (*rows)["rows"]) order.push_back(row["number"]);
  return order;
}

TEST(TrialRows, AreSortedByAnyColumnWithWhatIsMissingLast) {
  HistoryForTest study(kViewedSpace);
  study.done(Config{{"rate", 1e-3}, {"kind", std::string("b")}, {"beta", 0.5}}, 3.0);
  study.done(Config{{"rate", 1e-4}, {"kind", std::string("a")}}, 1.0);
  study.create(Config{{"rate", 1e-2}, {"kind", std::string("b")}, {"beta", 0.1}});
  const History history = study.history();
  EXPECT_THAT(order_of(history, {.sort = "loss"}), ElementsAre(1, 0, 2));
  EXPECT_THAT(order_of(history, {.sort = "loss", .descending = true}), ElementsAre(0, 1, 2));
  EXPECT_THAT(order_of(history, {.sort = "rate"}), ElementsAre(1, 0, 2));
  EXPECT_THAT(order_of(history, {.sort = "beta"}), ElementsAre(2, 0, 1));
  EXPECT_THAT(order_of(history, {.sort = "kind"}), ElementsAre(1, 0, 2));
  EXPECT_THAT(order_of(history, {.sort = "number", .descending = true}), ElementsAre(2, 1, 0));
  EXPECT_THAT(order_of(history, {.state = TrialState::Done}), ElementsAre(0, 1));
  EXPECT_THAT(order_of(history, {.from = 1, .count = 1}), ElementsAre(1));
  EXPECT_THAT(order_of(history, {.from = 7}), SizeIs(0));
  EXPECT_THAT(trial_rows(history, {.sort = "colour"}).error().message, HasSubstr("no such column"));
}

TEST(DrawnResults, HaveTheFrontOfSeveralObjectives) {
  HistoryForTest study(
      R"({"space": {"x": {"range": [0, 1]}}, "objective": [{"minimize": "loss"}, {"maximize": "speed"}]})");
  for (int i = 0; i < 1000; ++i)
    study.done(Suggestion{Config{{"x", i / 1000.0}}, {}},
               {{"loss", 10.0 + (i * 7) % 13}, {"speed", i == 500 ? 99.0 : 1.0 + (i * 3) % 11}});
  std::vector<std::int64_t> shown;
  for (const Scored& each : drawn_results(study.history(), 60)) shown.push_back(each.trial->number);
  EXPECT_LE(shown.size(), 60u);
  EXPECT_TRUE(std::ranges::is_sorted(shown));
  EXPECT_THAT(shown, Contains(500));
  EXPECT_THAT(numbers(points_view(study.history(), 60)["front"]), Contains(500));
}

TEST(ParameterView, SaysWhatAFormNeeds) {
  const HistoryForTest study(kViewedSpace);
  const Json beta = parameter_view(*study.space().find("beta"));
  EXPECT_EQ(beta["kind"], "real");
  EXPECT_EQ(beta["when"], Json::parse(R"({"kind": ["b"]})"));
  EXPECT_EQ(parameter_view(*study.space().find("kind"))["choices"], Json::parse(R"(["a", "b"])"));
  EXPECT_EQ(parameter_view(*study.space().find("rate"))["log"], true);
}

}  // namespace
}  // namespace pegbox
