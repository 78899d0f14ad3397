// TrialLog: what trials and workers print.
#include "app/trial_log.h"

#include <fmt/format.h>

#include "app/study_files.h"

namespace pegbox {

std::string whole_log(const Path& file, std::size_t most) {
  std::string text;
  for (const Path& part : {Path(file.string() + ".1"), file})
    if (const auto read = read_file(part)) text += *read;
  return text.size() > most ? text.substr(text.size() - most) : text;
}

Path log_of_trial(const StorePlace& place, const std::string& study, std::int64_t trial) {
  return trial_folder(place, study, trial) / "output.log";
}

std::vector<Path> worker_logs(const Path& folder) {
  std::vector<Path> logs;
  for (int worker = 1;; ++worker) {
    const Path log = folder / fmt::format("worker-{}.log", worker);
    std::error_code ignored;
    if (!std::filesystem::exists(log, ignored)) break;
    logs.push_back(log);
  }
  return logs;
}

}  // namespace pegbox
