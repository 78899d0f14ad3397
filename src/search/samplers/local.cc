// local: hill climbing with an adaptive step, restarted from a kicked incumbent.
#include "search/samplers/local.h"

#include <algorithm>
#include <cmath>

#include "search/samplers/population_sampler.h"

namespace pegbox {
namespace {

constexpr std::int64_t kLeastFounders = 4, kMostFounders = 10;
constexpr double kLongestStep = 0.5;
constexpr double kKick = 0.3;  ///< of the hyperparameters, drawn anew at a restart

struct LocalOptions {
  std::int64_t founders = 0;
  double step = 0.2;
  double smallest_step = 1e-3;
  std::int64_t patience = 0;
};

const FieldTable<LocalOptions>& local_fields() {
  static const FieldTable<LocalOptions> table(std::vector<Field<LocalOptions>>{
      {.name = "founders",
       .member = &LocalOptions::founders,
       .minimum = 0,
       .maximum = 100'000,
       .help = "trials whose best one the first climb begins at; 0: a twentieth of the budget's trials, from 4 to 10"},
      {.name = "step",
       .member = &LocalOptions::step,
       .minimum = 1e-6,
       .maximum = 1,
       .help = "first step, as a part of each range"},
      {.name = "smallest_step",
       .member = &LocalOptions::smallest_step,
       .minimum = 0,
       .maximum = 1,
       .help = "a climb whose step is shorter ends"},
      {.name = "patience",
       .member = &LocalOptions::patience,
       .minimum = 0,
       .help = "so many failures in a row end a climb; 0: ten for each hyperparameter, and ten"}});
  return table;
}

/// A trial of this strategy, as its reason tells.
struct Move {
  std::int64_t climb = 0;
  bool begins = false;  ///< a founder, a kick
  bool steps = false;   ///< a step whose length counts
};

std::optional<Move> move_of(const Trial& trial) {
  if (!trial.reason.is_object() || trial.reason.value("by", "") != "local") return std::nullopt;
  const auto climb = trial.reason.find("generation");
  if (climb == trial.reason.end() || !climb->is_number_integer()) return std::nullopt;
  const std::string operation = trial.reason.value("operator", "");
  return Move{climb->get<std::int64_t>(), operation != "step" && operation != "change", operation == "step"};
}

/// The present climb as a fold.
struct Climb {
  LocalOptions options;
  int dimensions = 1;
  std::int64_t number = 0;
  std::optional<std::size_t> incumbent, best;  // positions; `best`: of all climbs
  double log_step = 0;
  std::int64_t failures = 0;  // in a row

  double step() const { return std::min(std::exp(log_step), kLongestStep); }

  void take(const History& history, std::span<const Individual> all, std::size_t position) {
    const Individual& individual = all[position];
    if (!best || is_better(individual, all[*best])) best = position;
    const auto move = move_of(history.trials[static_cast<std::size_t>(individual.trial)]);
    if (move && move->climb != number) return;  // late news of a climb that is over
    const bool succeeds = !incumbent || is_better(individual, all[*incumbent]);
    if (succeeds) incumbent = position;
    if (!move || move->begins) return;
    if (move->steps) log_step += (succeeds ? 1 : -0.25) / std::sqrt(dimensions + 1.0);
    failures = succeeds ? 0 : failures + 1;
    const std::int64_t patience = options.patience > 0 ? options.patience : 10 + 10 * dimensions;
    if (failures < patience && log_step >= std::log(options.smallest_step)) return;
    ++number;
    incumbent.reset();
    log_step = std::log(options.step);
    failures = 0;
  }
};

class LocalSampler final : public PopulationSampler {
 public:
  explicit LocalSampler(LocalOptions options) : options_(options) {}

 protected:
  Result<std::optional<Suggestion>> next(const History& history, const Chronicle& chronicle,
                                         const RngKey& key) override {
    const Space& space = history.spec.space;
    Climb beginning;
    beginning.options = options_;
    beginning.dimensions = std::max(1, space.dimensions());
    beginning.log_step = std::log(options_.step);
    const Climb& climb = fold_.follow(history, chronicle, beginning);
    const auto all = chronicle.individuals();
    const auto founders =
        static_cast<std::uint64_t>(population_size(history, options_.founders, 20, kLeastFounders, kMostFounders));
    if (key.trial < founders || !climb.best || !all[*climb.best].is_finite())
      return suggest_founder(history, taken(), "local", climb.number, key);

    const bool kicks = !climb.incumbent;
    const std::int64_t parent = all[kicks ? *climb.best : *climb.incumbent].trial;
    Rng rng({key.seed, stream_id("local"), key.trial});
    bool steps = false;
    const auto make = [&](std::span<double> child) {
      if (kicks)
        kick(space, chronicle.genes(parent), rng, child);
      else
        steps = step_aside(space, chronicle.genes(parent), climb.step(), rng, child);
    };
    const auto reason = [&] {
      Json why = descent("local", std::span(&parent, 1), kicks ? "kick" : steps ? "step" : "change", climb.number);
      if (steps) why["step"] = climb.step();
      return why;
    };
    return suggest_child(history, taken(), make, reason, rng);
  }

 private:
  static void kick(const Space& space, std::span<const double> at, Rng& rng, std::span<double> child) {
    for (double& gene : child) gene = rng.uniform();
    space.apply_prior(child);
    const auto axes = movable_axes(space, at);
    const int certain = axes.empty() ? -1 : axes[rng.below(axes.size())];
    for (std::size_t axis = 0; axis < child.size(); ++axis)
      if (rng.uniform() >= kKick && static_cast<int>(axis) != certain) child[axis] = at[axis];
  }

  LocalOptions options_;
  PopulationFold<Climb> fold_;
};

Result<std::unique_ptr<Sampler>> make_local(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const LocalOptions options, local_fields().read(node));
  return std::make_unique<LocalSampler>(options);
}

}  // namespace

SamplerRow local_row() {
  return {"local", "hill climbing with an adaptive step and restarts", local_fields().rows(), make_local};
}

}  // namespace pegbox
