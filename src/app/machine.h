// Machine: what this computer has that matters for training and searching.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace pegbox {

struct Machine {
  std::string processor;              ///< "Intel(R) Xeon(R) Processor"; empty if unknown
  int cores = 1;                      ///< that this process may use
  std::vector<std::string> units;     ///< vector and matrix units that training can use: "avx2", "amx_bf16", ...
  std::uint64_t memory_bytes = 0;     ///< the smaller of the machine's and the control group's limit; 0: unknown
  std::uint64_t available_bytes = 0;  ///< not in use now
  std::vector<std::string> gpus;      ///< "NVIDIA H200, 143771 MiB", as nvidia-smi says

  static Machine look();
};

/// How often a second a 4 KiB append to a new file in `folder` is made durable there, measured for half a second.
Result<double> durable_appends_per_s(const Path& folder);

}  // namespace pegbox
