// WorkerPlaces: which threads and GPUs each worker of a study gets, as environment variables.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "search/study_spec.h"

namespace pegbox {

using Environment = std::map<std::string, std::string>;

/// What this machine has to divide.
struct Resources {
  int cores = 1;
  std::vector<std::string> gpus;  ///< their names for CUDA_VISIBLE_DEVICES

  /// The cores that this process may use, and the GPUs of $CUDA_VISIBLE_DEVICES, else all that /dev shows.
  static Resources look();
};

/// One environment for each worker: OMP_NUM_THREADS (threads are divided among the workers, never oversubscribed) and
/// CUDA_VISIBLE_DEVICES (dealt out in turn; several workers share a GPU where there are fewer). InvalidInput for GPUs
/// that the machine does not have.
Result<std::vector<Environment>> worker_environments(const Workers& workers, const Resources& resources);

/// The threads of one worker: as given, else the cores divided by the workers, at least 1.
int threads_of_worker(const Workers& workers, const Resources& resources);

}  // namespace pegbox
