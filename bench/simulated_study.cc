// A simulated study with 8 workers that may be killed at any moment and started again: it goes on where its log ends.
//
//   pegbox-bench-simulated_study TRIALS STORE_URL [DUMP_FILE]
//
// Runs to the end of the study and exits 0; with DUMP_FILE, it writes the log there, an event a line, without the
// notes that every start adds. After each commit it prints the number of events that are acknowledged.
#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "base/file.h"
#include "search/director.h"
#include "search/executors/simulated_executor.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/stores/table.h"
#include "search/study.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

constexpr std::int64_t kSteps = 27;

Result<StudySpec> spec_of(std::int64_t trials) {
  Document document;
  document.name = "simulated";
  document.json = {{"name", "simulated"},
                   {"space", {{"x", {{"range", {0, 10}}}}, {"rate", {{"range", {1e-4, 1}}, {"scale", "log"}}}}},
                   {"objective", {{"minimize", "loss"}}},
                   {"budget", {{"trials", trials}}},
                   {"search", "random"},
                   {"stop", {{"name", "asha"}, {"reduction", 3}}},
                   {"steps", kSteps},
                   {"seed", 7}};
  return StudySpec::read(document);
}

/// A power law that ends lower the nearer x is to 3; slow configurations take longer.
SimulatedTrial course_of(const Launch& launch) {
  const double x = as_number(*launch.config.find("x")), rate = as_number(*launch.config.find("rate"));
  SimulatedTrial trial;
  trial.length = kSteps;
  trial.seconds_per_step = 1 + 0.37 * x;
  trial.curve = [=](std::int64_t step) -> Metrics {
    return {{"loss", std::abs(x - 3) + std::abs(std::log10(rate) + 2) + 5 / std::sqrt(static_cast<double>(step))}};
  };
  return trial;
}

/// Says how much of the log is durable, so that whoever kills us knows what must be there afterwards.
class Acknowledger final : public Observer {
 public:
  void on_event(const Event& event) override {
    fmt::print("{}\n", event.index + 1);
    std::fflush(stdout);
  }
};

Result<void> dump(Store& store, const std::string& path) {
  PEGBOX_TRY(const auto events, store.read("simulated"));
  std::string text;
  for (const Event& event : events)
    if (!std::holds_alternative<event::Note>(event.what) || std::get<event::Note>(event.what).trial)
      text += fmt::format("{:.17g} {} {}\n", event.study_time_s, kind_of(event.what), encode_payload(event.what));
  return replace_file(path, text);
}

Result<void> run(std::int64_t trials, const std::string& url, const std::string& dump_file) {
  PEGBOX_TRY(const StudySpec spec, spec_of(trials));
  PEGBOX_TRY(const auto store, open_store(url));
  auto study = Study::open(*store, spec.name);
  if (!study && study.error().kind == ErrorKind::NotFound) study = Study::create(*store, spec);
  if (!study) return tl::make_unexpected(study.error());
  PEGBOX_TRY(const auto sampler, make_sampler(spec));
  PEGBOX_TRY(const auto scheduler, make_scheduler(spec));
  Director director(*sampler, *scheduler);
  SimulatedExecutor executor(course_of, 8, (*study)->state().now_s());
  Acknowledger acknowledger;
  (*study)->observe(acknowledger);
  Tuner tuner(**study, director, executor, {});
  PEGBOX_CHECK(tuner.run());
  return dump_file.empty() ? Result<void>{} : dump(*store, dump_file);
}

}  // namespace
}  // namespace pegbox

int main(int argc, char** argv) {
  if (argc < 3) return fmt::print(stderr, "usage: TRIALS STORE_URL [DUMP_FILE]\n"), 2;
  const auto done = pegbox::run(std::atoll(argv[1]), argv[2], argc > 3 ? argv[3] : "");
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().message);
  return 3;
}
