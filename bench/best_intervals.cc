// How often the intervals and probabilities of `pegbox best` hold, on functions that are known, with noise of a known
// size.
//
//   pegbox-bench-best_intervals search SAMPLER TRIALS SEEDS [FIRST_SEED] > studies.jsonl
//   pegbox-bench-best_intervals judge N... < studies.jsonl
//
// `search` runs a sampler on every function with Gaussian noise of so many of the function's standard deviations over
// its space; one line for each study. `judge` looks at the first N trials of each and prints one line of JSON for each
// noise and N: how many studies, how often the 95 % interval held what is expected of the configuration that it is of,
// its median width in standard deviations of the function and in those of the noise, and regret (0: minimum, 1: median
// of random points; the minimum is the lowest of 20,000 random points and of all that was tried) of that
// configuration and of the one with the lowest result. Then one line for each tenth of probability: how often
// "better than the next one" and "better than the default" were so.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <map>
#include <numbers>
#include <string>

#include "event_log.h"
#include "math/statistics.h"
#include "search/samplers/standings.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

constexpr double kNoises[] = {0, 0.01, 0.03, 0.1, 0.3, 1};
constexpr int kRandomPoints = 20'000;

double x(const Config& config, int i) { return as_number(*config.find(fmt::format("x{}", i))); }

/// A bowl with its minimum off the middle, and axes of unequal weight.
double bowl(const Config& config, int d) {
  double sum = 0;
  for (int i = 0; i < d; ++i) sum += std::pow(x(config, i) - 0.3 - 0.1 * i, 2) / (1 + i);
  return sum;
}

/// A curved valley.
double valley(const Config& config) {
  const double u = 2 * x(config, 0) - 1, v = 2 * x(config, 1) - 1;
  return std::pow(u - 0.2, 2) + 5 * std::pow(v - 0.6 * u * u + 0.1, 2);
}

/// A training loss: falls with the logarithm of the rate, then diverges; a little with the second and third.
double cliff(const Config& config) {
  const double rate = x(config, 0), edge = 0.75 - 0.2 * x(config, 1);
  const double beyond = std::max(0.0, rate - edge);
  return 2.5 - 0.8 * std::min(rate, edge) + 12 * beyond + 0.3 * std::pow(x(config, 1) - 0.4, 2) +
         0.2 * std::pow(x(config, 2) - 0.6, 2);
}

/// Bowls with ripples.
double waves(const Config& config) {
  double sum = 0;
  for (int i = 0; i < 4; ++i) {
    const double z = x(config, i) - 0.55;
    sum += z * z + 0.05 * (1 - std::cos(4 * std::numbers::pi * z));
  }
  return sum;
}

/// Hartmann's function of six axes (Dixon and Szego, "Towards global optimisation 2", 1978).
double hartmann(const Config& config) {
  constexpr double kAlpha[] = {1, 1.2, 3, 3.2};
  constexpr double kA[4][6] = {
      {10, 3, 17, 3.5, 1.7, 8}, {0.05, 10, 17, 0.1, 8, 14}, {3, 3.5, 1.7, 10, 17, 8}, {17, 8, 0.05, 10, 0.1, 14}};
  constexpr double kP[4][6] = {{0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886},
                               {0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991},
                               {0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650},
                               {0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381}};
  double sum = 0;
  for (int k = 0; k < 4; ++k) {
    double inner = 0;
    for (int i = 0; i < 6; ++i) inner += kA[k][i] * std::pow(x(config, i) - kP[k][i], 2);
    sum -= kAlpha[k] * std::exp(-inner);
  }
  return sum;
}

/// Two methods with a rate each, whose best ones differ, and a choice.
double methods(const Config& config) {
  const bool first = to_text(*config.find("method")) == "a";
  const double rate = first ? x(config, 0) : x(config, 1);
  const std::string kind = to_text(*config.find("kind"));
  return (first ? 0.1 : 0) + std::pow(rate - (first ? 0.6 : 0.35), 2) * 3 +
         (kind == "r"   ? 0.0
          : kind == "s" ? 0.1
                        : 0.4);
}

struct Function {
  const char* name;
  int dimensions;  // named x0, x1, ...; 0: methods
  double (*at)(const Config&);
};

constexpr Function kFunctions[] = {{"bowl2", 2, [](const Config& c) { return bowl(c, 2); }},
                                   {"bowl5", 5, [](const Config& c) { return bowl(c, 5); }},
                                   {"valley", 2, valley},
                                   {"cliff", 3, cliff},
                                   {"waves", 4, waves},
                                   {"hartmann", 6, hartmann},
                                   {"methods", 0, methods}};

