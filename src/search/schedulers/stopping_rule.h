// StoppingRule: what the rules share that look at one trial now and then and may stop it for good.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/field_table.h"
#include "search/scheduler.h"

namespace pegbox {

/// When such a rule looks: at the multiples of `every`, from `grace` on.
struct Pace {
  std::int64_t every = 0;  ///< steps; 0: a twentieth of the full length, and never while that is unknown
  std::int64_t grace = 0;
};

/// `rows` and those of the pace, for a struct that has a Pace as its base.
template <class Options>
std::vector<Field<Options>> with_pace(std::vector<Field<Options>> rows) {
  rows.push_back({.name = "every",
                  .member = &Options::every,
                  .minimum = 0,
                  .help = "steps between two judgements; 0: a twentieth of the full length"});
  rows.push_back(
      {.name = "grace", .member = &Options::grace, .minimum = 0, .help = "no trial is stopped before this step"});
  return rows;
}

class StoppingRule : public Scheduler {
 public:
  explicit StoppingRule(const Pace& pace) : pace_(pace) {}

  std::int64_t next_rung(const History& history, const Trial& trial) final;
  Ruling on_reached(const History& history, const Trial& trial) final;
  std::optional<Promotion> next_to_resume(const History&) final { return std::nullopt; }
  std::string objection(const History& history) const final;

 private:
  /// Why the trial is to be stopped, in words; nothing if it may go on. `step`: the last multiple of `every` that it
  /// has reached. Asked from `grace` on.
  virtual std::optional<std::string> reason_to_stop(const History& history, const Trial& trial, std::int64_t step) = 0;

  std::int64_t spacing(const History& history) const;

  Pace pace_;
};

/// The values of a metric by report, in the order of their steps, such that smaller is better: as they are, but with
/// the sign of the objective if `metric` is one that is maximized. Values need not be finite.
std::vector<double> curve_of(const History& history, const Trial& trial, const std::string& metric);

/// `metric` if it is not empty, else that of the first objective.
const std::string& metric_or_objective(const History& history, const std::string& metric);

}  // namespace pegbox
