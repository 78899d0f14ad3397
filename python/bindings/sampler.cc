// pegbox._core.Sampler: a sampler on a history that somebody else keeps, for adapters to other libraries.
#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/unique_ptr.h>
#include <nanobind/stl/vector.h>

#include <memory>

#include "bindings/module.h"
#include "bindings/raise.h"
#include "bindings/values.h"
#include "search/history.h"
#include "search/samplers/table.h"

namespace pegbox::python {
namespace {

namespace nb = nanobind;

using Reports = std::vector<std::pair<std::int64_t, Metrics>>;

class HistorySampler {
 public:
  explicit HistorySampler(const Json& spec) {
    apply(event::StudyCreated{spec, PEGBOX_VERSION});
    sampler_ = value_or_raise(make_sampler(state_.spec()));
  }

  std::int64_t begin(Config config) {
    const auto number = static_cast<std::int64_t>(state_.history().trials.size());
    apply(event::TrialCreated{number, std::move(config), {}, 0, {}});
    apply(event::TrialStarted{number, {}, 0, 0, 0});
    return number;
  }

  void end(std::int64_t number, const Reports& reports, TrialState to, std::optional<FailureKind> failure) {
    for (const auto& [step, metrics] : reports) apply(event::TrialReported{number, step, metrics});
    apply(event::TrialMoved{number, to, state_.trial(number).step, {}, failure, {}});
  }

  std::optional<Config> suggest() {
    const History history = state_.history();
    const RngKey key{history.spec.seed, stream_id("sampler"), history.trials.size()};
    auto suggestions = value_or_raise(sampler_->suggest(history, 1, key));
    if (suggestions.empty()) return std::nullopt;
    return std::move(suggestions.front().config);
  }

 private:
  void apply(Event::What what) { raise_if_failed(state_.apply({state_.event_count(), 0, "adapter", std::move(what)})); }

  StudyState state_;
  std::unique_ptr<Sampler> sampler_;
};

std::unique_ptr<HistorySampler> create(nb::handle spec) {
  return std::make_unique<HistorySampler>(json_from(spec, "Sampler"));
}

std::int64_t begin(HistorySampler& sampler, nb::handle config) {
  return sampler.begin(config_from(config, "Sampler.begin"));
}

void end(HistorySampler& sampler, std::int64_t trial, const Reports& reports, const std::string& state,
         const std::optional<std::string>& failure) {
  const auto to = trial_state_of(state);
  if (!to) raise(ErrorKind::InvalidInput, {.where = "Sampler.end", .what = "no such state", .got = state});
  sampler.end(trial, reports, *to, failure ? failure_kind_of(*failure) : std::nullopt);
}

nb::object suggest(HistorySampler& sampler) {
  std::optional<Config> config;
  {
    const nb::gil_scoped_release release;
    config = sampler.suggest();
  }
  return config ? nb::object(to_python(*config)) : nb::none();
}

}  // namespace

void bind_sampler(nb::module_& module) {
  nb::class_<HistorySampler>(module, "Sampler")
      .def_static("create", &create, nb::arg("spec"))
      .def("begin", &begin, nb::arg("config"))
      .def("end", &end, nb::arg("trial"), nb::arg("reports"), nb::arg("state"), nb::arg("failure").none())
      .def("suggest", &suggest);
}

}  // namespace pegbox::python
