// The table of schedulers, and how a study file's `stop:` becomes one of them.
#include "search/schedulers/table.h"

#include <algorithm>

#include "search/schedulers/asha.h"
#include "search/schedulers/median.h"
#include "search/schedulers/none.h"

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

}  // namespace

std::span<const SchedulerRow> scheduler_table() {
  static const std::vector<SchedulerRow> table{none_row(), median_row(), asha_row()};
  return table;
}

Result<std::unique_ptr<Scheduler>> make_scheduler(const StudySpec& spec) {
  const std::string_view name = spec.stop.name == "auto" ? "asha" : std::string_view(spec.stop.name);
  const auto rows = scheduler_table();
  const auto row = std::ranges::find(rows, name, &SchedulerRow::name);
  if (row == rows.end()) return fail_unknown(name);
  const Document options{.json = spec.stop.options, .name = "stop", .lines = {}};
  return row->make(spec, options.root());
}

}  // namespace pegbox
