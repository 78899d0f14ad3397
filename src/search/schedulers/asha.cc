// asha: asynchronous successive halving that pauses trials at rungs and resumes the best of them.
#include "search/schedulers/asha.h"

#include "search/halving_rungs.h"
#include "search/schedulers/ladder.h"

namespace pegbox {
namespace {

class AshaScheduler final : public Scheduler {
 public:
  explicit AshaScheduler(HalvingOptions options) : options_(options) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    return ladder(history).next_rung(trial);
  }

  Ruling on_reached(const History& history, const Trial& trial) override {
    return ladder(history).judge(history, members(history), trial);
  }

  std::optional<Promotion> next_to_resume(const History& history) override {
    if (history.in_state(TrialState::Paused).empty()) return std::nullopt;
    return ladder(history).promote(history, members(history));
  }

 private:
  Ladder ladder(const History& history) const {
    return {halving_rungs(options_, history.steps, history.planned_trials), options_.reduction};
  }

  static std::vector<const Trial*> members(const History& history) {
    std::vector<const Trial*> trials;
    trials.reserve(history.trials.size());
    for (const Trial& trial : history.trials) trials.push_back(&trial);
    return trials;
  }

  HalvingOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_asha(const StudySpec& spec, const Node& node) {
  PEGBOX_CHECK(node.only(names_of(halving_fields().rows())));
  PEGBOX_TRY(const HalvingOptions options, read_halving_options(spec, node));
  return std::make_unique<AshaScheduler>(options);
}

}  // namespace

SchedulerRow asha_row() {
  return {.name = "asha",
          .help = "asynchronous successive halving: pauses trials at rungs, resumes the best third",
          .options = halving_fields().rows(),
          .make = make_asha,
          .pauses = true};
}

}  // namespace pegbox
