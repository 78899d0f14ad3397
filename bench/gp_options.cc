// What the options of `gp` are worth, on functions of our own with known minima: for choosing defaults, and for
// docs/search.md.
//
//   pegbox-bench-gp_options front|acquisition|cost|region SEEDS SEARCH...
//
// SEARCH is a study file's `search:`, a name or an object. Prints one line for each search: the mean over functions and
// seeds after so many trials.
// - front: three objectives; minus the part of the box below a corner that is dominated after 20, 50 and 100 trials.
// - acquisition: one objective in 2 to 6 dimensions, mixed and noisy ones among them; regret (0: minimum, 1: median of
//   random points) after 10, 20, 30 and 50 trials.
// - cost: functions whose trials take different times; regret after the time of 5, 10, 20 and 40 random trials.
// - region: 20 and 50 dimensions; regret after 100, 200 and 300 trials.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <numeric>
#include <string>

#include "math/pareto.h"
#include "math/statistics.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

using Metrics1 = std::vector<double>;

struct Problem {
  std::string name;
  Json space;
  std::function<Metrics1(const Config&, Rng&)> losses;  ///< what is observed
  std::function<double(const Config&)> cost;            ///< seconds; none: 1
  std::function<double(const Config&)> truth;           ///< without noise; none: the observed loss
  double minimum = 0;
  std::vector<double> corner;  ///< of several objectives
};

double value(const Config& config, std::string_view name) {
  const Value* found = config.find(name);
  return found && is_number(*found) ? as_number(*found) : 0.0;
}

std::vector<double> unit(const Config& config, int d) {
  std::vector<double> x;
  for (int i = 0; i < d; ++i) x.push_back(value(config, fmt::format("x{}", i)));
  return x;
}

Json cube(int d) {
  Json space = Json::object();
  for (int i = 0; i < d; ++i) space[fmt::format("x{}", i)] = {{"range", {0.0, 1.0}}};
  return space;
}

/// A rotation and a place that belong to a name, so that functions differ but never change.
struct Shape {
  std::vector<double> place;
  std::vector<std::vector<double>> turn;
  Shape(std::string_view name, std::size_t d, double low = 0.15, double high = 0.85) {
    Rng rng({.seed = stream_id(name)});
    for (std::size_t i = 0; i < d; ++i) place.push_back(low + (high - low) * rng.uniform());
    for (std::size_t i = 0; i < d; ++i) {
      std::vector<double> row(d);
      for (double& each : row) each = rng.normal();
      for (const auto& other : turn) {
        double dot = 0;
        for (std::size_t j = 0; j < d; ++j) dot += row[j] * other[j];
        for (std::size_t j = 0; j < d; ++j) row[j] -= dot * other[j];
      }
      double norm = 0;
      for (const double each : row) norm += each * each;
      for (double& each : row) each /= std::sqrt(norm);
      turn.push_back(std::move(row));
    }
  }
  std::vector<double> local(const std::vector<double>& x) const {
    std::vector<double> z;
    for (const auto& row : turn) {
      double sum = 0;
      for (std::size_t j = 0; j < x.size(); ++j) sum += row[j] * (x[j] - place[j]);
      z.push_back(sum);
    }
    return z;
  }
};

using Function = std::function<double(const std::vector<double>&)>;

Function bowl(const std::string& name, std::size_t d, double condition) {
  return [shape = Shape(name, d), condition](const std::vector<double>& x) {
    const auto z = shape.local(x);
    double sum = 0;
    for (std::size_t i = 0; i < z.size(); ++i)
      sum += std::pow(condition, static_cast<double>(i) / std::max<double>(1, static_cast<double>(z.size()) - 1)) *
             z[i] * z[i];
    return sum;
  };
}

Function ackley(const std::string& name, std::size_t d) {
  return [shape = Shape(name, d)](const std::vector<double>& x) {
    double squares = 0, waves = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double z = 10 * (x[i] - shape.place[i]);
      squares += z * z, waves += std::cos(2 * std::numbers::pi * z);
    }
    const double n = static_cast<double>(x.size());
    return -20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(waves / n) + 20 + std::numbers::e;
  };
}

Function valley(const std::string& name, std::size_t d) {  // a curved one
  return [shape = Shape(name, d, 0.3, 0.7)](const std::vector<double>& x) {
    double sum = 0;
    for (std::size_t i = 0; i + 1 < x.size(); ++i) {
      const double a = 3 * (x[i] - shape.place[i]) + 1, b = 3 * (x[i + 1] - shape.place[i + 1]) + 1;
      sum += 100 * std::pow(b - a * a, 2) + std::pow(1 - a, 2);
    }
    return std::log1p(sum);
  };
}