Json space_of(const Function& function) {
  Json space = Json::object();
  for (int i = 0; i < function.dimensions; ++i) space[fmt::format("x{}", i)] = {{"range", {0, 1}}};
  if (function.dimensions == 0)
    space = {{"method", {{"choice", {"a", "b"}}}},
             {"x0", {{"range", {0, 1}}, {"when", {{"method", "a"}}}}},
             {"x1", {{"range", {0, 1}}, {"when", {{"method", "b"}}}}},
             {"kind", {{"choice", {"r", "s", "t"}}}}};
  return space;
}

class Study {
 public:
  Study(const Function& function, const std::string& sampler) {
    Json first = Json::object();
    for (int i = 0; i < function.dimensions; ++i) first[fmt::format("x{}", i)] = 0.5;
    if (function.dimensions == 0) first = {{"method", "a"}, {"x0", 0.5}, {"kind", "s"}};
    apply(event::StudyCreated{{{"name", "bench"},
                               {"trial", {{"command", "true"}}},
                               {"space", space_of(function)},
                               {"try_first", Json::array({first})},
                               {"objective", {{"minimize", "loss"}}},
                               {"budget", {{"trials", 1'000'000}}},
                               {"search", sampler}},
                              "bench"});
  }

  void done(const Config& config, double loss) {
    const auto trial = static_cast<std::int64_t>(trials());
    apply(event::TrialCreated{trial, config, {{"by", trial == 0 ? "try_first" : "bench"}}, 0, {}});
    apply(event::TrialStarted{trial, "", 0, 0, 0});
    apply(event::TrialReported{trial, 1, {{"loss", loss}}});
    apply(event::TrialMoved{trial, TrialState::Done, 1, {}, {}, ""});
  }

  History history() const { return state_.history(); }
  const StudySpec& spec() const { return state_.spec(); }
  std::size_t trials() const { return state_.history().trials.size(); }

 private:
  void apply(Event::What what) { append_event(state_, std::move(what)); }
  StudyState state_;
};

/// Of a function over its space.
struct Scale {
  double minimum = HUGE_VAL, median = 0, spread = 0;
};

Scale scale_of(const Function& function) {
  const Study study(function, "random");
  Rng rng({7, stream_id("scale"), 0});
  std::vector<double> values, at(study.spec().space.axes().size());
  for (int i = 0; i < kRandomPoints; ++i) {
    for (double& each : at) each = rng.uniform();
    values.push_back(function.at(study.spec().space.from_unit(at)));
  }
  return {std::ranges::min(values), math::median(values), math::standard_deviation(values)};
}

Result<void> search(const Function& function, const std::string& sampler, std::size_t trials, std::uint64_t seed,
                    double noise) {
  Study study(function, sampler);
  Rng luck({seed, stream_id("luck"), 0});
  const double spread = noise * scale_of(function).spread;
  Json configs = Json::array(), losses = Json::array();
  PEGBOX_TRY(const auto strategy, make_sampler(study.spec()));
  while (study.trials() < trials) {
    Config config = study.spec().try_first[0];
    if (study.trials() > 0) {
      PEGBOX_TRY(const auto asked, strategy->suggest(study.history(), 1, {seed, stream_id("sampler"), study.trials()}));
      if (asked.empty()) break;
      config = asked[0].config;
    }
    const double loss = function.at(config) + spread * luck.normal();
    configs.push_back(config.to_json());
    losses.push_back(loss);
    study.done(config, loss);
  }
  fmt::print(
      "{}\n",
      to_line(
          {{"function", function.name}, {"noise", noise}, {"seed", seed}, {"configs", configs}, {"losses", losses}}));
  std::fflush(stdout);
  return {};
}

struct Cell {
  int studies = 0, held = 0;
  std::vector<double> widths;  // in the function's standard deviations
  std::vector<double> regrets, lowest_regrets;
};
struct Said {
  int asked = 0;
  double said = 0, right = 0;
};
struct Tally {
  std::map<std::pair<double, std::size_t>, Cell> cells;
  std::map<int, Said> said[2];  // by tenth: of the next one, of the default
};

