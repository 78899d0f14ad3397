// Ablation: see ablation.h.
#include "report/ablation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/normal_mixture.h"

namespace pegbox {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// The losses of the runs of a configuration, in their order.
std::vector<double> losses_of(std::span<const AblationRun> runs, const Config& config) {
  std::vector<double> losses;
  for (const AblationRun& run : runs)
    if (run.config == config) losses.push_back(run.loss);
  return losses;
}

bool have_one_value(const Parameter& parameter, const Config& a, const Config& b) {
  for (const std::string& name : parameter.config_names()) {
    const Value *of_a = a.find(name), *of_b = b.find(name);
    if ((of_a == nullptr) != (of_b == nullptr) || (of_a != nullptr && !same_value(*of_a, *of_b))) return false;
  }
  return true;
}

/// Takes a parameter's values from `from`; false if it has none.
bool take_values(const Parameter& parameter, const Config& from, Config& config) {
  for (const std::string& name : parameter.config_names()) {
    const Value* const value = from.find(name);
    if (value == nullptr) return false;
    config.set(name, *value);
  }
  return true;
}

/// Parameters that differ, `decided` first.
std::vector<std::string> differences(const Space& space, const Config& a, const Config& b, const std::string& decided) {
  std::vector<std::string> names{decided};
  for (const Parameter& parameter : space.parameters())
    if (parameter.name != decided && !have_one_value(parameter, a, b)) names.push_back(parameter.name);
  return names;
}

}  // namespace

Json AblationPlan::to_json() const { return {{"from", from.to_json()}, {"to", to.to_json()}, {"repeats", repeats}}; }

Result<AblationPlan> AblationPlan::from_json(const Json& json) {
  AblationPlan plan;
  PEGBOX_TRY(plan.from, Config::from_json(json.value("from", Json())));
  PEGBOX_TRY(plan.to, Config::from_json(json.value("to", Json())));
  plan.repeats = json.value("repeats", std::int64_t{0});
  if (plan.repeats < 1) return fail(ErrorKind::Corrupt, {.where = "ablation", .what = "no plan of an ablation"});
  return plan;
}

Result<Ablation> Ablation::create(const Space& space, AblationPlan plan) {
  for (const Config* const config : {&plan.from, &plan.to})
    if (!space.contains(*config))
      return fail(
          ErrorKind::InvalidInput,
          {.where = "ablation", .what = "the configuration is none of the present space", .got = config->to_text()});
  Ablation ablation(space, std::move(plan));
  for (const Parameter& parameter : space.parameters())
    if (!have_one_value(parameter, ablation.plan_.from, ablation.plan_.to)) ablation.changes_.push_back(parameter.name);
  if (ablation.changes_.empty())
    return fail(ErrorKind::InvalidInput, {.where = "ablation",
                                          .what = "nothing differs between the two configurations",
                                          .got = ablation.plan_.to.to_text(),
                                          .hint = "--from and --to name other trials"});
  return ablation;
}

/// Rounds of k, k - 1, ..., 2 candidates (the last change needs no choice), then the path of k + 1.
std::int64_t Ablation::most_runs() const {
  const std::int64_t k = std::ssize(changes_);
  return plan_.repeats * (k * (k + 1) / 2 - 1 + k + 1);
}

/// The source with the values of the target for what is taken. A parameter that only one side has comes with the
/// condition that it depends on, with that side's value.
Config Ablation::mixed(std::span<const std::string> taken) const {
  Config config;
  std::vector<bool> is_set(space_.parameters().size(), false);
  for (bool is_going = true; is_going;) {  // conditions first, however the file orders them
    is_going = false;
    for (std::size_t i = 0; i < is_set.size(); ++i) {
      const Parameter& parameter = space_.parameters()[i];
      if (is_set[i] || !space_.is_active(parameter, config)) continue;
      const bool is_taken = std::ranges::find(taken, parameter.name) != taken.end();
      const Config &first = is_taken ? plan_.to : plan_.from, &second = is_taken ? plan_.from : plan_.to;
      if (take_values(parameter, first, config) || take_values(parameter, second, config)) is_set[i] = is_going = true;
    }
  }
  if (space_.contains(config)) return config;
  Rng rng({0, stream_id("ablation"), 0});  // a parameter of a combination that neither side has
  const auto whole = space_.complete(config, "ablation", rng);
  return whole ? *whole : config;
}