Function peaks(const std::string& name, std::size_t d) {  // many of nearly equal height
  std::vector<Shape> all;
  for (int i = 0; i < 20; ++i) all.emplace_back(fmt::format("{} {}", name, i), d);
  return [all](const std::vector<double>& x) {
    double best = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      double squares = 0;
      for (std::size_t j = 0; j < x.size(); ++j) squares += std::pow(x[j] - all[i].place[j], 2);
      const double height = i == 0 ? 1.0 : 0.9 - 0.02 * static_cast<double>(i);
      best = std::max(best, height * std::exp(-squares / (0.02 * static_cast<double>(x.size()))));
    }
    return 1 - best;
  };
}

Function few_matter(const std::string& name, std::size_t) {  // 6 of them
  return [inner = ackley(name, 6)](const std::vector<double>& x) {
    return inner({x[1], x[4], x[7], x[10], x[13], x[16]});
  };
}

Problem plain(const std::string& name, int d, const Function& function) {
  return {name, cube(d), [=](const Config& config, Rng&) { return Metrics1{function(unit(config, d))}; }, {}, {},
          0,    {}};
}

Problem noisy(const std::string& name, int d, const Function& function, double noise) {
  Problem problem = plain(name, d, function);
  problem.truth = [=](const Config& config) { return function(unit(config, d)); };
  problem.losses = [=](const Config& config, Rng& rng) {
    return Metrics1{function(unit(config, d)) + noise * rng.normal()};
  };
  return problem;
}

const Json kModel = Json::parse(R"({"layers": {"range": [2, 32], "integer": true, "scale": "log"},
  "width": {"range": [128, 2048], "integer": true, "scale": "log"}, "tokens": {"range": [1e8, 1e10], "scale": "log"},
  "lr": {"range": [1e-5, 1e-1], "scale": "log"}, "method": {"choice": ["a", "b", "c"]}})");

double weights_of(const Config& config) { return 12 * value(config, "layers") * std::pow(value(config, "width"), 2); }

double model_loss(const Config& config) {
  const double weights = weights_of(config), rate = 3e-3 * std::pow(weights / 1e7, -0.3);
  const std::string method = to_text(*config.find("method"));
  return 1.7 + 400 / std::pow(weights, 0.34) + 410 / std::pow(value(config, "tokens"), 0.28) +
         0.06 * std::pow(std::log10(value(config, "lr") / rate), 2) +
         (method == "a"   ? 0
          : method == "b" ? 0.03
                          : 0.08);
}

double model_seconds(const Config& config) { return 6 * weights_of(config) * value(config, "tokens") / 2e14 + 30; }

std::vector<Problem> front_problems() {
  std::vector<Problem> problems;
  const Shape a("front a", 5), b("front b", 5), c("front c", 5);
  problems.push_back({"three bowls",
                      cube(5),
                      [=](const Config& config, Rng&) {
                        Metrics1 losses;
                        for (const Shape* shape : {&a, &b, &c}) {
                          double sum = 0;
                          for (int i = 0; i < 5; ++i)
                            sum += std::pow(
                                value(config, fmt::format("x{}", i)) - shape->place[static_cast<std::size_t>(i)], 2);
                          losses.push_back(sum);
                        }
                        return losses;
                      },
                      {},
                      {},
                      0,
                      {1.5, 1.5, 1.5}});
  problems.push_back({"sphere",
                      cube(6),
                      [](const Config& config, Rng&) {
                        const auto x = unit(config, 6);
                        double g = 1;
                        for (std::size_t i = 2; i < 6; ++i) g += std::pow(x[i] - 0.3, 2);
                        const double u = x[0] * std::numbers::pi / 2, v = x[1] * std::numbers::pi / 2;
                        return Metrics1{g * std::cos(u) * std::cos(v), g * std::cos(u) * std::sin(v), g * std::sin(u)};
                      },
                      {},
                      {},
                      0,
                      {1.3, 1.3, 1.3}});
  problems.push_back(
      {"model",
       kModel,
       [](const Config& config, Rng&) {
         return Metrics1{model_loss(config), std::log10(model_seconds(config)),
                         std::log10(weights_of(config) + 2 * value(config, "layers") * value(config, "width") * 4096)};
       },
       {},
       {},
       0,
       {4.5, 4.5, 9.0}});
  return problems;
}

