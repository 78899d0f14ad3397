// TrialLog: the files in which trials and workers leave what they print.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/store_place.h"

namespace pegbox {

/// The text of FILE.1 and FILE, which follow each other when a log has grown large; of its end, if `most` bytes do not
/// hold it.
std::string whole_log(const Path& file, std::size_t most = SIZE_MAX);

/// What the program of one trial prints.
Path log_of_trial(const StorePlace& place, const std::string& study, std::int64_t trial);

/// What workers print that run many trials, in a study's folder: worker-1.log, worker-2.log, ...
std::vector<Path> worker_logs(const Path& folder);

}  // namespace pegbox
