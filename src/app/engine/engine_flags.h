// EngineFlags: `--on slurm|ray` and what goes with it, of `pegbox tune` and `pegbox launch`.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/engine/worker_order.h"
#include "app/engine/workforce.h"
#include "app/option.h"
#include "app/study_file.h"

namespace pegbox {

struct EngineFlags {
  std::string on;  ///< empty: this machine
  std::string host, partition, account, time;
  std::vector<std::string> extra;
  std::int64_t port = 0, gpus = -1, cpus = -1, workers = 0;

  std::vector<Option> options();

  bool is_given() const { return !on.empty(); }

  /// What each worker is told and gets: the study file's `workers:`, over which flags go. Without the server's address.
  Result<WorkerOrder> order(const StudyFile& file, const Path& files) const;
  int count(const StudyFile& file) const;  ///< workers at once, at most
  std::string address() const;             ///< that the nodes reach this machine by

  /// Whether all this can be, before a study is made: InvalidInput, or NotFound where the engine is not here.
  Result<void> check(const StudyFile& file, const Path& files) const;

  /// The engine; `folder`: for what it writes of the study. NotFound, with the next step, if it is not there.
  Result<std::unique_ptr<Workforce>> make_workforce(WorkerOrder order, const std::string& token,
                                                    const Path& folder) const;
};

}  // namespace pegbox
