// The evolutionary strategies against random search on functions whose minimum is known, and what their reasons say.
//
// Sphere, Rosenbrock and Rastrigin: Surjanovic and Bingham, "Virtual library of simulation experiments",
// sfu.ca/~ssurjano, moved off the middle of the space. ZDT1 and ZDT2: Zitzler, Deb, Thiele, Evolutionary Computation 8
// (2000). The mixed and the conditional one are our own.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <ostream>

#include "math/pareto.h"
#include "math/statistics.h"
#include "search/history_for_test.h"
#include "search/samplers/population.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

double value_of(const Config& config, const std::string& name) { return as_number(*config.find(name)); }

std::vector<double> numbers(const Config& config) {
  std::vector<double> numbers;
  for (const auto& [name, value] : config) numbers.push_back(as_number(value));
  return numbers;
}

double sphere(const Config& config) {
  double sum = 0;
  for (const double x : numbers(config)) sum += (x - 1.3) * (x - 1.3);
  return sum;
}

double rosenbrock(const Config& config) {
  const auto x = numbers(config);
  double sum = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i)
    sum += 100 * std::pow(x[i + 1] - x[i] * x[i], 2) + std::pow(1 - x[i], 2);
  return sum;
}

double rastrigin(const Config& config) {
  double sum = 0;
  for (const double x : numbers(config))
    sum += 10 + (x - 0.7) * (x - 0.7) - 10 * std::cos(2 * std::numbers::pi * (x - 0.7));
  return sum;
}

double mixed_loss(const Config& config) {
  double loss = std::pow(std::log10(value_of(config, "lr")) + 3, 2) + 0.3 * std::abs(value_of(config, "layers") - 5) +
                0.2 * std::abs(std::log2(value_of(config, "rank")) - 4) +
                10 * std::pow(value_of(config, "drop") - 0.1, 2);
  if (to_text(*config.find("optimizer")) != "lion") loss += 0.5;
  if (to_text(*config.find("activation")) != "gelu") loss += 0.3;
  return loss;
}

double conditional_loss(const Config& config) {
  const std::string method = to_text(*config.find("method"));
  const double decade = std::log10(value_of(config, "lr"));
  if (method == "full") return 0.5 + std::pow(decade + 5, 2);
  if (method == "prompt") return 0.3 + std::pow(decade + 2, 2) + 0.1 * std::abs(value_of(config, "tokens") - 7);
  return std::pow(decade + 3.5, 2) + 0.15 * std::pow(std::log2(value_of(config, "rank")) - 4, 2) +
         0.3 * std::abs(value_of(config, "dropout") - 0.1);
}

std::string cube(int dimensions, const std::string& range) {
  std::string space;
  for (int i = 0; i < dimensions; ++i)
    space += (i ? ", \"x" : "{\"x") + std::to_string(i) + "\": {\"range\": " + range + "}";
  return space + "}";
}

constexpr char kMixed[] =
    R"({"lr": {"range": [1e-6, 1], "scale": "log"}, "layers": {"range": [1, 12], "integer": true},
        "rank": {"choice": [1, 2, 4, 8, 16, 32, 64, 128], "ordered": true}, "drop": {"range": [0, 0.5]},
        "optimizer": {"choice": ["adamw", "lion", "sgd", "adafactor"]}, "activation": {"choice": ["relu", "gelu", "silu"]}})";
constexpr char kConditional[] =
    R"({"method": {"choice": ["full", "lora", "prompt"]}, "lr": {"range": [1e-6, 1], "scale": "log"},
        "rank": {"choice": [1, 2, 4, 8, 16, 32, 64, 128], "ordered": true, "when": {"method": "lora"}},
        "dropout": {"range": [0, 0.5], "when": {"method": "lora"}},
        "tokens": {"range": [1, 24], "integer": true, "when": {"method": "prompt"}}})";

constexpr int kTrials = 200;

/// A study of `trials` trials, each of them done.
HistoryForTest searched(const std::string& space, const std::string& search, const std::string& objectives, int trials,
                        std::uint64_t seed, const std::function<Metrics(const Config&)>& measure) {
  HistoryForTest study(R"({"space": )" + space + R"(, "search": ")" + search + R"(", "objective": )" + objectives +
                       R"(, "budget": {"trials": )" + std::to_string(trials) + "}}");
  const auto sampler = std::move(*make_sampler(study.spec()));
  for (int trial = 0; trial < trials; ++trial) {
    const auto suggestions = sampler->suggest(study.history(), 1, {seed, 0, static_cast<std::uint64_t>(trial)});
    EXPECT_TRUE(suggestions) << suggestions.error().message;
    study.done(suggestions->at(0), measure(suggestions->at(0).config));
  }
  return study;
}

