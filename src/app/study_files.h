// Study files: the folder of a study's trials beside the store: what each has written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/store_place.h"
#include "search/history.h"

namespace pegbox {

/// The folder of one trial: "pegbox.files/STUDY/trial-7".
Path trial_folder(const StorePlace& place, const std::string& study, std::int64_t trial);
/// What the trial leaves when it is done: its adapter or model. It may not exist.
Path trial_result_folder(const StorePlace& place, const std::string& study, std::int64_t trial);

struct Garbage {
  std::vector<Path> paths;  ///< files and folders that nothing needs
  std::uint64_t bytes = 0;
};

/// What may go: folders of trials that have ended (except the best by result, the best by expectation and
/// the Pareto front, whose result folder stays),
/// and checkpoints of those. Trials that may go on keep all.
Garbage garbage_of_study(const StorePlace& place, const StudyState& state);

/// Folders below the files folder that belong to no study in `studies`.
Garbage garbage_without_study(const StorePlace& place, const std::vector<std::string>& studies);

}  // namespace pegbox