void judge(const Study& study, const Function& function, const Scale& scale, double noise, Tally& tally) {
  const History history = study.history();
  const auto found = standings(history);
  if (!found) return fmt::print(stderr, "{}\n", found.error().message);
  const auto truth = [&](std::int64_t trial) {
    return function.at(history.trials[static_cast<std::size_t>(trial)].config);
  };
  const RankedConfig& best = found->ranked.front();
  const double expected = truth(best.trials.front());
  Cell& cell = tally.cells[{noise, history.trials.size()}];
  ++cell.studies;
  const double rounding = 1e-9 * scale.spread;
  cell.held += expected >= best.interval.low - rounding && expected <= best.interval.high + rounding;
  cell.widths.push_back((best.interval.high - best.interval.low) / scale.spread);
  const auto regret = [&](double loss) { return (loss - scale.minimum) / (scale.median - scale.minimum); };
  cell.regrets.push_back(regret(expected));
  cell.lowest_regrets.push_back(regret(truth(*best_trial(history))));
  const auto ask = [&](const std::optional<Rival>& rival, std::map<int, Said>& said) {
    if (!rival) return;
    Said& tenth = said[std::min(9, static_cast<int>(10 * rival->probability))];
    ++tenth.asked;
    tenth.said += rival->probability;
    const double other = truth(rival->trial);
    tenth.right += expected < other ? 1 : expected == other ? 0.5 : 0;
  };
  ask(found->runner_up, tally.said[0]);
  ask(found->default_choice, tally.said[1]);
}

void print(const Tally& tally) {
  for (const auto& [key, cell] : tally.cells) {
    const double width = math::median(cell.widths);
    fmt::print(
        R"({{"noise": {}, "trials": {}, "studies": {}, "coverage": {:.3f}, "width": {:.4f}, "width_in_noise": {:.3f}, )"
        R"("regret": {:.4f}, "regret_of_lowest": {:.4f}}})"
        "\n",
        key.first, key.second, cell.studies, static_cast<double>(cell.held) / cell.studies, width,
        key.first > 0 ? width / key.first : 0.0, math::mean(cell.regrets), math::mean(cell.lowest_regrets));
  }
  for (int i = 0; i < 2; ++i)
    for (const auto& [tenth, said] : tally.said[i])
      fmt::print(R"({{"rival": "{}", "tenth": {}, "asked": {}, "said": {:.3f}, "right": {:.3f}}})"
                 "\n",
                 i == 0 ? "next" : "default", tenth, said.asked, said.said / said.asked, said.right / said.asked);
}

const Function& function_of(const std::string& name) {
  return *std::ranges::find_if(kFunctions, [&](const Function& each) { return each.name == name; });
}

void judge_all(const std::vector<std::size_t>& lengths) {
  std::map<std::string, Scale> scales;
  for (const Function& function : kFunctions) scales[function.name] = scale_of(function);
  Tally tally;
  std::string line;
  while (std::getline(std::cin, line)) {
    const auto json = parse_json(line, "studies");
    const Function& function = function_of((*json)["function"].get<std::string>());
    Study study(function, "random");
    Scale scale = scales[function.name];
    std::vector<Config> configs;
    for (const Json& values : (*json)["configs"]) {
      Config config;
      for (const auto& [name, value] : values.items())
        config.set(name, value.is_string() ? Value(value.get<std::string>()) : Value(value.get<double>()));
      scale.minimum = std::min(scale.minimum, function.at(config));
      configs.push_back(std::move(config));
    }
    for (std::size_t i = 0; i < configs.size(); ++i) {
      study.done(configs[i], (*json)["losses"][i].get<double>());
      if (std::ranges::find(lengths, i + 1) != lengths.end())
        judge(study, function, scale, (*json)["noise"].get<double>(), tally);
    }
  }
  print(tally);
}

}  // namespace
}  // namespace pegbox

int main(int argc, char** argv) {
  using namespace pegbox;
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "judge") {
    std::vector<std::size_t> lengths;
    for (int i = 2; i < argc; ++i) lengths.push_back(static_cast<std::size_t>(std::atoll(argv[i])));
    judge_all(lengths);
    return 0;
  }
  if (what != "search" || argc < 5) return fmt::print(stderr, "usage: see the head of best_intervals.cc\n"), 2;
  const std::uint64_t first = argc > 5 ? std::strtoull(argv[5], nullptr, 10) : 0;
  for (std::uint64_t seed = first; seed < first + std::strtoull(argv[4], nullptr, 10); ++seed)
    for (const Function& function : kFunctions)
      for (const double noise : kNoises) {
        const auto searched = search(function, argv[2], static_cast<std::size_t>(std::atoll(argv[3])), seed, noise);
        if (!searched) return fmt::print(stderr, "{}\n", searched.error().message), 1;
      }
  return 0;
}
