// Hope: whether a study can come to anything, or whether every trial fails alike.
#include "search/hope.h"

#include <string>

namespace pegbox {

Result<void> check_hope(const History& history, std::int64_t after, bool is_spent) {
  if (!history.in_state(TrialState::Done).empty()) return {};
  std::int64_t failures = 0;
  const Trial* last = nullptr;
  const std::string& metric = history.spec.objective().metric;
  for (const Trial& each : history.trials) {
    if (each.metric(metric)) return {};
    const bool refused =
        each.state == TrialState::Infeasible && !each.worker.empty();  // not: forbidden by a constraint
    const bool ended = each.state == TrialState::Failed || each.state == TrialState::Stopped;
    if (ended || refused) ++failures, last = &each;
  }
  if (failures < after) return {};
  const std::string& name = history.spec.name;
  return fail(ErrorKind::Internal,
              {.where = name,
               .what = "the first " + std::to_string(failures) + " trials gave no value of '" + metric + "'",
               .got = last->detail,
               .hint = "see `pegbox logs " + name + " " + std::to_string(last->number) +
                       "`; the same command goes on once it is mended" +
                       (is_spent ? ", with a larger budget: this one is spent" : "")});
}

}  // namespace pegbox
