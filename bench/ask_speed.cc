// How long a sampler takes for one suggestion, against the number of trials: every sampler of the table.
//
//   pegbox-bench-ask_speed [SAMPLER|all] [PARAMETERS] [N...]
//
// For each N the history holds N finished trials, made by the sampler itself as long as its asks take less than 3 ms,
// then by draws from the space. Then 32 asks are timed, each followed by the end of its trial, as in a study. Half of
// the parameters are real (every second on a log scale), a quarter integers, a quarter choices. A sampler that takes
// over 3 s for an ask is not asked at larger N. Prints one line of JSON for each: microseconds, on one core.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <string>

#include "event_log.h"
#include "search/samplers/table.h"

namespace pegbox {
namespace {

constexpr double kAffordable_us = 3e3;
constexpr double kTooSlow_us = 3e6;
constexpr int kAsks = 32;

Json space_of(int parameters) {
  Json space = Json::object();
  for (int i = 0; i < parameters; ++i) {
    Json& parameter = space[fmt::format("p{}", i)];
    if (i % 4 == 0) parameter = {{"range", {1e-5, 1e-1}}, {"scale", "log"}};
    if (i % 4 == 1) parameter = {{"range", {0.0, 1.0}}};
    if (i % 4 == 2) parameter = {{"range", {1, 64}}, {"integer", true}};
    if (i % 4 == 3) parameter = {{"choice", {"a", "b", "c", "d"}}};
  }
  return space;
}

/// Depends on every parameter, with a minimum inside.
double loss_of(const Config& config) {
  double loss = 0;
  for (const auto& [name, value] : config) {
    const double number = is_number(value) ? as_number(value) : static_cast<double>(to_text(value).front() - 'a');
    loss += std::pow(std::sin(number) - 0.3, 2);
  }
  return loss;
}

class Study {
 public:
  Study(const std::string& sampler, int parameters) {
    const Json spec = {{"name", "bench"},
                       {"trial", {{"command", "true"}}},
                       {"space", space_of(parameters)},
                       {"objective", {{"minimize", "loss"}}},
                       {"budget", {{"trials", 1'000'000}}},
                       {"search", sampler}};
    apply(event::StudyCreated{spec, "bench"});
  }

  Result<double> ask_and_end(Sampler& sampler) {
    const auto number = static_cast<std::uint64_t>(state_.history().trials.size());
    const auto begin = std::chrono::steady_clock::now();
    PEGBOX_TRY(const auto suggestions, sampler.suggest(state_.history(), 1, {1, stream_id("sampler"), number}));
    const double us = std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
    if (suggestions.empty()) return fail(ErrorKind::NotFound, {.what = "the space has no more"});
    end(suggestions[0].config, suggestions[0].reason);
    return us;
  }

  void draw_and_end() {
    Rng rng({2, 0, state_.history().trials.size()});
    std::vector<double> at(spec().space.axes().size());
    for (double& each : at) each = rng.uniform();
    end(spec().space.from_unit(at), {});
  }

  const StudySpec& spec() const { return state_.spec(); }
  std::size_t trials() const { return state_.history().trials.size(); }

 private:
  void apply(Event::What what) { append_event(state_, std::move(what)); }

  void end(const Config& config, const Json& reason) {
    const auto trial = static_cast<std::int64_t>(trials());
    apply(event::TrialCreated{trial, config, reason, 0, {}});
    apply(event::TrialStarted{trial, "", 0, 0, 0});
    apply(event::TrialReported{trial, 1, {{"loss", loss_of(config)}}});
    apply(event::TrialMoved{trial, TrialState::Done, 1, {}, {}, ""});
  }

  StudyState state_;
};

Result<void> measure(const std::string& name, int parameters, const std::vector<std::size_t>& lengths) {
  Study study(name, parameters);
  PEGBOX_TRY(const auto sampler, make_sampler(study.spec()));
  double last_us = 0;
  for (const std::size_t length : lengths) {
    while (study.trials() < length) {
      if (last_us < kAffordable_us) {
        PEGBOX_TRY(last_us, study.ask_and_end(*sampler));
      } else {
        study.draw_and_end();
      }
    }
    std::vector<double> us;
    PEGBOX_CHECK(study.ask_and_end(*sampler));  // takes in what was drawn
    for (int i = 0; i < kAsks && std::accumulate(us.begin(), us.end(), 0.0) < kTooSlow_us; ++i) {
      PEGBOX_TRY(const double each, study.ask_and_end(*sampler));
      us.push_back(each);
    }
    std::ranges::sort(us);
    const double mean = std::accumulate(us.begin(), us.end(), 0.0) / static_cast<double>(us.size());
    fmt::print(
        R"({{"sampler": "{}", "parameters": {}, "trials": {}, "asks": {}, "median_us": {:.1f}, "mean_us": {:.1f}, "max_us": {:.1f}}})"
        "\n",
        name, parameters, length, us.size(), us[us.size() / 2], mean, us.back());
    std::fflush(stdout);
    if (mean > kTooSlow_us) break;
    last_us = std::max(last_us, us[us.size() / 2]);
  }
  return {};
}

}  // namespace
}  // namespace pegbox

int main(int argc, char** argv) {
  const std::string which = argc > 1 ? argv[1] : "all";
  const int parameters = argc > 2 ? std::atoi(argv[2]) : 40;
  std::vector<std::size_t> lengths;
  for (int i = 3; i < argc; ++i) lengths.push_back(static_cast<std::size_t>(std::atoll(argv[i])));
  if (lengths.empty()) lengths = {10, 30, 100, 300, 1000, 3000, 10000};
  for (const pegbox::SamplerRow& row : pegbox::sampler_table()) {
    if (which != "all" && which != row.name) continue;
    const auto measured = pegbox::measure(std::string(row.name), parameters, lengths);
    if (!measured) fmt::print(stderr, "{}: {}\n", row.name, measured.error().message);
  }
}
