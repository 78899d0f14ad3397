// What options of `gp` are worth, on functions of our own with known minima: for choosing defaults, and for
// docs/search.md.
//
//   pegbox-bench-gp_options few|many|PROBLEM SEEDS TRIALS SEARCH...
//
// SEARCH is a study file's `search:`, a name or an object; `few`: 2 to 8 dimensions, `many`: 12 to 40. Prints for each
// problem, and for all of them, the decimal logarithm of the regret (0: a median of random points, at least -4: one
// ten-thousandth of the way to the minimum) in the mean over seeds after 10, 20, 30, 50, 100 and 200 trials; behind
// later searches the mean difference from the first one over problems and seeds, with its standard error.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <numeric>
#include <string>

#include "event_log.h"
#include "math/statistics.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

using Point = std::vector<double>;
using Function = std::function<double(const Point&)>;

constexpr double kLeastRegret = 1e-4;
constexpr int kRandom = 999;  ///< points for the scale of a problem

struct Problem {
  std::string name;
  Json space;
  std::function<double(const Config&)> loss;
  double minimum = 0;
  double noise = 0;  ///< standard deviation of what is observed
};

Point cube_point(const Config& config, int d) {
  Point x;
  for (int i = 0; i < d; ++i) x.push_back(as_number(*config.find(fmt::format("x{}", i))));
  return x;
}

Json cube(int d) {
  Json space = Json::object();
  for (int i = 0; i < d; ++i) space[fmt::format("x{}", i)] = {{"range", {0.0, 1.0}}};
  return space;
}

Problem on_cube(const std::string& name, int d, const Function& function, double noise = 0) {
  return {name, cube(d), [=](const Config& config) { return function(cube_point(config, d)); }, 0, noise};
}

/// A place and a rotation that belong to a name, so that functions differ but never change.
struct Shape {
  Point place;
  std::vector<Point> turn;

  Shape(std::string_view name, int d, double low = 0.15, double high = 0.85) {
    Rng rng({.seed = stream_id(name)});
    for (int i = 0; i < d; ++i) place.push_back(low + (high - low) * rng.uniform());
    for (int i = 0; i < d; ++i) add_row(rng);
  }

  /// By Gram and Schmidt.
  void add_row(Rng& rng) {
    Point row(place.size());
    for (double& each : row) each = rng.normal();
    for (const Point& other : turn) {
      const double dot = std::inner_product(row.begin(), row.end(), other.begin(), 0.0);
      for (std::size_t j = 0; j < row.size(); ++j) row[j] -= dot * other[j];
    }
    const double norm = std::sqrt(std::inner_product(row.begin(), row.end(), row.begin(), 0.0));
    for (double& each : row) each /= norm;
    turn.push_back(std::move(row));
  }

  Point from_place(const Point& x) const {
    Point z(x);
    for (std::size_t i = 0; i < z.size(); ++i) z[i] -= place[i];
    return z;
  }
  Point turned(const Point& x) const {
    const Point from = from_place(x);
    Point z;
    for (const Point& row : turn) z.push_back(std::inner_product(row.begin(), row.end(), from.begin(), 0.0));
    return z;
  }
};

double weighted_squares(const Point& z, double condition) {
  double sum = 0;
  const double last = std::max(1.0, static_cast<double>(z.size()) - 1);
  for (std::size_t i = 0; i < z.size(); ++i) sum += std::pow(condition, static_cast<double>(i) / last) * z[i] * z[i];
  return sum;
}

Function bowl(const std::string& name, int d, double condition, bool rotated) {
  return [=, shape = Shape(name, d)](const Point& x) {
    return weighted_squares(rotated ? shape.turned(x) : shape.from_place(x), condition);
  };
}

/// A rotated bowl in steps.
Function plateaus(const std::string& name, int d) {
  return [inner = bowl(name, d, 10, true)](const Point& x) { return std::floor(4 * std::sqrt(inner(x)) / 0.5) / 8; };
}