/// The median over seeds of the best loss; every minimum is 0.
double regret(const std::string& space, double (*loss)(const Config&), const std::string& search, std::uint64_t seeds) {
  std::vector<double> regrets;
  for (std::uint64_t seed = 0; seed < seeds; ++seed) {
    const auto study = searched(space, search, R"({"minimize": "loss"})", kTrials, seed,
                                [&](const Config& config) { return Metrics{{"loss", loss(config)}}; });
    const auto best = static_cast<std::size_t>(*best_trial(study.history()));
    regrets.push_back(*loss_of(study.history(), study.history().trials[best]));
  }
  return math::median(regrets);
}

/// The largest parts of random search's regret that a strategy may leave.
struct Promise {
  std::string search;
  double sphere5, sphere10, rosenbrock5, rastrigin5, mixed, conditional;
};

void PrintTo(const Promise& promise, std::ostream* out) { *out << promise.search; }

struct EvolutionQuality : testing::TestWithParam<Promise> {};

TEST_P(EvolutionQuality, LeavesOnlyAPartOfTheRegretOfRandomSearch) {
  const Promise& promise = GetParam();
  const auto part = [&](const std::string& space, double (*loss)(const Config&), std::uint64_t seeds = 7) {
    return regret(space, loss, promise.search, seeds) / regret(space, loss, "random", seeds);
  };
  EXPECT_LT(part(cube(5, "[-5, 5]"), sphere), promise.sphere5);
  EXPECT_LT(part(cube(10, "[-5, 5]"), sphere), promise.sphere10);
  EXPECT_LT(part(cube(5, "[-2, 2]"), rosenbrock), promise.rosenbrock5);
  EXPECT_LT(part(cube(5, "[-5, 5]"), rastrigin), promise.rastrigin5);
  EXPECT_LT(part(kMixed, mixed_loss), promise.mixed);
  // Some runs end in the second best branch, so that the median of a few says little.
  EXPECT_LT(part(kConditional, conditional_loss, 31), promise.conditional);
}

INSTANTIATE_TEST_SUITE_P(Strategies, EvolutionQuality,
                         testing::Values(Promise{"genetic", 0.15, 0.4, 0.2, 0.5, 0.15, 0.3},
                                         Promise{"nsga2", 0.15, 0.4, 0.2, 0.5, 0.15, 0.3},
                                         Promise{"de", 0.15, 0.3, 0.2, 0.7, 0.1, 0.3},
                                         Promise{"evolution", 0.1, 0.4, 0.15, 0.4, 0.1, 0.3},
                                         Promise{"local", 0.01, 0.05, 0.1, 0.6, 0.01, 0.4},
                                         Promise{"annealing", 0.05, 0.1, 0.1, 0.6, 0.05, 0.95},
                                         Promise{"dehb", 0.35, 0.5, 0.2, 0.6, 0.6, 0.5},
                                         Promise{"bohb", 0.5, 0.7, 0.6, 0.8, 0.3, 0.95}),
                         [](const auto& each) { return each.param.search; });

double zdt_hypervolume(const std::string& search, int which, int trials, std::uint64_t seed) {
  constexpr int d = 10;
  const auto measure = [&](const Config& config) {
    const auto x = numbers(config);
    double sum = 0;
    for (int i = 1; i < d; ++i) sum += x[static_cast<std::size_t>(i)];
    const double g = 1 + 9 * sum / (d - 1), ratio = x[0] / g;
    return Metrics{{"f", x[0]}, {"g", g * (which == 1 ? 1 - std::sqrt(ratio) : 1 - ratio * ratio)}};
  };
  const auto study =
      searched(cube(d, "[0, 1]"), search, R"([{"minimize": "f"}, {"minimize": "g"}])", trials, seed, measure);
  std::vector<double> points;
  for (const Trial& trial : study.history().trials)
    points.push_back(trial.metrics.at("f")), points.push_back(trial.metrics.at("g"));
  return *math::hypervolume(points, std::vector{1.1, 7.0});
}

TEST(Nsga2, CoversMoreOfZdtThanRandomSearch) {
  for (const int which : {1, 2})
    for (const int trials : {100, 400}) {
      std::vector<double> nsga2, random;
      for (std::uint64_t seed = 0; seed < 5; ++seed) {
        nsga2.push_back(zdt_hypervolume("nsga2", which, trials, seed));
        random.push_back(zdt_hypervolume("random", which, trials, seed));
      }
      EXPECT_GT(math::median(nsga2), math::median(random) + (trials == 100 ? 0.3 : 1)) << "ZDT" << which;
    }
}

