// pegbox._core.Study: ask-and-tell as pegbox/study.py uses it. C++ works without Python's lock.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include "bindings/module.h"
#include "bindings/open_study.h"
#include "bindings/raise.h"
#include "bindings/values.h"
#include "search/samplers/standings.h"

namespace pegbox::python {
namespace {

namespace nb = nanobind;

template <class Call>
auto without_lock(Call call) {
  const nb::gil_scoped_release release;
  return call();
}

std::unique_ptr<OpenStudy> open(nb::handle spec, const std::optional<std::string>& store, nb::list known) {
  std::vector<const OpenStudy*> earlier;
  for (const nb::handle each : known) earlier.push_back(each.is_none() ? nullptr : nb::cast<const OpenStudy*>(each));
  Document document;
  document.json = json_from(spec, "Study");
  document.name = "Study";
  return without_lock([&] { return value_or_raise(OpenStudy::open(document, store, earlier)); });
}

std::unique_ptr<OpenStudy> load(const std::string& name, const std::string& store, std::optional<std::int64_t> trials) {
  return without_lock([&] { return value_or_raise(OpenStudy::load(name, store, trials)); });
}

AskTell& asked_and_told(OpenStudy& study) { return *value_or_raise(study.ask_tell()); }

nb::object ask(OpenStudy& study) {
  const auto asked = without_lock([&] { return value_or_raise(asked_and_told(study).ask()); });
  if (!asked) return nb::none();
  return nb::make_tuple(asked->id.trial, asked->id.leg, to_python(asked->config), asked->seed, asked->step,
                        asked->checkpoint);
}

const char* name_of_verdict(Verdict verdict) {
  switch (verdict) {
    case Verdict::Continue:
      return "continue";
    case Verdict::Pause:
      return "pause";
    case Verdict::Stop:
      return "stop";
  }
  return "";
}

const char* report(OpenStudy& study, std::int64_t trial, std::uint64_t leg, std::int64_t step, nb::dict metrics,
                   const std::string& checkpoint) {
  const CallersReport report{step, metrics_from(metrics, "report"), checkpoint};
  return name_of_verdict(
      without_lock([&] { return value_or_raise(asked_and_told(study).report({trial, leg}, report)); }));
}

void tell(OpenStudy& study, std::int64_t trial, std::uint64_t leg, nb::dict values) {
  const Metrics metrics = metrics_from(values, "tell");
  without_lock([&] { raise_if_failed(asked_and_told(study).tell({trial, leg}, metrics)); });
}

void tell_failed(OpenStudy& study, std::int64_t trial, std::uint64_t leg, const std::string& kind,
                 const std::string& detail, nb::dict values) {
  const auto failure = failure_kind_of(kind);
  if (!failure || *failure == FailureKind::WorkerLost)
    raise(ErrorKind::InvalidInput, {.where = "tell",
                                    .what = "no such kind of failure",
                                    .got = kind,
                                    .expected = "error, out-of-memory, diverged, timeout or infeasible",
                                    .hint = "a text of your own is given as detail="});
  const Metrics metrics = metrics_from(values, "tell");
  without_lock([&] { raise_if_failed(asked_and_told(study).tell_failed({trial, leg}, *failure, detail, metrics)); });
}

void give_back(OpenStudy& study, std::int64_t trial, std::uint64_t leg, const std::string& detail) {
  without_lock([&] { raise_if_failed(asked_and_told(study).give_back({trial, leg}, detail)); });
}

std::int64_t enqueue(OpenStudy& study, nb::handle config) {
  const Config wanted = config_from(config, "enqueue");
  return without_lock([&] { return value_or_raise(asked_and_told(study).enqueue(wanted)); });
}

std::size_t count(OpenStudy& study) {
  return without_lock([&] { return study.log().look([](const History& history) { return history.trials.size(); }); });
}

nb::list reports_of(const Trial& trial) {
  nb::list reports;
  for (const Report& report : trial.reports) reports.append(nb::make_tuple(report.step, to_python(report.metrics)));
  return reports;
}

nb::dict trial(OpenStudy& study, std::int64_t number) {
  const auto found = without_lock([&] {
    return study.log().look([&](const History& history) -> std::optional<Trial> {
      if (number < 0 || number >= std::ssize(history.trials)) return std::nullopt;
      return history.trials[static_cast<std::size_t>(number)];
    });
  });
  if (!found) raise(ErrorKind::NotFound, {.where = "trials", .what = "no such trial", .got = std::to_string(number)});
  nb::dict record;
  record["number"] = found->number;
  record["state"] = std::string(name_of(found->state));
  record["config"] = to_python(found->config);
  record["metrics"] = to_python(found->metrics);
  record["reports"] = reports_of(*found);
  record["step"] = found->step;
  record["seed"] = found->seed;
  record["reason"] = to_python(found->reason);
  record["failure"] = found->failure ? nb::cast(std::string(name_of(*found->failure))) : nb::none();
  record["detail"] = found->detail;
  return record;
}

nb::object rival(const std::optional<Rival>& rival) {
  if (!rival) return nb::none();
  return nb::make_tuple(rival->trial, rival->probability);
}

std::uint64_t event_count(OpenStudy& study) {
  return without_lock([&] { return study.log().look([](const History& history) { return history.event_count; }); });
}

/// None if no trial has a result; else (trial, what the standings say of it, or why there are none).
nb::object best(OpenStudy& study) {
  std::optional<std::int64_t> lowest;
  const auto found = without_lock([&] {
    return study.log().look([&](const History& history) {
      lowest = best_trial(history);
      return standings(history);
    });
  });
  if (!lowest) return nb::none();
  nb::dict said;
  said["lowest"] = *lowest;
  if (!found) {
    said["no_expectation"] = found.error().message;
    return nb::make_tuple(*lowest, said);
  }
  const RankedConfig& first = found->ranked.front();
  said["expected"] = first.mean;
  said["interval"] = nb::make_tuple(first.interval.low, first.interval.high);
  said["noise"] = found->noise;
  said["beats_runner_up"] = rival(found->runner_up);
  said["beats_default"] = rival(found->default_choice);
  return nb::make_tuple(first.trials.front(), said);
}

std::vector<std::int64_t> front(OpenStudy& study) {
  return without_lock([&] { return study.log().look([](const History& history) { return pareto_front(history); }); });
}

nb::object spec(OpenStudy& study) {
  const Json source =
      without_lock([&] { return study.log().look([](const History& history) { return history.spec.source; }); });
  return to_python(source);
}

void close(OpenStudy& study) {
  without_lock([&] { raise_if_failed(study.close()); });
}

}  // namespace

void bind_study(nb::module_& module) {
  nb::class_<OpenStudy>(module, "Study")
      .def_static("open", &open, nb::arg("spec"), nb::arg("store").none(), nb::arg("earlier"))
      .def_static("load", &load, nb::arg("name"), nb::arg("store"), nb::arg("trials").none())
      .def("ask", &ask)
      .def("report", &report)
      .def("tell", &tell)
      .def("tell_failed", &tell_failed)
      .def("give_back", &give_back)
      .def("enqueue", &enqueue)
      .def("count", &count)
      .def("trial", &trial)
      .def("best", &best)
      .def("event_count", &event_count)
      .def("front", &front)
      .def("spec", &spec)
      .def("close", &close);
}

}  // namespace pegbox::python