Function ackley(const std::string& name, int d) {
  return [shape = Shape(name, d)](const Point& x) {
    double squares = 0, waves = 0;
    for (const double each : shape.from_place(x)) {
      squares += 100 * each * each;
      waves += std::cos(20 * std::numbers::pi * each);
    }
    const auto n = static_cast<double>(x.size());
    return -20 * std::exp(-0.2 * std::sqrt(squares / n)) - std::exp(waves / n) + 20 + std::numbers::e;
  };
}

/// Rosenbrock's, in logarithms.
Function valley(const std::string& name, int d) {
  return [shape = Shape(name, d, 0.3, 0.7)](const Point& x) {
    const Point z = shape.from_place(x);
    double sum = 0;
    for (std::size_t i = 0; i + 1 < z.size(); ++i) {
      const double a = 3 * z[i] + 1, b = 3 * z[i + 1] + 1;
      sum += 100 * std::pow(b - a * a, 2) + std::pow(1 - a, 2);
    }
    return std::log1p(sum);
  };
}

/// Twenty of nearly equal height.
Function peaks(const std::string& name, int d) {
  std::vector<Shape> all;
  for (int i = 0; i < 20; ++i) all.emplace_back(fmt::format("{} {}", name, i), d);
  return [all](const Point& x) {
    double best = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      const double height = i == 0 ? 1.0 : 0.9 - 0.02 * static_cast<double>(i);
      const double squares = weighted_squares(all[i].from_place(x), 1);
      best = std::max(best, height * std::exp(-squares / (0.03 * static_cast<double>(x.size()))));
    }
    return 1 - best;
  };
}

/// Squared distances of logarithms: a minimum near the lower ends, steep on the side of the border.
Function skewed(const std::string& name, int d) {
  return [shape = Shape(name, d, 0.02, 0.1)](const Point& x) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += std::pow(std::log((x[i] + 0.01) / (shape.place[i] + 0.01)), 2);
    return sum;
  };
}

/// Better and better up to an edge, behind which all is bad, as a learning rate that diverges; a bowl in the others.
Function cliff(const std::string& name, int d) {
  return [shape = Shape(name, d, 0.4, 0.8)](const Point& x) {
    const Point z = shape.from_place(x);
    double sum = z[0] > 0 ? 3 + z[0] : 1.5 * -z[0];
    for (std::size_t i = 1; i < z.size(); ++i) sum += z[i] * z[i];
    return sum;
  };
}

/// Waves that are long at one end and short at the other.
Function waves(const std::string& name, int d) {
  return [shape = Shape(name, d, 0.2, 0.9)](const Point& x) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double z = std::pow(x[i], 3) - std::pow(shape.place[i], 3);
      sum += 4 * z * z + 0.3 * (1 - std::cos(12 * z));
    }
    return sum;
  };
}

/// Six of the dimensions matter.
Function few_matter(const std::string& name) {
  return [inner = ackley(name, 6)](const Point& x) { return inner({x[1], x[4], x[5], x[8], x[10], x[11]}); };
}

/// A language model's: power laws of its size and data, and a best rate that depends on the size.
Problem model_problem() {
  const Json space = Json::parse(R"({"layers": {"range": [2, 32], "integer": true, "scale": "log"},
    "width": {"range": [128, 2048], "integer": true}, "rate": {"range": [1e-5, 1e-1], "scale": "log"},
    "decay": {"range": [0, 0.3]}, "warmup": {"range": [0, 0.5]}, "method": {"choice": ["a", "b", "c"]}})");
  const auto loss = [](const Config& config) {
    const auto number = [&](std::string_view name) { return as_number(*config.find(name)); };
    const double weights = 12 * number("layers") * std::pow(number("width"), 2);
    const double rate = std::log10(number("rate") / (3e-3 * std::pow(weights / 1e7, -0.3)));
    const std::string method = to_text(*config.find("method"));
    const double largest = 12 * 32 * std::pow(2048, 2);
    return 400 / std::pow(weights, 0.34) - 400 / std::pow(largest, 0.34) +
           (rate > 0.7 ? 2 + rate : 0.06 * rate * rate) + 0.3 * std::pow(number("decay") - 0.02, 2) +
           0.05 * std::pow(std::log((number("warmup") + 0.01) / 0.05), 2) +
           (method == "a"   ? 0
            : method == "b" ? 0.03
                            : 0.08);
  };
  return {"model 6", space, loss};
}