TEST(Nsga2, PrefersWhatKeepsAMetricConstraint) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "constraints": ["memory < 0.5"],
                           "search": {"name": "nsga2", "population": 10}})");
  const auto sampler = std::move(*make_sampler(study.spec()));
  int kept = 0;
  for (std::uint64_t trial = 0; trial < 80; ++trial) {
    const auto suggestions = sampler->suggest(study.history(), 1, {1, 0, trial});
    const double x = value_of(suggestions->at(0).config, "x");
    kept += trial >= 40 && x < 0.5;
    study.done(suggestions->at(0), {{"loss", 1 - x}, {"memory", x}});
  }
  EXPECT_GE(kept, 20) << "the loss alone draws to 1, where a third of an even spread would be kept at most";
  EXPECT_GT(value_of(study.history().trials[static_cast<std::size_t>(*best_trial(study.history()))].config, "x"), 0.45);
}

struct FamilyTree : testing::TestWithParam<const char*> {};

TEST_P(FamilyTree, CanBeReadFromTheReasons) {
  const auto study = searched(kMixed, GetParam(), R"({"minimize": "loss"})", 80, 1,
                              [](const Config& config) { return Metrics{{"loss", mixed_loss(config)}}; });
  int children = 0;
  std::int64_t newest = 0;
  for (const Trial& trial : study.history().trials) {
    EXPECT_EQ(trial.reason["by"], GetParam());
    EXPECT_FALSE(trial.reason["operator"].get<std::string>().empty());
    newest = std::max(newest, trial.reason["generation"].get<std::int64_t>());
    const auto parents = parents_of(trial);
    EXPECT_EQ(parents.size(), trial.reason["parents"].size()) << "all of them came before";
    children += !parents.empty();
  }
  EXPECT_GE(children, 40);
  const bool counts_climbs = std::string_view(GetParam()) == "local";  // of which one may last long
  EXPECT_GE(newest, counts_climbs ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(Strategies, FamilyTree,
                         testing::Values("genetic", "nsga2", "de", "evolution", "local", "annealing", "dehb", "pbt"),
                         [](const auto& each) { return std::string(each.param); });

TEST(Evolution, LetsTheOldestDieHoweverGood) {
  HistoryForTest study(R"({"space": {"x": {"range": [0, 1]}}, "search": {"name": "evolution", "population": 10}})");
  const auto sampler = std::move(*make_sampler(study.spec()));
  for (std::uint64_t trial = 0; trial < 60; ++trial) {
    const auto suggestions = sampler->suggest(study.history(), 1, {1, 0, trial});
    for (const std::int64_t parent : suggestions->at(0).reason["parents"].get<std::vector<std::int64_t>>())
      EXPECT_GE(parent, static_cast<std::int64_t>(trial) - 10);
    study.done(suggestions->at(0), trial == 3 ? -1e9 : static_cast<double>(trial % 7));
  }
}

TEST(Annealing, CoolsOverTheBudget) {
  const auto study = searched(cube(3, "[-5, 5]"), "annealing", R"({"minimize": "loss"})", 100, 1,
                              [](const Config& config) { return Metrics{{"loss", sphere(config)}}; });
  double last = HUGE_VAL, first = 0;
  for (const Trial& trial : study.history().trials) {
    if (!trial.reason.contains("temperature")) continue;
    const double temperature = trial.reason["temperature"].get<double>();
    EXPECT_LT(temperature, last);
    if (first == 0) first = temperature;
    last = temperature;
  }
  EXPECT_NEAR(std::log10(last / first), -3, 0.15);
}

TEST(Local, ShortensItsStepOnlyWhereItFails) {
  const auto study = searched(cube(2, "[-5, 5]"), "local", R"({"minimize": "loss"})", 150, 1,
                              [](const Config& config) { return Metrics{{"loss", sphere(config)}}; });
  double shortest = 1;
  std::int64_t climbs = 0;
  for (const Trial& trial : study.history().trials) {
    climbs = std::max(climbs, trial.reason["generation"].get<std::int64_t>());
    if (trial.reason.contains("step")) shortest = std::min(shortest, trial.reason["step"].get<double>());
  }
  EXPECT_LT(shortest, 0.005);
  EXPECT_GE(climbs, 1) << "a second climb has begun";
}

}  // namespace
}  // namespace pegbox