/// As far as the runs lead.
struct Ablation::Path {
  std::vector<Config> configs;                    // from the source on
  std::vector<std::vector<std::string>> changed;  // to each of them
  std::vector<std::size_t> chosen_by;             // how many runs of each chose something
  std::vector<Config> wanted;                     // what a choice still waits for; empty: the target is reached
};

Ablation::Path Ablation::follow(std::span<const AblationRun> runs) const {
  const auto repeats = static_cast<std::size_t>(plan_.repeats);
  Path path{.configs = {plan_.from}, .changed = {{}}, .chosen_by = {0}, .wanted = {}};
  std::vector<std::string> taken, left = changes_;
  while (!(path.configs.back() == plan_.to)) {
    struct Candidate {
      std::string name;
      Config config;
      double mean = kInfinite;
    };
    std::vector<Candidate> candidates;
    for (const std::string& name : left) {
      std::vector<std::string> more = taken;
      more.push_back(name);
      Config config = mixed(more);
      if (!(config == path.configs.back())) candidates.push_back({name, std::move(config)});
    }
    const bool is_choice = candidates.size() > 1;
    for (Candidate& candidate : candidates) {
      if (!is_choice) break;
      std::vector<double> losses = losses_of(runs, candidate.config);
      for (std::size_t have = losses.size(); have < repeats; ++have) path.wanted.push_back(candidate.config);
      if (losses.size() < repeats) continue;
      losses.resize(repeats);
      if (std::ranges::all_of(losses, [](double loss) { return std::isfinite(loss); }))
        candidate.mean = math::mean(losses);
    }
    if (!path.wanted.empty()) return path;
    const Candidate best = *std::ranges::min_element(candidates, {}, &Candidate::mean);
    path.changed.push_back(differences(space_, path.configs.back(), best.config, best.name));
    path.configs.push_back(best.config);
    path.chosen_by.push_back(is_choice ? repeats : 0);
    taken.push_back(best.name);
    std::erase(left, best.name);
  }
  return path;
}

std::vector<Config> Ablation::next(std::span<const AblationRun> runs) const {
  Path path = follow(runs);
  if (!path.wanted.empty()) return path.wanted;
  std::vector<Config> wanted;
  for (std::size_t i = 0; i < path.configs.size(); ++i)
    for (std::size_t have = losses_of(runs, path.configs[i]).size();
         have < path.chosen_by[i] + static_cast<std::size_t>(plan_.repeats); ++have)
      wanted.push_back(path.configs[i]);
  return wanted;
}

std::vector<AblationStep> Ablation::steps(std::span<const AblationRun> runs) const {
  const Path path = follow(runs);
  std::vector<AblationStep> steps;
  double squares = 0, freedom = 0;  // of all runs around the means of their configurations
  for (std::size_t i = 0; i < path.configs.size(); ++i) {
    std::vector<double> losses = losses_of(runs, path.configs[i]);
    losses.erase(losses.begin(),
                 losses.begin() + static_cast<std::ptrdiff_t>(std::min(path.chosen_by[i], losses.size())));
    const bool is_finite =
        !losses.empty() && std::ranges::all_of(losses, [](double loss) { return std::isfinite(loss); });
    AblationStep step{.changed = path.changed[i], .config = path.configs[i]};
    step.loss = is_finite ? math::mean(losses) : kInfinite;
    if (is_finite && losses.size() > 1) {
      squares += math::variance(losses) * static_cast<double>(losses.size() - 1);
      freedom += static_cast<double>(losses.size() - 1);
    }
    if (i > 0) step.gain = steps.back().loss - step.loss;
    steps.push_back(std::move(step));
  }
  if (freedom == 0) return steps;
  constexpr double kNormal95 = 1.959964;
  const double reach = kNormal95 * math::student_width_ratio(freedom) *
                       std::sqrt(squares / freedom * 2 / static_cast<double>(plan_.repeats));
  for (AblationStep& step : steps)
    if (!step.changed.empty() && std::isfinite(step.gain)) step.interval = {step.gain - reach, step.gain + reach};
  return steps;
}

}  // namespace pegbox
