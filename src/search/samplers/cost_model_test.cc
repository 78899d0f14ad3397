// Cost-aware search: the model of cost, and what it is worth in a study.
#include "search/samplers/cost_model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "math/statistics.h"
#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"
#include "search/samplers/evidence.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

constexpr const char* kPlane = R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}}, "search": )";

double cost_at(double x) { return 5 * std::pow(30, x); }

HistoryForTest measured_study(const std::string& search) {
  HistoryForTest study(kPlane + search + "}");
  for (int i = 0; i < 16; ++i) {
    const double x = (i % 4) / 3.0, y = (i / 4) / 3.0;
    study.done(Suggestion{Config{{"x", x}, {"y", y}}, {}}, {{"loss", x * x + y}, {"joules", cost_at(x)}});
  }
  return study;
}

TEST(CostModel, PredictsTheLogarithmOfCostWithItsGradient) {
  const HistoryForTest study = measured_study(R"("gp")");
  const Evidence evidence = make_evidence(study.history(), observe(study.history(), study.history().trials), {});
  CostModeler modeler("joules");
  const auto model = modeler.model(study.history(), evidence, 16);
  ASSERT_TRUE(model && *model);
  for (const double x : {0.1, 0.5, 0.8}) {
    const std::vector<double> point{x, 0.4}, right{x + 1e-5, 0.4}, left{x - 1e-5, 0.4};
    EXPECT_NEAR((*model)->log_costs(point)[0], std::log(cost_at(x)), 0.05);
    const auto slope = (*model)->log_cost_with_gradient(point);
    EXPECT_NEAR(slope.gradient[0], ((*model)->log_costs(right)[0] - (*model)->log_costs(left)[0]) / 2e-5, 1e-4);
    EXPECT_NEAR(slope.value, (*model)->log_costs(point)[0], 1e-12);
  }
}

TEST(CostModel, IsNoneWhereNoCostIsWantedOrKnown) {
  const HistoryForTest study = measured_study(R"("gp")");
  const Evidence evidence = make_evidence(study.history(), observe(study.history(), study.history().trials), {});
  for (const char* cost : {"", "elapsed"}) {  // no time passes in this study
    CostModeler modeler(cost);
    const auto model = modeler.model(study.history(), evidence, 16);
    ASSERT_TRUE(model);
    EXPECT_FALSE(*model) << cost;
  }
}

TEST(CostModel, SaysWhichMetricIsMissing) {
  const HistoryForTest study = measured_study(R"({"name": "gp", "cost": "tokns"})");
  const auto asked = std::move(*make_sampler(study.spec()))->suggest(study.history(), 1, {1, 0, 16});
  ASSERT_FALSE(asked);
  EXPECT_NE(asked.error().message.find("tokns"), std::string::npos) << asked.error().message;
  EXPECT_NE(asked.error().message.find("joules"), std::string::npos) << asked.error().message;
}

/// A bowl whose best place is cheap to reach from one side only; how much has been paid until the loss is below 0.01.
double paid(const std::string& search, std::uint64_t seed) {
  HistoryForTest study(kPlane + search + "}");
  const auto sampler = std::move(*make_sampler(study.spec()));
  double sum = 0;
  for (std::uint64_t trial = 0; trial < 60; ++trial) {
    const auto suggestions = sampler->suggest(study.history(), 1, {seed, 0, trial});
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    const Suggestion& suggestion = suggestions->at(0);
    const double x = number(suggestion.config, "x"), y = number(suggestion.config, "y");
    const double loss = std::pow(x - 0.25, 2) + 3 * std::pow(y - 0.85, 2);
    sum += std::pow(1000, x);
    if (loss < 0.002) return sum;
    study.done(suggestion, {{"loss", loss}, {"joules", std::pow(1000, x)}});
  }
  return sum;
}

TEST(CostModel, LetsASearchReachTheSameLossForLess) {
  std::vector<double> with, without;
  for (std::uint64_t seed = 0; seed < 7; ++seed) {
    with.push_back(paid(R"({"name": "gp", "cost": "joules"})", seed));
    without.push_back(paid(R"("gp")", seed));
  }
  EXPECT_LT(math::median(with), 0.8 * math::median(without));
}

TEST(CostModel, IsInTheReason) {
  const HistoryForTest study = measured_study(R"({"name": "gp", "cost": "joules"})");
  const auto asked = std::move(*make_sampler(study.spec()))->suggest(study.history(), 1, {1, 0, 16});
  ASSERT_TRUE(asked) << asked.error().message;
  const Json reason = asked->at(0).reason;
  EXPECT_NEAR(std::log(reason["cost"]["predicted"].get<double>()), std::log(cost_at(number(asked->at(0).config, "x"))),
              0.2);
  EXPECT_NEAR(reason["cost"]["weight"].get<double>(), 1, 1e-3);
}

}  // namespace
}  // namespace pegbox
