// memory: what a run will need of the machine's memory, before anything is allocated, and what the machine has.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/file.h"
#include "text/tokenized.h"
#include "train/method/method.h"
#include "train/model/decoder.h"
#include "train/train_config.h"

namespace pegbox::train {

/// Lengths of a run's rows, in tokens.
struct RowLengths {
  double mean = 0, deviation = 0, longest = 0;
  double label_fraction = 1;     ///< of the tokens
  double evaluation_tokens = 0;  ///< of the validation data, as far as they are used; 0: nothing is evaluated
  double beside_rows = 0;        ///< of other runs' batches, which share passes with a batch of these

  static RowLengths of(const text::TokenizedRows& rows);
};

/// What a teacher needs besides its weights (teacher.h).
struct TeacherNeed {
  double kept_bytes = 0;  ///< of its answers, which are there for all runs that ask the same
  double pass_bytes = 0;  ///< while it is asked, between a run's own passes
};

/// All but activations and workspace to the byte, since method and optimizer say it of themselves; activations are
/// those of the largest micro-batch, counted as autograd keeps them.
struct MemoryNeed {
  double values_bytes = 0;       ///< of what is trained
  double gradients_bytes = 0;    ///< of all lanes
  double state_bytes = 0;        ///< of the optimizer, and of averages
  double copies_bytes = 0;       ///< after spikes, of the best weights, of a stream's earlier sets
  double method_bytes = 0;       ///< what the method keeps besides
  double teacher_bytes = 0;      ///< of a teacher's answers
  double activations_bytes = 0;  ///< of all lanes, with logits and all that comes and goes
  double workspace_bytes = 0;    ///< of kernels, and what the correction adds

  double parameters_bytes() const { return values_bytes + state_bytes + copies_bytes + gradients_bytes + method_bytes; }
  double total_bytes() const { return parameters_bytes() + teacher_bytes + activations_bytes + workspace_bytes; }
};

/// What a process needs besides the tensors it asks for; the first values are those of bench/memory_model.
struct MemoryCorrection {
  double factor = 1.05;            ///< of activations: what an allocator loses between them
  double process_bytes = 5 << 20;  ///< once for a process: workspace of products, code that is read when it first runs

  /// A run of this need ran out of memory when it began with this room for it.
  void learn_shortage(const MemoryNeed& need, double room_bytes);
};

constexpr std::int64_t kMostMicroBatchTokens = 2048;  ///< more does not make a core's matrix products faster
constexpr std::int64_t kLeastMicroBatchTokens = 256;
constexpr double kActivationBytes = 1 << 30;  ///< of a lane, before a micro-batch that is chosen shrinks
constexpr double kFilledFraction = 0.9;       ///< of the memory there is, by a run whose micro-batch is chosen

constexpr double kProgramsBytes = 23 << 20;  ///< of oneDNN for products in bf16

/// What is asked about: a run of a resolved config on a method's model, in `lanes` lanes, on rows of these lengths,
/// with a teacher or without. The base model's weights are not counted: they are there already.
class MemoryModel {
 public:
  MemoryModel(const TrainConfig& config, const Method& method, const Decoder& decoder, int lanes, RowLengths rows,
              MemoryCorrection correction = {}, TeacherNeed teacher = {});

  /// With at most `micro_batch` tokens at once in a lane.
  MemoryNeed need(std::int64_t micro_batch) const;

  /// The config's micro-batch; if that is 0, the largest of 2048, 1024, ... 256 tokens with which a lane's activations
  /// take at most a GiB and the run needs at most `room_bytes`, and 256 if none does.
  std::int64_t micro_batch(double room_bytes) const;

 private:
  double activations_bytes(std::int64_t micro_batch) const;

  const TrainConfig& config_;
  const Method& method_;
  const Decoder& decoder_;
  int lanes_;
  RowLengths rows_;
  MemoryCorrection correction_;
  TeacherNeed teacher_;
  MemoryNeed fixed_;  // without activations
};

/// The tokens of the largest of a batch's micro-batches in a lane, and whether a lane has several in turn.
struct LargestPass {
  double tokens = 0;
  bool several = false;
};
LargestPass largest_pass(const TrainConfig& config, const RowLengths& rows, int lanes, std::int64_t micro_batch);

/// What a machine has for this process, in bytes; 0 where it does not say.
struct MachineMemory {
  double total_bytes = 0;      ///< its physical memory, or the least limit of the process and its control groups
  double available_bytes = 0;  ///< what it could give now without swapping, and what the process freed and kept
};
MachineMemory machine_memory();

double resident_bytes();  ///< of this process now; 0 if the system does not say

double peak_resident_bytes();  ///< the most since the process began, or since the last `forget_peak`
bool forget_peak();            ///< false if the system does not allow it

enum class Fit : std::uint8_t { Fits, NotNow, Never };
Fit fit_of(double need_bytes, const MachineMemory& memory);

/// The least memory limit of control groups, of version 1 or 2, and of those around them; infinite if there is none.
/// `groups` is the text of /proc/self/cgroup, `root` the folder where they are mounted (/sys/fs/cgroup).
double group_limit_bytes(std::string_view groups, const Path& root);

}  // namespace pegbox::train
