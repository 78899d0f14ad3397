// hyperband: brackets of asynchronous successive halving that begin at different rungs.
#include "search/schedulers/hyperband.h"

#include "search/halving_rungs.h"
#include "search/schedulers/ladder.h"

namespace pegbox {
namespace {

class HyperbandScheduler final : public Scheduler {
 public:
  explicit HyperbandScheduler(HalvingOptions options) : options_(options) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    const Brackets brackets = brackets_in(history);
    return ladder(brackets, brackets.of(trial.number)).next_rung(trial);
  }

  Ruling on_reached(const History& history, const Trial& trial) override {
    const Brackets brackets = brackets_in(history);
    const std::size_t bracket = brackets.of(trial.number);
    return ladder(brackets, bracket).judge(history, members(history, brackets)[bracket], trial);
  }

  std::optional<Promotion> next_to_resume(const History& history) override {
    if (history.in_state(TrialState::Paused).empty()) return std::nullopt;
    const Brackets brackets = brackets_in(history);
    const auto trials = members(history, brackets);
    for (std::size_t bracket = 0; bracket < brackets.count(); ++bracket)
      if (const auto promotion = ladder(brackets, bracket).promote(history, trials[bracket])) return promotion;
    return std::nullopt;
  }

 private:
  Brackets brackets_in(const History& history) const { return {options_, history.steps, history.planned_trials}; }

  Ladder ladder(const Brackets& brackets, std::size_t bracket) const {
    const auto rungs = brackets.rungs(bracket);
    return {{rungs.begin(), rungs.end()}, options_.reduction};
  }

  static std::vector<std::vector<const Trial*>> members(const History& history, const Brackets& brackets) {
    std::vector<std::vector<const Trial*>> trials(brackets.count());
    for (const Trial& trial : history.trials) trials[brackets.of(trial.number)].push_back(&trial);
    return trials;
  }

  HalvingOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_hyperband(const StudySpec& spec, const Node& node) {
  PEGBOX_CHECK(node.only(names_of(halving_fields().rows())));
  PEGBOX_TRY(const HalvingOptions options, read_halving_options(spec, node));
  return std::make_unique<HyperbandScheduler>(options);
}

}  // namespace

SchedulerRow hyperband_row() {
  return {.name = "hyperband",
          .help = "brackets of asynchronous halving that begin at different rungs: some trials are compared late",
          .options = halving_fields().rows(),
          .make = make_hyperband,
          .pauses = true};
}

}  // namespace pegbox
