// StudyRun: runs a study in this process.
#include "app/study_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/executor_factory.h"
#include "app/patience.h"
#include "app/progress.h"
#include "app/session.h"
#include "app/study_retraining.h"
#include "search/samplers/source_mapping.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/spec_change.h"
#include "search/stores/earlier_study.h"

namespace pegbox {

namespace {

Result<bool> exists(Store& store, const std::string& name) {
  PEGBOX_TRY(const auto entries, list_studies(store));
  return std::ranges::any_of(entries, [&](const StudyEntry& entry) { return entry.name == name; });
}

std::string in_lines(const std::vector<std::string>& differences) {
  std::string text;
  for (const std::string& difference : differences) text += "\n  " + difference;
  return text;
}

ReadEarlier reader_of_earlier(Store& store, const StudyFile& file) {
  return [&](const EarlierStudy& which) { return read_earlier_study(store, which, file.spec.name, file.folder); };
}

/// Takes over what changed in the file since the study was last run. Before the first measurement anything may change.
Result<void> take_changes(Store& store, Study& study, const StudyFile& file, bool accept_changes, Console& console) {
  const SpecChange change = compare_specs(study.state().spec(), file.spec);
  if (change.is_none()) return {};
  std::vector<std::string> all = change.budget_differences;
  all.insert(all.end(), change.differences.begin(), change.differences.end());
  const bool has_begun =
      std::ranges::any_of(study.history().trials, [](const Trial& trial) { return !trial.reports.empty(); });
  if (has_begun && !change.is_larger_budget() && !accept_changes)
    return fail(
        ErrorKind::InvalidInput,
        {.where = file.spec.name,
         .what = "the study file is not the one that this study was run with:" + in_lines(all) + "\n",
         .hint = "undo the change, give the study another name, or take it with `pegbox tune --accept-changes`"});
  console.say("The study file has changed:" + in_lines(all));
  PEGBOX_CHECK(append_change(study, file.spec, reader_of_earlier(store, file)));
  return study.commit();
}

/// What a later retraining is compared by.
Result<void> note_machine(Study& study) {
  const auto known = study.state().notes().find(kMachineNote);
  Json now = machine_note(study.state().spec());
  if (known != study.state().notes().end() && known->second == now) return {};
  return study.append(study.state().now_s(), kTunerAuthor, event::Note{{}, kMachineNote, std::move(now)});
}

}  // namespace

Result<void> check_strategies(const StudySpec& spec) {
  PEGBOX_TRY(const auto sampler, make_sampler(spec));
  PEGBOX_TRY(const auto scheduler, make_scheduler(spec));
  return {};
}

Result<HeldStudy> hold_study(Store& store, StudyFile& file, bool accept_changes, Console& console) {
  HeldStudy held;
  PEGBOX_TRY(const bool is_known, exists(store, file.spec.name));
  if (!is_known) {
    PEGBOX_CHECK(file.describe());
    PEGBOX_TRY(auto sources, map_sources(file.spec, reader_of_earlier(store, file)));
    PEGBOX_TRY(held.study, Study::create(store, file.spec, std::move(sources)));
    for (const event::SourceAdded& source : held.study->history().sources)
      console.say("It starts from " + in_words(source) + ".");
    PEGBOX_TRY(held.lease, patiently([&] { return store.lease(file.spec.name); }));
    held.is_new = true;
    return held;
  }
  PEGBOX_TRY(held.lease, patiently([&] { return store.lease(file.spec.name); }));
  PEGBOX_TRY(held.study, Study::open(store, file.spec.name));
  PEGBOX_CHECK(take_changes(store, *held.study, file, accept_changes, console));
  return held;
}

Result<RunResult> run_study(Store& store, Study& study, const StudyFile& file, const StorePlace& place,
                            Console& console, const std::atomic<bool>& interrupted) {
  const StudySpec& spec = study.state().spec();
  PEGBOX_TRY(const auto sampler, make_sampler(spec));
  PEGBOX_TRY(const auto scheduler, make_scheduler(spec));
  PEGBOX_TRY(const auto executor, make_executor(file, place.study_files(spec.name), interrupted));
  PEGBOX_TRY(const auto stale, store.take_commands(spec.name));  // wishes of before this run are not for it
  Director director(*sampler, *scheduler);
  TunerOptions options;
  options.interrupted = &interrupted;
  options.commands = [&store, name = spec.name] { return store.take_commands(name); };
  Tuner tuner(study, director, *executor, options);
  Progress progress(study, store, console, interrupted);
  study.observe(progress);
  PEGBOX_CHECK(note_machine(study));
  return tuner.run();
}

}  // namespace pegbox
