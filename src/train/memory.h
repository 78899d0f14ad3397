// memory: what a run will need of the machine's memory, before anything is allocated.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/file.h"
#include "train/method/method.h"
#include "train/model/decoder.h"
#include "train/train_config.h"

namespace pegbox::train {

/// All but activations to the byte, since method and optimizer say it of themselves.
struct MemoryNeed {
  double values_bytes = 0;       ///< of what is trained
  double gradients_bytes = 0;    ///< of all lanes
  double state_bytes = 0;        ///< of the optimizer, and of averages
  double copies_bytes = 0;       ///< to go back to: after spikes, and to the best weights
  double method_bytes = 0;       ///< what the method keeps besides
  double activations_bytes = 0;  ///< what the forward passes of all lanes leave for the backward passes

  double snapshot_bytes() const { return values_bytes + state_bytes + copies_bytes; }
  double parameters_bytes() const { return snapshot_bytes() + gradients_bytes + method_bytes; }
  double total_bytes() const { return parameters_bytes() + activations_bytes; }
};

/// Bytes that one token leaves behind for the backward pass: inputs of the linear layers, the residual stream, norms,
/// queries, keys, values and what the gate has seen; about, and rather too much. With `recompute` what goes into the
/// layers, and one layer's.
double activation_bytes_per_token(const ModelConfig& config, bool recompute);

constexpr std::int64_t kMostMicroBatchTokens = 2048;  ///< more does not make a core's matrix products faster
constexpr std::int64_t kLeastMicroBatchTokens = 256;
constexpr double kActivationBytes = 1 << 30;  ///< that one lane's activations may take before micro-batches shrink

/// How many tokens a lane computes at once: the config's, or by the model's size if that is 0.
std::int64_t micro_batch_tokens(const TrainConfig& config, const ModelConfig& model);

/// What a run of a resolved config needs. The base model's weights are not counted: they are there already.
/// `tokens_per_row`: mean of the data; rows with virtual tokens before them have activations of those too.
MemoryNeed memory_need(const TrainConfig& config, const Method& method, const Decoder& decoder, int lanes,
                       double tokens_per_row);

/// What a machine has for this process, in bytes; 0 where it does not say.
struct MachineMemory {
  double total_bytes = 0;      ///< its physical memory, or the least limit of the process's control groups
  double available_bytes = 0;  ///< what it could give now without swapping
};
MachineMemory machine_memory();

double resident_bytes();  ///< of this process now; 0 if the system does not say

enum class Fit : std::uint8_t { Fits, NotNow, Never };
Fit fit_of(double need_bytes, const MachineMemory& memory);

/// The least memory limit of control groups, of version 1 or 2, and of those around them; infinite if there is none.
/// `groups` is the text of /proc/self/cgroup, `root` the folder where they are mounted (/sys/fs/cgroup).
double group_limit_bytes(std::string_view groups, const Path& root);

}  // namespace pegbox::train