std::vector<Problem> acquisition_problems() {
  std::vector<Problem> problems{plain("bowl 3", 3, bowl("bowl 3", 3, 100)),
                                plain("ackley 4", 4, ackley("ackley 4", 4)),
                                plain("valley 4", 4, valley("valley 4", 4)),
                                plain("peaks 2", 2, peaks("peaks 2", 2)),
                                plain("peaks 4", 4, peaks("peaks 4", 4)),
                                noisy("noisy bowl 4", 4, bowl("noisy bowl 4", 4, 10), 0.1),
                                noisy("noisy ackley 3", 3, ackley("noisy ackley 3", 3), 1)};
  Problem model{
      "model",
      kModel,
      [](const Config& config, Rng&) { return Metrics1{model_loss(config) + 0.2 * std::log10(model_seconds(config))}; },
      {},
      {},
      3.7828,
      {}};
  problems.push_back(model);
  return problems;
}

std::vector<Problem> cost_problems() {
  std::vector<Problem> problems;
  const auto add = [&](const std::string& name, int d, const Function& function, double decades, double sign) {
    Problem problem = plain(name, d, function);
    problem.cost = [=](const Config& config) { return std::pow(10, sign * decades * value(config, "x0")); };
    problems.push_back(problem);
  };
  add("bowl, dear to the right", 3, bowl("cost bowl", 3, 30), 1.5, 1);
  add("bowl, dear to the left", 3, bowl("cost bowl", 3, 30), 1.5, -1);
  add("ackley, dear to the right", 4, ackley("cost ackley", 4), 1, 1);
  add("ackley, dear to the left", 4, ackley("cost ackley", 4), 1, -1);
  add("valley", 4, valley("cost valley", 4), 1.5, 1);
  Problem model{
      "model", kModel, [](const Config& config, Rng&) { return Metrics1{model_loss(config)}; }, model_seconds, {},
      2.64607, {}};
  problems.push_back(model);
  return problems;
}

std::vector<Problem> region_problems() {
  std::vector<Problem> problems;
  for (const int d : {20, 50}) {
    const auto n = static_cast<std::size_t>(d);
    problems.push_back(plain(fmt::format("bowl {}", d), d, bowl("bowl", n, 30)));
    problems.push_back(plain(fmt::format("ackley {}", d), d, ackley("ackley", n)));
    problems.push_back(plain(fmt::format("valley {}", d), d, valley("valley", n)));
    problems.push_back(plain(fmt::format("few {}", d), d, few_matter("few", n)));
  }
  return problems;
}

