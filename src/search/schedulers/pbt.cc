// pbt: the scheduler half of population-based training.
#include "search/schedulers/pbt.h"

#include <algorithm>

#include "search/schedulers/rung_losses.h"
#include "search/training_population.h"

namespace pegbox {
namespace {

bool is_replaced(const Trial& trial) { return is_final(trial.state) && trial.state != TrialState::Done; }

/// How many of those that have come to `step` are at least as good as the trial (itself included), and of how many.
struct Place {
  std::int64_t position = 0, of = 0;
};

Place place_at(const History& history, const Trial& trial, std::int64_t step) {
  std::vector<const Trial*> members;
  for (const Trial& other : history.trials)
    if (has_reached(other, step) && !is_replaced(other)) members.push_back(&other);
  const auto order = order_at(history, members, step);
  const auto own = std::ranges::find_if(order, [&](std::size_t i) { return members[i]->number == trial.number; });
  return {own - order.begin() + 1, std::ssize(members)};
}

class PbtScheduler final : public Scheduler {
 public:
  explicit PbtScheduler(const StudySpec& spec)
      : is_searched_(training_population_of(spec).has_value()),
        population_(training_population_of(spec).value_or(TrainingPopulation{})) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    const std::int64_t interval = population_.interval_steps(history);
    if (interval == 0) return 0;
    const std::int64_t rung = (trial.step / interval + 1) * interval;
    return history.steps > 0 && rung >= history.steps ? 0 : rung;
  }

  Ruling on_reached(const History& history, const Trial& trial) override {
    const std::int64_t interval = population_.interval_steps(history);
    const std::int64_t rung = interval > 0 ? trial.until / interval * interval : 0;
    if (rung <= trial.from) return Verdict::Continue;
    if (const auto ruling = ruling_without_losses(history, trial, rung)) return *ruling;
    const Place place = place_at(history, trial, rung);
    const bool is_among_worst = place.position > place.of - population_.tail(place.of);
    if (is_among_worst && has_trial_left(history))
      return {Verdict::Stop, "a clone takes its place: it is number " + std::to_string(place.position) + " of " +
                                 std::to_string(place.of)};
    if (is_searched_ && is_anybody_behind(history, trial)) return {Verdict::Pause, "others are behind"};
    return Verdict::Continue;
  }

  std::optional<Promotion> next_to_resume(const History& history) override {
    const auto& paused = history.in_state(TrialState::Paused);
    if (paused.empty() || (is_searched_ && population_.lacks_member(history))) return std::nullopt;
    const auto step = [&](std::int64_t number) { return history.trials[static_cast<std::size_t>(number)].step; };
    const Trial& last = history.trials[static_cast<std::size_t>(*std::ranges::min_element(paused, {}, step))];
    return Promotion{last.number, next_rung(history, last)};
  }

 private:
  static bool has_trial_left(const History& history) {
    const std::int64_t budget = history.spec.budget.trials;
    return budget == 0 || std::ssize(history.trials) < budget;
  }

  bool is_anybody_behind(const History& history, const Trial& trial) const {
    return population_.lacks_member(history) ||
           std::ranges::any_of(history.in_state(TrialState::Paused), [&](std::int64_t number) {
             return history.trials[static_cast<std::size_t>(number)].step < trial.step;
           });
  }

  const bool is_searched_;
  const TrainingPopulation population_;
};

Result<std::unique_ptr<Scheduler>> make_pbt(const StudySpec& spec, const Node& node) {
  PEGBOX_CHECK(node.only({}));
  return std::make_unique<PbtScheduler>(spec);
}

}  // namespace

SchedulerRow pbt_row() {
  return {.name = "pbt",
          .help = "population-based training, with `search: pbt`: the worst members are replaced by clones of the best",
          .options = {},
          .make = make_pbt,
          .pauses = true};
}

}  // namespace pegbox
