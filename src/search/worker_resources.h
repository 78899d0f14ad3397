// WorkerResources: what an engine (Slurm, Ray) is asked for each worker: the members of a study file's `workers:` that
// the search itself has no use for.
#pragma once

#include <cstdint>
#include <string>

#include "base/field_table.h"
#include "search/study_spec.h"

namespace pegbox {

struct WorkerResources {
  std::int64_t cpus = 0;  ///< 0: `workers.threads`, else what the engine gives
  double time_s = 0;      ///< of a job; 0: the partition's limit
  std::string partition;  ///< of Slurm; empty: its default
  std::string account;    ///< of Slurm; empty: its default
};

const FieldTable<WorkerResources>& worker_resource_fields();

/// Those of a study, whose file has been read and checked.
WorkerResources worker_resources(const StudySpec& spec);

}  // namespace pegbox
