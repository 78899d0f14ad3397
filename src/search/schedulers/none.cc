// none: every trial runs to its end.
#include "search/schedulers/none.h"

namespace pegbox {
namespace {

class NoScheduler final : public Scheduler {
 public:
  std::int64_t next_rung(const History&, const Trial&) override { return 0; }
  Ruling on_reached(const History&, const Trial&) override { return Verdict::Continue; }
  std::optional<Promotion> next_to_resume(const History&) override { return std::nullopt; }
  std::string objection(const History&) const override { return {}; }
};

Result<std::unique_ptr<Scheduler>> make_none(const StudySpec&, const Node& options) {
  PEGBOX_CHECK(options.only({}));
  return std::make_unique<NoScheduler>();
}

}  // namespace

SchedulerRow none_row() {
  return {.name = "none", .help = "every trial runs to its end", .options = {}, .make = make_none};
}

}  // namespace pegbox
