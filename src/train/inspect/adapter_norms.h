// Adapter norms: how far low-rank updates move the linear layers that they stand beside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/model/model_files.h"
#include "train/model/network.h"

namespace pegbox::train {

/// Of one linear layer W with the update scale B A (less that of the factors that its base is without).
struct AdapterNorm {
  std::size_t layer = 0;
  std::string target;        ///< "q_proj"
  double norm = 0;           ///< Frobenius, of the update
  double relative_norm = 0;  ///< to that of W
  std::int64_t rank = 0;     ///< of the factors
  std::int64_t energy_rank =
      0;  ///< least number of singular values that hold 99 % of the sum of their squares; 0: all 0
};

/// In the order of the layers and of their parts; empty of networks that are no base with LoRA. DoRA's lengths of rows
/// are not part of it. `network` is of the `base`.
std::vector<AdapterNorm> adapter_norms(const BaseModel& base, const Network& network);

}  // namespace pegbox::train
