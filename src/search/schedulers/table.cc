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
#include "search/schedulers/percentile.h"
#include "search/schedulers/plateau.h"
#include "search/schedulers/threshold.h"

namespace pegbox {
namespace {

tl::unexpected<Error> fail_unknown(std::string_view name) {
  std::vector<std::string_view> names{"auto"};
  for (const SchedulerRow& row : scheduler_table()) names.push_back(row.name);
  std::string expected;
  for (const auto each : names) expected += (expected.empty() ? "" : ", ") + std::string(each);
  const std::string nearest = nearest_name(name, names);
  return fail(ErrorKind::InvalidInput, {.where = "stop",
                                        .what = "unknown stopping rule",
                                        .got = "'" + std::string(name) + "'",
                                        .expected = "one of " + expected,
                                        .hint = nearest.empty() ? "" : "did you mean '" + nearest + "'?"});
}

tl::unexpected<Error> fail_two_that_pause(std::string_view one, std::string_view other) {
  return fail(ErrorKind::InvalidInput, {.where = "stop",
                                        .what = "two rules that pause trials",
                                        .got = "'" + std::string(one) + "' and '" + std::string(other) + "'",
                                        .expected = "one such rule, and any number of rules that only stop"});
}

tl::unexpected<Error> fail_options_of_auto(const std::string& where) {
  return fail(ErrorKind::InvalidInput,
              {.where = where, .what = "auto has no options", .expected = "a rule by its name"});
}

/// Halves, and not thirds: a wrong verdict at an early rung costs less, and over synthetic curves (docs/LOG.md) the
/// regret at equal steps is lower by a tenth.
Json auto_options() { return {{"reduction", 2}}; }

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
  static const std::vector<SchedulerRow> table{
      none_row(),       median_row(), percentile_row(), threshold_row(), patience_row(), plateau_row(),    gap_row(),
      divergence_row(), asha_row(),   halving_row(),    hyperband_row(), curve_row(),    freeze_thaw_row()};
  return table;
}

AutoChoice auto_scheduler(std::int64_t steps) {
  if (steps == 0) return {"asha", "every trial runs to its end while the length of a full trial is not known"};
  return {"asha", "trials pause and resume, so many may begin and the better half at each rung goes on"};
}

Result<std::unique_ptr<Scheduler>> make_scheduler(const StudySpec& spec) {
  const auto rows = scheduler_table();
  std::vector<std::unique_ptr<Scheduler>> rules;
  std::string_view pausing;
  for (const PartSpec& part : spec.stop) {
    const bool is_auto = part.name == "auto";
    const std::string name = is_auto ? auto_scheduler(spec.steps).name : part.name;
    const auto row = std::ranges::find(rows, name, &SchedulerRow::name);
    if (row == rows.end()) return fail_unknown(part.name);
    if (row->pauses && !pausing.empty()) return fail_two_that_pause(pausing, row->name);
    if (row->pauses) pausing = row->name;
    const std::string where = spec.stop.size() == 1 ? "stop" : "stop[" + std::to_string(rules.size()) + "]";
    const Document options{.json = is_auto ? auto_options() : part.options, .name = where, .lines = {}};
    if (is_auto && !part.options.empty()) return fail_options_of_auto(where);
    PEGBOX_TRY(auto rule, row->make(spec, options.root()));
    if (is_auto) rule = std::make_unique<AutoScheduler>(std::move(rule));
    rules.push_back(std::move(rule));
  }
  return combine(std::move(rules));
}

}  // namespace pegbox
