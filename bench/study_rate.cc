// How fast a study can go: trial ends and reports per second through the whole loop (tuner, director, store).
//
//   pegbox-bench-study_rate trials N WORKERS STORE_URL     N trials of one report each, of no work
//   pegbox-bench-study_rate reports N WORKERS STORE_URL    WORKERS trials of N reports each
//   pegbox-bench-study_rate disk N FILE                    N times: append 512 bytes, fdatasync
//
// Prints one line of JSON.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <string>

#include "base/file.h"
#include "search/director.h"
#include "search/executors/inline_executor.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/stores/table.h"
#include "search/study.h"
#include "search/tuner.h"

namespace pegbox {
namespace {

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

Result<StudySpec> spec_of(std::int64_t trials) {
  Document document;
  document.name = "bench";
  document.json = {
      {"name", "bench"},
      {"space", {{"learning_rate", {{"range", {1e-5, 1e-1}}, {"scale", "log"}}}, {"rank", {{"choice", {4, 8, 16}}}}}},
      {"objective", {{"minimize", "loss"}}},
      {"budget", {{"trials", trials}}},
      {"search", "random"},
      {"stop", "none"}};
  return StudySpec::read(document);
}

Result<double> run_study(const std::string& url, std::int64_t trials, int workers, std::int64_t reports_each) {
  PEGBOX_TRY(const StudySpec spec, spec_of(trials));
  PEGBOX_TRY(const auto store, open_store(url));
  PEGBOX_TRY(const auto study, Study::create(*store, spec));
  PEGBOX_TRY(const auto sampler, make_sampler(spec));
  PEGBOX_TRY(const auto scheduler, make_scheduler(spec));
  Director director(*sampler, *scheduler);
  InlineExecutor executor(
      [reports_each](const Launch& launch, InlineReporter& reporter) -> Result<LegEnd> {
        const double rate = as_number(*launch.config.find("learning_rate"));
        for (std::int64_t step = 1; step < reports_each; ++step)
          reporter.report(step, {{"loss", rate / static_cast<double>(step)}});
        return LegEnd{.step = reports_each, .metrics = {{"loss", rate}}, .checkpoint = {}};
      },
      workers == 1 ? 0 : workers);  // one runs on the tuner's own thread
  Tuner tuner(*study, director, executor, {});
  const double start_s = now_s();
  PEGBOX_CHECK(tuner.run());
  return now_s() - start_s;
}

Result<double> write_and_sync(const std::string& path, std::int64_t times) {
  PEGBOX_TRY(AppendFile file, AppendFile::open(path));
  const std::string record(512, 'x');
  const double start_s = now_s();
  for (std::int64_t i = 0; i < times; ++i) {
    PEGBOX_CHECK(file.append(record));
    PEGBOX_CHECK(file.sync());
  }
  return now_s() - start_s;
}

Result<std::string> run(const std::string& what, std::int64_t count, int argc, char** argv) {
  if (what == "disk" && argc == 4) {
    PEGBOX_TRY(const double seconds, write_and_sync(argv[3], count));
    return fmt::format(R"({{"syncs_per_s": {:.1f}}})", static_cast<double>(count) / seconds);
  }
  if (argc != 5)
    return fail(ErrorKind::InvalidInput, {.what = "usage: trials|reports N WORKERS STORE_URL, or disk N FILE"});
  const int workers = std::atoi(argv[3]);
  const bool trials = what == "trials";
  PEGBOX_TRY(const double seconds, run_study(argv[4], trials ? count : workers, workers, trials ? 1 : count));
  const double total = static_cast<double>(trials ? count : count * workers);
  return fmt::format(R"({{"{}_per_s": {:.1f}, "seconds": {:.3f}}})", what, total / seconds, seconds);
}

}  // namespace
}  // namespace pegbox

int main(int argc, char** argv) {
  const auto line = pegbox::run(argc > 1 ? argv[1] : "", argc > 2 ? std::atoll(argv[2]) : 0, argc, argv);
  if (line) return fmt::print("{}\n", *line), 0;
  fmt::print(stderr, "{}\n", line.error().message);
  return 2;
}
