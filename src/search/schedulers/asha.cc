// asha: asynchronous successive halving that pauses trials at rungs and resumes the best of them.
#include "search/schedulers/asha.h"

#include "search/halving_rungs.h"
#include "search/schedulers/ladder.h"

namespace pegbox {
namespace {

struct BaselineOptions {
  std::int64_t baselines = -1;
};

const FieldTable<BaselineOptions>& baseline_fields() {
  static const FieldTable<BaselineOptions> table(std::vector<Field<BaselineOptions>>{
      {.name = "baselines",
       .member = &BaselineOptions::baselines,
       .minimum = -1,
       .help =
           "first trials that run to their ends, whatever others do; -1: one where the study says what to try first "
           "or the space has a prior, else none",
       .source = "a whole result early, and what all later ones are measured against, for one trial's cost"}});
  return table;
}

std::vector<FieldRow> asha_rows() {
  std::vector<FieldRow> rows = halving_fields().rows();
  rows.insert(rows.end(), baseline_fields().rows().begin(), baseline_fields().rows().end());
  return rows;
}

class AshaScheduler final : public Scheduler {
 public:
  AshaScheduler(HalvingOptions options, std::int64_t baselines) : options_(options), baselines_(baselines) {}

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
    return {halving_rungs(options_, history.steps, history.planned_trials), options_.reduction, baselines(history)};
  }

  std::int64_t baselines(const History& history) const {
    if (baselines_ >= 0) return baselines_;
    return history.spec.space.has_prior() || !history.spec.try_first.empty() ? 1 : 0;
  }

  static std::vector<const Trial*> members(const History& history) {
    std::vector<const Trial*> trials;
    trials.reserve(history.trials.size());
    for (const Trial& trial : history.trials) trials.push_back(&trial);
    return trials;
  }

  HalvingOptions options_;
  std::int64_t baselines_;
};

Result<std::unique_ptr<Scheduler>> make_asha(const StudySpec& spec, const Node& node) {
  PEGBOX_CHECK(node.only(names_of(asha_rows())));
  PEGBOX_TRY(const HalvingOptions options, read_halving_options(spec, node));
  PEGBOX_TRY(const BaselineOptions first, baseline_fields().read_known(node));
  return std::make_unique<AshaScheduler>(options, first.baselines);
}

}  // namespace

SchedulerRow asha_row() {
  return {.name = "asha",
          .help = "asynchronous successive halving: pauses trials at rungs, resumes the best third",
          .options = asha_rows(),
          .make = make_asha,
          .pauses = true};
}

}  // namespace pegbox