/// Half choices, each of which moves the best place of a number.
Problem mixed_problem(int pairs) {
  const std::string name = fmt::format("mixed {}", 2 * pairs);
  Json space = cube(pairs);
  for (int i = 0; i < pairs; ++i) space[fmt::format("c{}", i)] = {{"choice", {"a", "b", "c", "d"}}};
  Rng rng({.seed = stream_id(name)});
  std::vector<std::array<double, 4>> worths, places;
  for (int i = 0; i < pairs; ++i) {
    auto& worth = worths.emplace_back();
    auto& place = places.emplace_back();
    for (double& each : worth) each = 0.5 * rng.uniform();
    for (double& each : place) each = 0.1 + 0.8 * rng.uniform();
    worth[rng.below(4)] = 0;
  }
  const auto loss = [=](const Config& config) {
    double sum = 0;
    for (std::size_t i = 0; i < worths.size(); ++i) {
      const auto choice = static_cast<std::size_t>(to_text(*config.find(fmt::format("c{}", i))).front() - 'a');
      sum += worths[i][choice] + 2 * std::pow(as_number(*config.find(fmt::format("x{}", i))) - places[i][choice], 2);
    }
    return sum;
  };
  return {name, space, loss};
}

std::vector<Problem> few_problems() {
  return {on_cube("bowl 5", 5, bowl("bowl 5", 5, 30, false)),
          on_cube("rotated bowl 5", 5, bowl("rotated bowl 5", 5, 30, true)),
          on_cube("skewed 4", 4, skewed("skewed 4", 4)),
          on_cube("skewed 8", 8, skewed("skewed 8", 8)),
          on_cube("noisy skewed 4", 4, skewed("noisy skewed 4", 4), 1),
          on_cube("cliff 4", 4, cliff("cliff 4", 4)),
          on_cube("plateaus 5", 5, plateaus("plateaus 5", 5)),
          on_cube("valley 4", 4, valley("valley 4", 4)),
          on_cube("ackley 6", 6, ackley("ackley 6", 6)),
          on_cube("peaks 4", 4, peaks("peaks 4", 4)),
          on_cube("waves 4", 4, waves("waves 4", 4)),
          model_problem()};
}

std::vector<Problem> many_problems() {
  return {on_cube("rotated bowl 20", 20, bowl("rotated bowl 20", 20, 30, true)),
          on_cube("ackley 20", 20, ackley("ackley 20", 20)),
          on_cube("valley 20", 20, valley("valley 20", 20)),
          on_cube("few of 20", 20, few_matter("few of 20")),
          on_cube("skewed 12", 12, skewed("skewed 12", 12)),
          on_cube("peaks 12", 12, peaks("peaks 12", 12)),
          mixed_problem(8),
          on_cube("rotated bowl 40", 40, bowl("rotated bowl 40", 40, 30, true)),
          on_cube("valley 40", 40, valley("valley 40", 40))};
}