class Study {
 public:
  Study(const Problem& problem, const Json& search, double budget_s) {
    Json objectives = Json::array();
    const std::size_t count = problem.corner.empty() ? 1 : problem.corner.size();
    for (std::size_t k = 0; k < count; ++k) objectives.push_back({{"minimize", fmt::format("loss{}", k)}});
    Json budget = {{"trials", 100'000}};
    if (budget_s > 0) budget["time"] = budget_s;
    apply(event::StudyCreated{{{"name", "bench"},
                               {"trial", {{"command", "true"}}},
                               {"space", problem.space},
                               {"objective", objectives},
                               {"budget", budget},
                               {"search", search}},
                              "bench"});
  }
  void end(const Suggestion& suggestion, const Metrics1& losses, double seconds) {
    const auto number = static_cast<std::int64_t>(state_.history().trials.size());
    Metrics metrics{{"seconds", seconds}};
    for (std::size_t k = 0; k < losses.size(); ++k) metrics[fmt::format("loss{}", k)] = losses[k];
    apply(event::TrialCreated{number, suggestion.config, suggestion.reason, 0, {}});
    apply(event::TrialStarted{number, "worker", 0, 0, 0});
    now_s_ += seconds;
    apply(event::TrialReported{number, 1, metrics});
    apply(event::TrialMoved{number, TrialState::Done, 1, {}, {}, ""});
  }
  History history() const { return state_.history(); }

 private:
  void apply(Event::What what) {
    if (const auto applied = state_.apply({state_.event_count(), now_s_, "bench", std::move(what)}); !applied) {
      fmt::print(stderr, "{}\n", applied.error().message);
      std::exit(3);
    }
  }
  StudyState state_;
  double now_s_ = 0;
};

/// Random configurations of a problem, for its scale.
std::vector<Config> random_configs(const Problem& problem, int count) {
  const Study study(problem, "random", 0);
  Rng rng({.seed = 99});
  std::vector<Config> configs;
  const Space& space = study.history().spec.space;
  std::vector<double> at(space.axes().size());
  for (int i = 0; i < count; ++i) {
    for (double& each : at) each = rng.uniform();
    configs.push_back(space.from_unit(at));
  }
  return configs;
}

double loss_without_noise(const Problem& problem, const Config& config) {
  Rng rng({.seed = 0});
  return problem.truth ? problem.truth(config) : problem.losses(config, rng)[0];
}

/// Regret, or missing volume, at each checkpoint (trials, or seconds where costs differ).
std::vector<double> play(const Problem& problem, const Json& search, std::uint64_t seed,
                         const std::vector<double>& checkpoints) {
  const auto randoms = random_configs(problem, 999);
  std::vector<double> losses, costs;
  for (const Config& config : randoms) {
    losses.push_back(loss_without_noise(problem, config));
    costs.push_back(problem.cost ? problem.cost(config) : 1);
  }
  const double median = math::median(losses), unit_s = std::accumulate(costs.begin(), costs.end(), 0.0) / 999;
  Study study(problem, search, problem.cost ? checkpoints.back() * unit_s : 0);
  auto sampler = make_sampler(study.history().spec);
  if (!sampler) fmt::print(stderr, "{}\n", sampler.error().message), std::exit(3);
  double spent = 0, best = HUGE_VAL;
  std::vector<double> regrets, points;
  while (regrets.size() < checkpoints.size()) {
    const auto trial = study.history().trials.size();
    const auto asked = (*sampler)->suggest(study.history(), 1, {seed, stream_id("sampler"), trial});
    if (!asked) fmt::print(stderr, "{}\n", asked.error().message), std::exit(3);
    Rng rng({seed, stream_id("noise"), trial});
    const auto seen = problem.losses(asked->at(0).config, rng);
    const double seconds = problem.cost ? problem.cost(asked->at(0).config) : unit_s;
    spent += seconds / unit_s;
    while (regrets.size() < checkpoints.size() && spent > checkpoints[regrets.size()] + 1e-9)
      regrets.push_back(std::isfinite(best) ? (best - problem.minimum) / (median - problem.minimum) : 1.0);
    study.end(asked->at(0), seen, seconds);
    points.insert(points.end(), seen.begin(), seen.end());
    best = std::min(best, loss_without_noise(problem, asked->at(0).config));
    if (problem.corner.empty()) continue;
    double box = 1;
    for (const double side : problem.corner) box *= side;
    best = -*math::hypervolume(points, problem.corner) / box;
  }
  if (!problem.corner.empty())
    for (double& each : regrets) each *= median - problem.minimum;
  return regrets;
}

int run(int count, char** arguments) {
  if (count < 4) return fmt::print(stderr, "usage: pegbox-bench-gp_options GROUP SEEDS SEARCH...\n"), 2;
  const std::string group = arguments[1];
  const auto seeds = static_cast<std::uint64_t>(std::atoi(arguments[2]));
  const auto problems = group == "front"         ? front_problems()
                        : group == "acquisition" ? acquisition_problems()
                        : group == "cost"        ? cost_problems()
                                                 : region_problems();
  const std::vector<double> checkpoints = group == "front"         ? std::vector<double>{20, 50, 100}
                                          : group == "acquisition" ? std::vector<double>{10, 20, 30, 50}
                                          : group == "cost"        ? std::vector<double>{5, 10, 20, 40}
                                                                   : std::vector<double>{100, 200, 300};
  for (int i = 3; i < count; ++i) {
    const Json search = arguments[i][0] == '{' ? Json::parse(arguments[i]) : Json(arguments[i]);
    std::vector<double> sums(checkpoints.size(), 0.0);
    for (const Problem& problem : problems) {
      std::vector<double> of_problem(checkpoints.size(), 0.0);
      for (std::uint64_t seed = 0; seed < seeds; ++seed) {
        const auto regrets = play(problem, search, seed, checkpoints);
        for (std::size_t k = 0; k < regrets.size(); ++k) of_problem[k] += regrets[k] / static_cast<double>(seeds);
      }
      fmt::print("  {:28} {:.4f}  {}\n", problem.name, fmt::join(of_problem, " "), search.dump());
      std::fflush(stdout);
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += of_problem[k] / static_cast<double>(problems.size());
    }
    fmt::print("{:30} {:.4f}  {}\n", "mean", fmt::join(sums, " "), search.dump());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace pegbox

int main(int count, char** arguments) { return pegbox::run(count, arguments); }
