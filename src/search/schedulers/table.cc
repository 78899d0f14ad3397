// The table of schedulers, and how a study file's `stop:` becomes one of them.
#include "search/schedulers/table.h"

#include <algorithm>

#include "search/schedulers/asha.h"
#include "search/schedulers/combined.h"
#include "search/schedulers/divergence.h"
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

}  // namespace

std::span<const SchedulerRow> scheduler_table() {
  static const std::vector<SchedulerRow> table{none_row(),     median_row(),  percentile_row(), threshold_row(),
                                               patience_row(), plateau_row(), gap_row(),        divergence_row(),
                                               asha_row(),     halving_row(), hyperband_row(),  pbt_row()};
  return table;
}

Result<std::unique_ptr<Scheduler>> make_scheduler(const StudySpec& spec) {
  const auto rows = scheduler_table();
  std::vector<std::unique_ptr<Scheduler>> rules;
  std::string_view pausing;
  for (const PartSpec& part : spec.stop) {
    const auto row = std::ranges::find(rows, rule_name(spec, part), &SchedulerRow::name);
    if (row == rows.end()) return fail_unknown(part);
    if (row->pauses && !pausing.empty()) return fail_two_that_pause(part, pausing, row->name);
    if (row->pauses) pausing = row->name;
    PEGBOX_TRY(auto rule, row->make(spec, part.node()));
    rules.push_back(std::move(rule));
  }
  return combine(std::move(rules));
}

}  // namespace pegbox