class Study {
 public:
  Study(const Problem& problem, const Json& search) {
    append_event(state_, event::StudyCreated{{{"name", "bench"},
                                              {"trial", {{"command", "true"}}},
                                              {"space", problem.space},
                                              {"objective", {{"minimize", "loss"}}},
                                              {"budget", {{"trials", 100'000}}},
                                              {"search", search}},
                                             "bench"});
  }
  void end(const Suggestion& suggestion, double loss) {
    const auto number = static_cast<std::int64_t>(state_.history().trials.size());
    append_event(state_, event::TrialCreated{number, suggestion.config, suggestion.reason, 0, {}});
    append_event(state_, event::TrialStarted{number, "worker", 0, 0, 0});
    append_event(state_, event::TrialReported{number, 1, {{"loss", loss}}});
    append_event(state_, event::TrialMoved{number, TrialState::Done, 1, {}, {}, ""});
  }
  History history() const { return state_.history(); }

 private:
  StudyState state_;
};

double median_of_random(const Problem& problem) {
  const Study study(problem, "random");
  const Space& space = study.history().spec.space;
  Rng rng({.seed = 99});
  std::vector<double> at(space.axes().size()), losses;
  for (int i = 0; i < kRandom; ++i) {
    for (double& each : at) each = rng.uniform();
    losses.push_back(problem.loss(space.from_unit(at)));
  }
  return math::median(losses);
}

template <typename T>
T require(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}\n", result.error().message);
  std::exit(3);
}

/// log10 of the regret at each mark.
std::vector<double> play(const Problem& problem, const Json& search, std::uint64_t seed, std::span<const int> marks) {
  const double median = median_of_random(problem);
  Study study(problem, search);
  const auto sampler = require(make_sampler(study.history().spec));
  double best = HUGE_VAL;
  std::vector<double> logs;
  for (int trial = 0; trial < marks.back();) {
    const RngKey key{seed, stream_id("sampler"), static_cast<std::uint64_t>(trial)};
    const Suggestion asked = require(sampler->suggest(study.history(), 1, key)).at(0);
    const double loss = problem.loss(asked.config);
    best = std::min(best, loss);
    Rng noise({seed, stream_id("noise"), static_cast<std::uint64_t>(trial)});
    study.end(asked, loss + problem.noise * noise.normal());
    const double regret = (best - problem.minimum) / (median - problem.minimum);
    if (++trial == marks[logs.size()]) logs.push_back(std::log10(std::max(kLeastRegret, regret)));
  }
  return logs;
}

struct Course {
  std::vector<std::vector<double>> runs;  ///< [problems * seeds][marks]

  std::vector<double> means(std::size_t first, std::size_t count) const {
    std::vector<double> sums(runs[0].size(), 0.0);
    for (std::size_t i = first; i < first + count; ++i)
      for (std::size_t k = 0; k < sums.size(); ++k) sums[k] += runs[i][k] / static_cast<double>(count);
    return sums;
  }
};

std::string differences(const Course& from, const Course& course) {
  std::string text;
  for (std::size_t k = 0; k < from.runs[0].size(); ++k) {
    std::vector<double> each;
    for (std::size_t i = 0; i < from.runs.size(); ++i) each.push_back(course.runs[i][k] - from.runs[i][k]);
    double mean = 0, squares = 0;
    for (const double x : each) mean += x / static_cast<double>(each.size());
    for (const double x : each) squares += (x - mean) * (x - mean);
    text += fmt::format(" {:+.3f}({:.3f})", mean, std::sqrt(squares) / static_cast<double>(each.size()));
  }
  return text;
}

int run(int count, char** arguments) {
  if (count < 5) return fmt::print(stderr, "usage: few|many|PROBLEM SEEDS TRIALS SEARCH...\n"), 2;
  const std::string which = arguments[1];
  const auto seeds = static_cast<std::uint64_t>(std::atoi(arguments[2]));
  std::vector<int> marks{10, 20, 30, 50, 100, 200};
  std::erase_if(marks, [&](int mark) { return mark > std::atoi(arguments[3]); });
  std::vector<Problem> problems = which == "few" ? few_problems() : many_problems();
  if (which != "few" && which != "many") {
    for (Problem& each : few_problems()) problems.push_back(std::move(each));
    std::erase_if(problems, [&](const Problem& each) { return each.name != which; });
  }
  if (problems.empty() || marks.empty()) return fmt::print(stderr, "no such problem, or fewer than 10 trials\n"), 2;
  std::vector<Course> courses;
  for (int i = 4; i < count; ++i) {
    const Json search = arguments[i][0] == '{' ? Json::parse(arguments[i]) : Json(arguments[i]);
    Course& course = courses.emplace_back();
    for (const Problem& problem : problems) {
      const std::size_t first = course.runs.size();
      for (std::uint64_t seed = 0; seed < seeds; ++seed) course.runs.push_back(play(problem, search, seed, marks));
      fmt::print("  {:18} {:.2f}  {}\n", problem.name, fmt::join(course.means(first, seeds), " "), search.dump());
      std::fflush(stdout);
    }
    fmt::print("{:20} {:.3f}  {}\n", "mean", fmt::join(course.means(0, course.runs.size()), " "), search.dump());
    if (i > 4) fmt::print("{:20}{}\n", "differences", differences(courses[0], course));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace pegbox

int main(int count, char** arguments) { return pegbox::run(count, arguments); }
