// The table of schedulers, and how a study file's `stop:` becomes one of them.
#include "search/schedulers/table.h"

#include <algorithm>

#include "search/schedulers/asha.h"
#include "search/schedulers/combined.h"
#include "search/schedulers/curve.h"
#include "search/schedulers/divergence.h"
#include "search/schedulers/freeze_thaw.h"
#include "search/schedulers/gap.h"
#include "search/schedulers/halving.h"
#include "search/schedulers/hyperband.h"
#include "search/schedulers/median.h"
#include "search/schedulers/none.h"
#include "search/schedulers/patience.h"
#include "search/schedulers/pbt.h"
#include "search/schedulers/percentile.h"
#include "search/schedulers/plateau.h"
#include "search/schedulers/threshold.h"

namespace pegbox {
namespace {

tl::unexpected<Error> fail_unknown(const PartSpec& rule) {
  std::vector<std::string_view> names{"auto"};
  for (const SchedulerRow& row : scheduler_table()) names.push_back(row.name);
  return rule.fail_unknown("unknown stopping rule", names);
}

tl::unexpected<Error> fail_two_that_pause(const PartSpec& rule, std::string_view one, std::string_view other) {
  return fail(ErrorKind::InvalidInput, {.where = rule.node().where(),
                                        .what = "two rules that pause trials",
                                        .got = "'" + std::string(one) + "' and '" + std::string(other) + "'",
                                        .expected = "one such rule, and any number of rules that only stop"});
}

/// Halves, and not thirds: a wrong verdict at an early rung costs less, and over synthetic curves (docs/LOG.md) the
/// regret at equal steps is lower by a tenth.
PartSpec asha_of_auto(const PartSpec& rule) {
  PartSpec asha = rule;
  asha.options = {{"reduction", 2}};
  return asha;
}

/// What `auto` chose. It never objects: where it cannot act, that is its choice.
class AutoScheduler final : public Scheduler {
 public:
  explicit AutoScheduler(std::unique_ptr<Scheduler> chosen) : chosen_(std::move(chosen)) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    return chosen_->next_rung(history, trial);
  }
  Ruling on_reached(const History& history, const Trial& trial) override { return chosen_->on_reached(history, trial); }
  std::optional<Promotion> next_to_resume(const History& history) override { return chosen_->next_to_resume(history); }
  std::string objection(const History&) const override { return {}; }

 private:
  std::unique_ptr<Scheduler> chosen_;
};

}  // namespace

std::span<const SchedulerRow> scheduler_table() {
  static const std::vector<SchedulerRow> table{none_row(),     median_row(),     percentile_row(), threshold_row(),
                                               patience_row(), plateau_row(),    gap_row(),        divergence_row(),
                                               asha_row(),     halving_row(),    hyperband_row(),  pbt_row(),
                                               curve_row(),    freeze_thaw_row()};
  return table;
}

AutoChoice auto_scheduler(const StudySpec& spec, std::int64_t steps) {
  const std::string name(rule_name(spec, {}));
  if (name != "asha") return {name, spec.search.name + " goes with it"};
  if (steps == 0) return {"asha", "every trial runs to its end while the length of a full trial is not known"};
  return {"asha", "trials pause and resume, so many may begin and the better half at each rung goes on"};
}

namespace {

Result<std::unique_ptr<Scheduler>> make_auto(const SchedulerRow& row, const StudySpec& spec, const PartSpec& part) {
  if (!part.options.empty()) return part.node().fail("auto has no options", "a rule by its name");
  const PartSpec asha = asha_of_auto(part);
  PEGBOX_TRY(auto chosen, row.make(spec, (row.name == "asha" ? asha : part).node()));
  return std::make_unique<AutoScheduler>(std::move(chosen));
}

}  // namespace

Result<std::unique_ptr<Scheduler>> make_scheduler(const StudySpec& spec) {
  const auto rows = scheduler_table();
  std::vector<std::unique_ptr<Scheduler>> rules;
  std::string_view pausing;
  for (const PartSpec& part : spec.stop) {
    const auto row = std::ranges::find(rows, rule_name(spec, part), &SchedulerRow::name);
    if (row == rows.end()) return fail_unknown(part);
    if (row->pauses && !pausing.empty()) return fail_two_that_pause(part, pausing, row->name);
    if (row->pauses) pausing = row->name;
    PEGBOX_TRY(auto rule, part.name == "auto" ? make_auto(*row, spec, part) : row->make(spec, part.node()));
    rules.push_back(std::move(rule));
  }
  return combine(std::move(rules));
}

}  // namespace pegbox
