// SlurmScript: the batch script of an array of workers, and what Slurm's commands print.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "app/engine/worker_order.h"
#include "app/engine/workforce.h"

namespace pegbox {

/// A script for `sbatch`: `count` workers, each a task of the array with the machine that `order` asks for, whose
/// output goes below `logs`. Slurm signals a worker a minute and a half before its time is over, and starts it again
/// elsewhere when it was preempted.
std::string slurm_script(const WorkerOrder& order, int count, const Path& logs);

/// The workers among the jobs that `squeue` listed in the format kSqueueFormat, of these arrays.
std::vector<Hand> read_squeue(std::string_view printed, const std::set<std::string>& arrays);
inline constexpr char kSqueueFormat[] = "%F|%K|%T|%r";

std::string slurm_time(double seconds);  ///< "1-02:30:00", "4:00:00"; whole minutes, rounded up

/// What a person may do about what `sbatch` said when it refused a job.
std::string slurm_hint(std::string_view said);

}  // namespace pegbox
