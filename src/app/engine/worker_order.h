// WorkerOrder: what a worker that an engine starts is told: whose trials it takes, and what a machine is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

struct WorkerOrder {
  Path program;     ///< pegbox, as the nodes see it
  std::string url;  ///< of the server, as the nodes reach it
  std::string study;
  Path token_file;                   ///< empty: the token is in the environment, or none is needed
  Path files;                        ///< where trials write; shared by the nodes, so that trials can move
  Path folder;                       ///< where workers run: paths in the study file are relative to it
  double patience_s = 600;           ///< a worker without its server leaves after so long
  std::int64_t gpus = 0;             ///< of each worker; 0: none is asked for
  std::int64_t cpus = 0;             ///< 0: what the engine gives
  std::string partition, account;    ///< of Slurm; empty: its default
  double time_s = 0;                 ///< of a job; 0: the partition's limit
  std::vector<std::string> extra{};  ///< more options of sbatch, as they are written

  /// The command line of one of them; `name`: what it is called in the log, before a number of its own.
  std::vector<std::string> command(const std::string& name) const;
};

/// How many GPUs `workers.gpus` asks of an engine for each worker. InvalidInput for GPUs by name: an engine deals them
/// out.
Result<std::int64_t> gpus_of_worker(const std::string& gpus);

/// `text` as one word of a shell's command line.
std::string shell_word(const std::string& text);

}  // namespace pegbox
