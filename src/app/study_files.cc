// Study files: the folder of a study's trials beside the store: what each has written.
#include "app/study_files.h"

#include <algorithm>
#include <set>

#include "search/samplers/standings.h"

namespace pegbox {

namespace {

/// What lies directly in a folder, in the order of the names; nothing if it does not exist.
std::vector<Path> entries_of(const Path& folder) {
  std::vector<Path> entries;
  std::error_code code;
  for (std::filesystem::directory_iterator entry(folder, code), end; !code && entry != end; entry.increment(code))
    entries.push_back(entry->path());
  std::ranges::sort(entries);
  return entries;
}

void add(Garbage& garbage, const Path& path) {
  garbage.paths.push_back(path);
  garbage.bytes += tree_bytes(path);
}

}  // namespace

Path trial_folder(const StorePlace& place, const std::string& study, std::int64_t trial) {
  return place.study_files(study) / ("trial-" + std::to_string(trial));
}

Path trial_result_folder(const StorePlace& place, const std::string& study, std::int64_t trial) {
  return trial_folder(place, study, trial) / "final";
}

Garbage garbage_of_study(const StorePlace& place, const StudyState& state) {
  const History history = state.history();
  const auto front = pareto_front(history);
  std::set<std::int64_t> winners(front.begin(), front.end());
  if (const auto best = best_trial(history)) winners.insert(*best);
  if (const auto best = expected_best_trial(history)) winners.insert(*best);
  Garbage garbage;
  for (const Trial& trial : history.trials) {
    if (!is_final(trial.state)) continue;
    for (const Path& entry : entries_of(trial_folder(place, history.spec.name, trial.number))) {
      const std::string name = entry.filename();
      const bool is_kept = name.ends_with(".log") || (name == "final" && winners.contains(trial.number));
      if (!is_kept) add(garbage, entry);
    }
  }
  return garbage;
}

Garbage garbage_without_study(const StorePlace& place, const std::vector<std::string>& studies) {
  std::set<Path> known;
  for (const std::string& study : studies) known.insert(place.study_files(study).filename());
  Garbage garbage;
  for (const Path& entry : entries_of(place.files))
    if (!known.contains(entry.filename())) add(garbage, entry);
  return garbage;
}

}  // namespace pegbox
