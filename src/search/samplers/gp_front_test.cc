// The Gaussian process with three and more objectives.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "math/pareto.h"
#include "math/statistics.h"
#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

constexpr const char* kThreeObjectives = R"("objective": [{"minimize": "a"}, {"minimize": "b"}, {"maximize": "c"}])";

/// Squared distances from three corners of a triangle in the plane of x and y, plus what z is off.
Metrics three_losses(const Config& config) {
  const double x = number(config, "x"), y = number(config, "y"), off = std::pow(number(config, "z") - 0.7, 2);
  const auto distance = [&](double px, double py) { return std::pow(x - px, 2) + std::pow(y - py, 2) + off; };
  return {{"a", distance(0.2, 0.2)}, {"b", distance(0.8, 0.3)}, {"c", -distance(0.4, 0.9)}};
}

double volume_after(int trials, std::string_view search, std::uint64_t seed) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}, "z": {"range": [0, 1]}}, )" +
                       std::string(kThreeObjectives) + R"(, "search": ")" + std::string(search) + "\"}");
  const auto sampler = std::move(*make_sampler(study.spec()));
  std::vector<double> points;
  for (int i = 0; i < trials; ++i) {
    const auto suggestions = sampler->suggest(study.history(), 1, {seed, 0, static_cast<std::uint64_t>(i)});
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    const Metrics metrics = three_losses(suggestions->at(0).config);
    points.insert(points.end(), {metrics.at("a"), metrics.at("b"), -metrics.at("c")});
    study.done(suggestions->at(0), metrics);
  }
  return *math::hypervolume(points, std::vector<double>{0.8, 0.8, 0.8});
}

TEST(GpQuality, FindsAFrontOfThreeObjectives) {
  // The best front: the triangle at z = 0.7, here on a grid of 40 by 40 places.
  std::vector<double> best;
  for (int i = 0; i <= 40; ++i)
    for (int k = 0; k <= 40; ++k) {
      const Metrics metrics = three_losses(Config{{"x", i / 40.0}, {"y", k / 40.0}, {"z", 0.7}});
      best.insert(best.end(), {metrics.at("a"), metrics.at("b"), -metrics.at("c")});
    }
  const double whole = *math::hypervolume(best, std::vector<double>{0.8, 0.8, 0.8});
  std::vector<double> gp, random;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    gp.push_back(volume_after(30, "gp", seed));
    random.push_back(volume_after(30, "random", seed));
  }
  EXPECT_LT(whole - math::median(gp), 0.75 * (whole - math::median(random))) << "it was 0.56";
}

TEST(GpFront, HasAModelOfEachOfThreeObjectivesAndACompromiseOfFour) {
  for (const bool four : {false, true}) {
    const std::string objectives = four ? R"("objective": [{"minimize": "a"}, {"minimize": "b"}, {"maximize": "c"},
                                             {"minimize": "d"}])"
                                        : kThreeObjectives;
    HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}, "y": {"range": [0, 1]}, "z": {"range": [0, 1]}}, )" +
                         objectives + R"(, "search": "gp"})");
    const auto sampler = std::move(*make_sampler(study.spec()));
    Json reason;
    Config config;
    for (std::uint64_t i = 0; i < 14; ++i) {
      const auto suggestions = sampler->suggest(study.history(), 1, {1, 0, i});
      ASSERT_TRUE(suggestions) << suggestions.error().message;
      reason = suggestions->at(0).reason, config = suggestions->at(0).config;
      Metrics metrics = three_losses(config);
      metrics["d"] = number(config, "x");
      if (i % 7 == 6)
        study.failed(suggestions->at(0));
      else
        study.done(suggestions->at(0), metrics);
    }
    EXPECT_EQ(reason.contains("weights"), four);
    if (four) continue;
    ASSERT_EQ(reason["predicted"]["mean"].size(), 3u);
    EXPECT_NEAR(reason["predicted"]["mean"][2].get<double>(), three_losses(config).at("c"), 0.1)
        << "in the metric's own sign";
  }
}

}  // namespace
}  // namespace pegbox
