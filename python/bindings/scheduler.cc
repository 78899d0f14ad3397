// pegbox._core.Scheduler: a stopping rule on a history that somebody else keeps, for adapters whose trials cannot be
// paused and resumed.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>

#include <memory>

#include "bindings/module.h"
#include "bindings/raise.h"
#include "bindings/values.h"
#include "search/schedulers/rung_losses.h"
#include "search/schedulers/table.h"

namespace pegbox::python {
namespace {

namespace nb = nanobind;

class HistoryScheduler {
 public:
  explicit HistoryScheduler(const Json& spec) {
    apply(event::StudyCreated{spec, PEGBOX_VERSION});
    scheduler_ = value_or_raise(make_scheduler(state_.spec()));
    if (const std::string why = scheduler_->objection(state_.history()); !why.empty())
      raise(ErrorKind::InvalidInput, {.where = "PegboxPruner", .what = why, .hint = "give it as steps="});
  }

  std::int64_t begin() {
    const auto number = static_cast<std::int64_t>(state_.history().trials.size());
    apply(event::TrialCreated{number, {}, {}, 0, {}});
    go_on(number, 0);
    return number;
  }

  /// A trial that reports past its rung has gone on, whoever let it.
  void report(std::int64_t number, std::int64_t step, double value) {
    const Trial& trial = state_.trial(number);
    if (!trial.reports.empty() && step <= trial.step) return;
    if (is_at_rung(trial)) go_on(number, trial.step);
    apply(event::TrialReported{number, step, {{state_.spec().objective().metric, value}}});
  }

  /// Why the trial is to end where it stands; empty if it may go on.
  std::string judge(std::int64_t number) {
    const Trial& trial = state_.trial(number);
    if (is_final(trial.state)) return trial.detail;
    if (!is_at_rung(trial) || is_at_end(trial)) return {};
    const Ruling ruling = scheduler_->on_reached(state_.history(), trial);
    if (ruling == Verdict::Continue || (ruling == Verdict::Pause && is_first(trial))) {
      go_on(number, trial.step);
      return {};
    }
    move(number, TrialState::Stopped, ruling.why);
    return ruling.why;
  }

  void end(std::int64_t number, const std::string& state) {
    const auto to = trial_state_of(state);
    if (!to) raise(ErrorKind::InvalidInput, {.where = "Scheduler.end", .what = "no such state", .got = state});
    if (!is_final(state_.trial(number).state)) move(number, *to, {});
  }

 private:
  void apply(Event::What what) { raise_if_failed(state_.apply({state_.event_count(), 0, "adapter", std::move(what)})); }

  void move(std::int64_t number, TrialState to, std::string why) {
    apply(event::TrialMoved{number, to, state_.trial(number).step, {}, {}, std::move(why)});
  }

  void go_on(std::int64_t number, std::int64_t from) {
    const std::int64_t rung = scheduler_->next_rung(state_.history(), state_.trial(number));
    apply(event::TrialStarted{number, {}, from, rung > from ? rung : 0, 0});
  }

  static bool is_at_rung(const Trial& trial) {
    return trial.until > 0 && !trial.reports.empty() && trial.step >= trial.until;
  }

  bool is_at_end(const Trial& trial) const {
    const std::int64_t steps = state_.spec().steps;
    return steps > 0 && trial.step >= steps;
  }

  /// Whether no trial that came to this rung was better there.
  bool is_first(const Trial& trial) const {
    const History history = state_.history();
    std::vector<const Trial*> others;
    for (const Trial& other : history.trials)
      if (has_reached(other, trial.until)) others.push_back(&other);
    return others[order_at(history, others, trial.until).front()] == &trial;
  }

  StudyState state_;
  std::unique_ptr<Scheduler> scheduler_;
};

std::unique_ptr<HistoryScheduler> create(nb::handle spec) {
  return std::make_unique<HistoryScheduler>(json_from(spec, "PegboxPruner"));
}

}  // namespace

void bind_scheduler(nb::module_& module) {
  nb::class_<HistoryScheduler>(module, "Scheduler")
      .def_static("create", &create, nb::arg("spec"))
      .def("begin", &HistoryScheduler::begin)
      .def("report", &HistoryScheduler::report, nb::arg("trial"), nb::arg("step"), nb::arg("value"))
      .def("judge", &HistoryScheduler::judge, nb::arg("trial"))
      .def("end", &HistoryScheduler::end, nb::arg("trial"), nb::arg("state"));
}

}  // namespace pegbox::python
