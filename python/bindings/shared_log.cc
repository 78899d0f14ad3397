// pegbox._core.Logs: the studies of a store and their event logs, for adapters that keep a fold of their own.
#include "search/shared_log.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <map>
#include <memory>

#include "bindings/module.h"
#include "bindings/raise.h"
#include "bindings/values.h"
#include "search/stores/table.h"
#include "search/study.h"

namespace pegbox::python {
namespace {

namespace nb = nanobind;

/// Kind, payload and study time, as a store keeps them.
using Lines = std::vector<std::tuple<std::string, std::string, double>>;
using Batch = std::vector<std::pair<std::string, std::string>>;

Lines lines_of(const std::vector<Event>& events) {
  Lines lines;
  for (const Event& event : events)
    lines.emplace_back(kind_of(event.what), encode_payload(event.what), event.study_time_s);
  return lines;
}

StudySpec spec_of(nb::handle json) {
  Document document;
  document.json = json_from(json, "storage");
  document.name = "storage";
  return value_or_raise(StudySpec::read(document));
}

class Logs {
 public:
  explicit Logs(std::unique_ptr<Store> store) : store_(std::move(store)) {}

  std::vector<std::tuple<std::int64_t, std::string, double>> list() {
    std::vector<std::tuple<std::int64_t, std::string, double>> studies;
    for (const StudyEntry& entry : value_or_raise(store_->list()))
      if (entry.event_count > 0) studies.emplace_back(entry.id, entry.name, entry.created_unix_s);
    return studies;
  }

  void create(const StudySpec& spec) { value_or_raise(Study::create(*store_, spec)); }

  void remove(const std::string& study) {
    logs_.erase(study);
    raise_if_failed(store_->remove(study));
  }

  void wait_for_turn(const std::string& study, double patience_s) {
    turns_[study] = value_or_raise(log(study).wait_for_turn(patience_s));
  }
  void end_turn(const std::string& study) { turns_.erase(study); }

  Lines refresh(const std::string& study) { return lines_of(value_or_raise(log(study).refresh())); }

  Lines append(const std::string& study, double study_time_s, const Batch& batch) {
    std::vector<Event::What> whats;
    for (const auto& [kind, payload] : batch) whats.push_back(value_or_raise(decode_payload(kind, payload)));
    return lines_of(value_or_raise(log(study).append(study_time_s, "optuna", std::move(whats))));
  }

  /// From the beginning again: the study may be another one of the same name.
  void forget(const std::string& study) { logs_.erase(study); }

 private:
  SharedLog& log(const std::string& study) { return logs_.try_emplace(study, *store_, study).first->second; }

  std::unique_ptr<Store> store_;
  std::map<std::string, SharedLog> logs_;
  std::map<std::string, std::unique_ptr<StudyLease>> turns_;
};

template <class Call>
auto without_lock(Call call) {
  const nb::gil_scoped_release release;
  return call();
}

std::unique_ptr<Logs> open(const std::string& url) {
  return without_lock([&] { return std::make_unique<Logs>(value_or_raise(open_store(url))); });
}

void create(Logs& logs, nb::handle spec) {
  const StudySpec read = spec_of(spec);
  without_lock([&] { logs.create(read); });
}

Lines append(Logs& logs, const std::string& study, double study_time_s, nb::list events) {
  Batch batch;
  for (const nb::handle event : events)
    batch.emplace_back(nb::cast<std::string>(event[0]), to_line(json_from(event[1], "storage")));
  return without_lock([&] { return logs.append(study, study_time_s, batch); });
}

void wait_for_turn(Logs& logs, const std::string& study, double patience_s) {
  without_lock([&] { logs.wait_for_turn(study, patience_s); });
}

/// A member function of a study's name alone.
template <auto kCall>
auto in_study() {
  return [](Logs& logs, const std::string& study) { return without_lock([&] { return (logs.*kCall)(study); }); };
}

/// Why the space of a study could not have this parameter; empty if it could.
std::string parameter_fault(const std::string& name, nb::handle parameter) {
  Document document;
  document.json = json_from(parameter, "storage");
  document.name = "storage";
  const auto read = Parameter::read(name, document.root());
  return read ? "" : read.error().message;
}

}  // namespace

void bind_shared_log(nb::module_& module) {
  using nb::arg;
  module.def("parameter_fault", &parameter_fault, arg("name"), arg("parameter"));
  nb::class_<Logs>(module, "Logs")
      .def_static("open", &open, arg("url"))
      .def("list", [](Logs& logs) { return without_lock([&] { return logs.list(); }); })
      .def("create", &create, arg("spec"))
      .def("remove", in_study<&Logs::remove>(), arg("study"))
      .def("wait_for_turn", &wait_for_turn, arg("study"), arg("patience_s"))
      .def("end_turn", in_study<&Logs::end_turn>(), arg("study"))
      .def("refresh", in_study<&Logs::refresh>(), arg("study"))
      .def("append", &append, arg("study"), arg("study_time_s"), arg("events"))
      .def("forget", in_study<&Logs::forget>(), arg("study"));
}

}  // namespace pegbox::python
