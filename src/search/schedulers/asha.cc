// asha: asynchronous successive halving that pauses trials at rungs and resumes the best of them.
#include "search/schedulers/asha.h"

#include <algorithm>

#include "search/schedulers/rung_losses.h"

namespace pegbox {
namespace {

constexpr std::int64_t kDeepestReduction = 30;  ///< a rung before 1/30 of the full length tells too little of its end

const FieldTable<AshaOptions>& asha_fields() {
  static const FieldTable<AshaOptions> table(std::vector<Field<AshaOptions>>{
      {.name = "reduction",
       .member = &AshaOptions::reduction,
       .minimum = 2,
       .maximum = 1000,
       .help = "of so many trials at a rung, one goes on",
       .source = "arXiv 1810.05934 uses 4, most programs 3"},
      {.name = "min",
       .member = &AshaOptions::min,
       .minimum = 0,
       .help = "first rung, in steps; 0: the full length over the largest power of `reduction` up to 30 and up to the "
               "number of trials"}});
  return table;
}

/// The trials that have come to one rung.
struct Rung {
  std::int64_t reached = 0;          ///< all of them, whatever became of them, and those that failed before
  std::int64_t promoted = 0;         ///< those that went on
  std::vector<const Trial*> ranked;  ///< those that went on or still could, best first
};

bool went_on(const Trial& trial, std::int64_t rung) { return trial.until == 0 || trial.until > rung; }

/// A trial that went on but lost its worker may have to run again to here: it came here all the same.
bool came_to(const Trial& trial, std::int64_t rung) {
  return has_reached(trial, rung) || (trial.state == TrialState::Running && went_on(trial, rung));
}

Rung look_at(const History& history, std::int64_t step) {
  Rung rung;
  std::vector<const Trial*> trials;
  for (const Trial& trial : history.trials) {
    // One that failed on the way would have been the worst: it leaves its share of the places to the others.
    if (!came_to(trial, step) && trial.state != TrialState::Failed) continue;
    ++rung.reached;
    if (!came_to(trial, step)) continue;
    if (went_on(trial, step)) ++rung.promoted;
    if (went_on(trial, step) || !is_final(trial.state)) trials.push_back(&trial);
  }
  for (const std::size_t i : order_at(history, trials, step)) rung.ranked.push_back(trials[i]);
  return rung;
}

class AshaScheduler final : public Scheduler {
 public:
  explicit AshaScheduler(AshaOptions options) : options_(options) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    for (const std::int64_t rung : rungs(history))
      if (rung > trial.step) return rung;
    return 0;
  }

  Ruling on_reached(const History& history, const Trial& trial) override {
    std::int64_t step = 0;
    for (const std::int64_t rung : rungs(history))
      if (rung <= trial.step) step = rung;
    if (step == 0 || went_on(trial, step)) return Verdict::Continue;
    if (!is_measured_at(history, trial, step)) return {Verdict::Stop, what_is_missing_at(history, trial, step)};
    const auto promotable = promotable_at(history, step, [](const Trial&) { return true; });
    const bool goes_on = std::ranges::find(promotable, trial.number, &Trial::number) != promotable.end();
    if (goes_on) return Verdict::Continue;
    return {Verdict::Pause, "others are ahead"};
  }

  std::optional<Promotion> next_to_resume(const History& history) override {
    if (history.in_state(TrialState::Paused).empty()) return std::nullopt;
    const auto steps = rungs(history);
    for (std::size_t i = steps.size(); i-- > 0;) {
      const auto promotable =
          promotable_at(history, steps[i], [](const Trial& trial) { return trial.state == TrialState::Paused; });
      if (promotable.empty()) continue;
      return Promotion{promotable.front()->number, i + 1 < steps.size() ? steps[i + 1] : 0};
    }
    return std::nullopt;
  }

 private:
  std::vector<std::int64_t> rungs(const History& history) const {
    return asha_rungs(options_, history.steps, history.planned_trials);
  }

  /// The trials at a rung that may go on now, best first: places are given in the order of the losses, to those that
  /// wait and those that have just come alike; then those that `wanted` does not want are left out.
  template <class Wanted>
  std::vector<const Trial*> promotable_at(const History& history, std::int64_t step, Wanted wanted) const {
    const Rung rung = look_at(history, step);
    const std::int64_t top = rung.reached / options_.reduction;
    std::int64_t places = top - rung.promoted;
    std::vector<const Trial*> promotable;
    for (std::int64_t i = 0; i < std::min<std::int64_t>(top, std::ssize(rung.ranked)) && places > 0; ++i) {
      const Trial& trial = *rung.ranked[static_cast<std::size_t>(i)];
      if (went_on(trial, step)) continue;
      if (!is_measured_at(history, trial, step)) break;
      --places;
      if (wanted(trial)) promotable.push_back(&trial);
    }
    return promotable;
  }

  AshaOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_asha(const StudySpec& spec, const Node& node) {
  PEGBOX_TRY(const AshaOptions options, asha_fields().read(node));
  if (spec.steps > 0 && options.min >= spec.steps) {
    PEGBOX_TRY(const Node min, node.at("min"));
    return min.fail("the first rung is not before the end of a full trial", "less than " + std::to_string(spec.steps));
  }
  return std::make_unique<AshaScheduler>(options);
}

}  // namespace

std::vector<std::int64_t> asha_rungs(const AshaOptions& options, std::int64_t full_steps, std::int64_t trials) {
  const std::int64_t limit = trials > 0 ? std::min(kDeepestReduction, trials) : kDeepestReduction;
  std::int64_t first = options.min;
  if (first == 0)
    for (std::int64_t power = options.reduction; power <= std::min(limit, full_steps); power *= options.reduction)
      first = full_steps / power;
  std::vector<std::int64_t> rungs;
  if (first == 0 || first >= full_steps) return rungs;
  rungs.push_back(first);
  for (std::int64_t rung = first; rung <= full_steps / options.reduction / options.reduction;) {
    rung *= options.reduction;
    rungs.push_back(rung);
  }
  return rungs;
}

SchedulerRow asha_row() {
  return {.name = "asha",
          .help = "asynchronous successive halving: pauses trials at rungs, resumes the best third",
          .options = asha_fields().rows(),
          .make = make_asha,
          .pauses = true};
}

}  // namespace pegbox
