// The Gaussian process against random search on functions whose minimum is known.
//
// Branin and Hartmann 6: Surjanovic and Bingham, "Virtual library of simulation experiments", sfu.ca/~ssurjano. The
// mixed one is our own: three methods, each with a learning rate and settings of its own, of which one has the minimum
// 0.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>

#include "math/statistics.h"
#include "search/history_for_test.h"
#include "search/samplers/config_for_test.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

/// Minimum 0.397887.
double branin(const Config& config) {
  constexpr double pi = std::numbers::pi;
  const double x = number(config, "x"), y = number(config, "y");
  const double ridge = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
  return ridge * ridge + 10 * (1 - 1 / (8 * pi)) * std::cos(x) + 10;
}

/// Minimum -3.32237.
double hartmann6(const Config& config) {
  using Row = std::array<double, 6>;
  constexpr std::array<Row, 4> steepness{Row{10, 3, 17, 3.5, 1.7, 8}, Row{0.05, 10, 17, 0.1, 8, 14},
                                         Row{3, 3.5, 1.7, 10, 17, 8}, Row{17, 8, 0.05, 10, 0.1, 14}};
  constexpr std::array<Row, 4> places{Row{1312, 1696, 5569, 124, 8283, 5886}, Row{2329, 4135, 8307, 3736, 1004, 9991},
                                      Row{2348, 1451, 3522, 2883, 3047, 6650}, Row{4047, 8828, 8732, 5743, 1091, 381}};
  constexpr std::array<double, 4> depths{1, 1.2, 3, 3.2};
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    double distance = 0;
    for (std::size_t j = 0; j < 6; ++j)
      distance += steepness[i][j] * std::pow(number(config, "x" + std::to_string(j)) - 1e-4 * places[i][j], 2);
    sum -= depths[i] * std::exp(-distance);
  }
  return sum;
}

double mixed(const Config& config) {
  const std::string method = to_text(*config.find("method"));
  const double decade = std::log10(number(config, "lr"));
  if (method == "full") return 0.5 + std::pow(decade + 5, 2);
  if (method == "prompt") return 0.3 + std::pow(decade + 2, 2) + 0.1 * std::abs(number(config, "tokens") - 7);
  return std::pow(decade + 3.5, 2) + 0.15 * std::pow(std::log2(number(config, "rank")) - 4, 2) +
         0.3 * std::abs(number(config, "dropout") - 0.1);
}

struct Task {
  const char* space;
  std::function<double(const Config&)> loss;
  double minimum;
  int trials;
};

/// The median over seeds of what is missing to the minimum.
double regret(const Task& task, const std::string& search) {
  std::vector<double> regrets;
  for (std::uint64_t seed = 0; seed < 7; ++seed) {
    HistoryForTest study(R"({"space": )" + std::string(task.space) + R"(, "search": ")" + search + "\"}");
    const auto sampler = std::move(*make_sampler(study.spec()));
    double best = HUGE_VAL;
    for (int trial = 0; trial < task.trials; ++trial) {
      const auto suggestions = sampler->suggest(study.history(), 1, {seed, 0, static_cast<std::uint64_t>(trial)});
      EXPECT_TRUE(suggestions) << suggestions.error().message;
      const double loss = task.loss(suggestions->at(0).config);
      best = std::min(best, loss);
      study.done(suggestions->at(0), loss);
    }
    regrets.push_back(best - task.minimum);
  }
  return math::median(regrets);
}

TEST(GpQuality, FindsTheMinimumOfBranin) {
  const Task task{R"({"x": {"range": [-5, 10]}, "y": {"range": [0, 15]}})", branin, 0.397887, 30};
  const double gp = regret(task, "gp");
  EXPECT_LT(gp, 0.05);
  EXPECT_LT(gp, 0.1 * regret(task, "random"));
}

TEST(GpQuality, FindsTheMinimumOfHartmannInSixDimensions) {
  const Task task{
      R"({"x0": {"range": [0, 1]}, "x1": {"range": [0, 1]}, "x2": {"range": [0, 1]}, "x3": {"range": [0, 1]},
                      "x4": {"range": [0, 1]}, "x5": {"range": [0, 1]}})",
      hartmann6, -3.32237, 40};
  const double gp = regret(task, "gp");
  EXPECT_LT(gp, 0.3);
  EXPECT_LT(gp, 0.2 * regret(task, "random"));
}

TEST(GpQuality, FindsTheBestMethodAndItsSettings) {
  const Task task{R"({"method": {"choice": ["full", "lora", "prompt"]}, "lr": {"range": [1e-6, 1], "scale": "log"},
                      "rank": {"choice": [1, 2, 4, 8, 16, 32, 64, 128], "ordered": true, "when": {"method": "lora"}},
                      "dropout": {"range": [0, 0.5], "when": {"method": "lora"}},
                      "tokens": {"range": [1, 24], "integer": true, "when": {"method": "prompt"}}})",
                  mixed, 0, 40};
  const double gp = regret(task, "gp");
  EXPECT_LT(gp, 0.1);
  EXPECT_LT(gp, 0.4 * regret(task, "random"));
}

}  // namespace
}  // namespace pegbox
