// halving: synchronous successive halving: nobody of a group goes on before all have come to the rung.
#include "search/schedulers/halving.h"

#include <algorithm>
#include <cmath>

#include "search/halving_rungs.h"
#include "search/schedulers/ladder.h"
#include "search/schedulers/rung_losses.h"

namespace pegbox {
namespace {

struct GroupOptions {
  std::int64_t trials = 0;
};

const FieldTable<GroupOptions>& group_fields() {
  static const FieldTable<GroupOptions> table(
      std::vector<Field<GroupOptions>>{{.name = "trials",
                                        .member = &GroupOptions::trials,
                                        .minimum = 0,
                                        .help = "of one group; 0: as many as let one of them reach the end"}});
  return table;
}

std::vector<FieldRow> all_rows() {
  std::vector<FieldRow> rows = halving_fields().rows();
  rows.insert(rows.end(), group_fields().rows().begin(), group_fields().rows().end());
  return rows;
}

/// Whether no further trial can be created: the budget has no more, or the space.
bool is_all_created(const History& history, std::size_t trials) {
  const std::int64_t budget = history.spec.budget.trials, configurations = history.spec.space.cardinality();
  const auto created = static_cast<std::int64_t>(trials);
  return (budget > 0 && created >= budget) || (configurations > 0 && std::ssize(history.trials) >= configurations);
}

class HalvingScheduler final : public Scheduler {
 public:
  HalvingScheduler(HalvingOptions options, std::int64_t group) : options_(options), group_(group) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    return Ladder(rungs(history), options_.reduction).next_rung(trial);
  }

  Ruling on_reached(const History& history, const Trial& trial) override {
    const auto steps = rungs(history);
    const auto above = std::ranges::upper_bound(steps, trial.step);
    if (above == steps.begin() || went_on(trial, *(above - 1))) return Verdict::Continue;
    if (const auto ruling = ruling_without_losses(history, trial, *(above - 1))) return *ruling;
    const auto rung = static_cast<std::size_t>(above - 1 - steps.begin());
    for (const Group& group : groups(history, steps.size())) {
      if (std::ranges::find(group.trials, &trial) == group.trials.end()) continue;
      const auto winners = winners_by_rung(history, group, steps);
      if (winners.size() <= rung) return {Verdict::Pause, "it waits for the others of its group"};
      if (std::ranges::find(winners[rung], &trial) != winners[rung].end()) return Verdict::Continue;
    }
    return {Verdict::Pause, "others are ahead"};
  }

  std::optional<Promotion> next_to_resume(const History& history) override {
    if (history.in_state(TrialState::Paused).empty()) return std::nullopt;
    const auto steps = rungs(history);
    for (const Group& group : groups(history, steps.size())) {
      const auto winners = winners_by_rung(history, group, steps);
      for (std::size_t i = winners.size(); i-- > 0;)
        for (const Trial* trial : winners[i])
          if (trial->state == TrialState::Paused && !went_on(*trial, steps[i]))
            return Promotion{trial->number, i + 1 < steps.size() ? steps[i + 1] : 0};
    }
    return std::nullopt;
  }

 private:
  struct Group {
    std::vector<const Trial*> trials;
    bool complete = false;  ///< no trial will join it
  };

  std::vector<std::int64_t> rungs(const History& history) const {
    return halving_rungs(options_, history.steps, history.planned_trials);
  }

  std::vector<Group> groups(const History& history, std::size_t rung_count) const {
    std::int64_t size = group_;
    if (size == 0) {
      size = 1;
      for (std::size_t i = 0; i < rung_count; ++i) size *= options_.reduction;
    }
    std::vector<Group> groups;
    std::size_t created = 0;
    for (const Trial& trial : history.trials) {
      if (trial.state == TrialState::Infeasible) continue;
      if (groups.empty() || groups.back().complete) groups.emplace_back();
      groups.back().trials.push_back(&trial);
      groups.back().complete = std::ssize(groups.back().trials) >= size;
      ++created;
    }
    if (!groups.empty() && is_all_created(history, created)) groups.back().complete = true;
    return groups;
  }

  /// For each rung to which all have come that were sent there: those that go on from it, best first.
  std::vector<std::vector<const Trial*>> winners_by_rung(const History& history, const Group& group,
                                                         std::span<const std::int64_t> steps) const {
    std::vector<std::vector<const Trial*>> winners;
    if (!group.complete) return winners;
    std::vector<const Trial*> sent = group.trials;
    std::int64_t places = std::ssize(group.trials);
    for (const std::int64_t step : steps) {
      std::vector<const Trial*> able;
      for (const Trial* trial : sent) {
        if (!came_to(*trial, step) && !is_final(trial->state)) return winners;
        const bool may_go_on = came_to(*trial, step) && (went_on(*trial, step) || !is_final(trial->state));
        if (may_go_on && is_measured_at(history, *trial, step)) able.push_back(trial);
      }
      places = std::max<std::int64_t>(1, places / options_.reduction);
      winners.emplace_back();
      for (const std::size_t i : order_at(history, able, step))
        if (std::ssize(winners.back()) < places) winners.back().push_back(able[i]);
      sent = winners.back();
    }
    return winners;
  }

  HalvingOptions options_;
  std::int64_t group_;
};

Result<std::unique_ptr<Scheduler>> make_halving(const StudySpec& spec, const Node& node) {
  PEGBOX_CHECK(node.only(names_of(all_rows())));
  PEGBOX_TRY(const HalvingOptions options, read_halving_options(spec, node));
  PEGBOX_TRY(const GroupOptions group, group_fields().read_known(node));
  return std::make_unique<HalvingScheduler>(options, group.trials);
}

}  // namespace

SchedulerRow halving_row() {
  return {.name = "halving",
          .help = "synchronous successive halving: a group's best third goes on when all have come to a rung",
          .options = all_rows(),
          .make = make_halving,
          .pauses = true};
}

}  // namespace pegbox
