// memory: see memory.h.
#include "train/memory.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "base/number.h"
#include "train/consolidation.h"
#include "train/kernels/attention.h"
#include "train/meta.h"
#include "train/method/trace.h"
#include "train/optim/weight_average.h"

namespace pegbox::train {

namespace {

constexpr double kMostFactor = 4;        // of a correction: beyond it something else is wrong
constexpr double kShortageFactor = 1.1;  // by which it grows at least

/// The limit in a control group's file; infinite if there is no such file, or it says "max".
double limit_of(const Path& file) {
  const auto text = read_file(file);
  std::int64_t bytes = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), bytes).ec != std::errc()) return kInfinity;
  return static_cast<double>(bytes);
}

/// A member of /proc/meminfo or /proc/self/status, in bytes; 0 if it is not there.
double member_bytes(const std::string& text, const std::string& member) {
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with(member + ":")) return std::strtod(line.c_str() + member.size() + 1, nullptr) * 1024;
  return 0;
}

/// What a limit of this process leaves, as far as it has `held` of it; infinite without one.
double left_of(int resource, double held) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kInfinity;
  return std::max(1.0, static_cast<double>(limit.rlim_cur) - held);
}

/// What limits of address space and of data leave to this process, and give it in all: with its data as they are, for
/// what it freed of them is its own still.
struct ProcessLimits {
  double left = kInfinity, total = kInfinity;
};

ProcessLimits process_limits() {
  const auto text = read_file("/proc/self/status");
  if (!text) return {};
  const double data = member_bytes(*text, "VmData");
  const double left = std::min(left_of(RLIMIT_AS, member_bytes(*text, "VmSize")), left_of(RLIMIT_DATA, data));
  return {.left = left, .total = left + data};
}

}  // namespace

void MemoryCorrection::learn_shortage(const MemoryNeed& need, double room_bytes) {
  const double could =
      (room_bytes - need.parameters_bytes() - need.teacher_bytes) / std::max(1.0, need.activations_bytes);
  factor = std::min(kMostFactor, std::max(kShortageFactor * factor, could));
}

RowLengths RowLengths::of(const text::TokenizedRows& rows) {
  RowLengths lengths;
  const auto count = static_cast<double>(std::max<std::int64_t>(1, rows.size()));
  const auto tokens = static_cast<double>(std::max<std::int64_t>(1, rows.total_tokens()));
  lengths.mean = tokens / count;
  double squares = 0;
  for (std::int64_t row = 0; row < rows.size(); ++row) {
    const auto length = static_cast<double>(rows.length(row));
    squares += (length - lengths.mean) * (length - lengths.mean);
    lengths.longest = std::max(lengths.longest, length);
  }
  lengths.deviation = std::sqrt(squares / count);
  lengths.label_fraction = static_cast<double>(rows.total_label_tokens()) / tokens;
  return lengths;
}

/// Batches differ; of a run's, one is about two deviations above the mean.
LargestPass largest_pass(const TrainConfig& config, const RowLengths& rows, int lanes, std::int64_t micro_batch) {
  const double batch_rows = static_cast<double>(config.batch_size) + rows.beside_rows;
  const double most = batch_rows * rows.mean + 2 * std::sqrt(batch_rows) * rows.deviation;
  const double tokens = std::min(batch_rows * rows.longest, most);
  const double each = lanes * static_cast<double>(micro_batch);
  const double turns = std::max(1.0, std::ceil(tokens / each));
  return {.tokens = std::max(tokens / (lanes * turns), std::min(rows.longest, rows.mean + 2 * rows.deviation)),
          .several = turns > 1};
}

MemoryModel::MemoryModel(const TrainConfig& config, const Method& method, const Decoder& decoder, int lanes,
                         RowLengths rows, MemoryCorrection correction, TeacherNeed teacher)
    : config_(config),
      method_(method),
      decoder_(decoder),
      lanes_(lanes),
      rows_(rows),
      correction_(correction),
      teacher_(teacher) {
  std::vector<Parameter> parameters = method.parameter_shapes();
  complete_parameters(config, decoder.layout(), parameters);
  for (const Parameter& parameter : parameters) fixed_.values_bytes += static_cast<double>(parameter.value.nbytes());
  fixed_.gradients_bytes = lanes * fixed_.values_bytes;
  fixed_.state_bytes = static_cast<double>(optimizer_state_bytes(config, parameters) +
                                           bytes_of(WeightAverage(config, parameters).state()));
  if (config.spike_rollback > 0) fixed_.copies_bytes += fixed_.values_bytes + fixed_.state_bytes;
  if (config.restore_best) fixed_.copies_bytes += fixed_.values_bytes;
  fixed_.copies_bytes += consolidation_bytes(config, fixed_.values_bytes);
  fixed_.copies_bytes += meta_bytes(config, fixed_.values_bytes, fixed_.state_bytes);
  fixed_.method_bytes = static_cast<double>(method.own_bytes());
  fixed_.teacher_bytes = teacher.kept_bytes;
  fixed_.workspace_bytes = (config.precision == "bf16" ? kProgramsBytes : 0) + correction.process_bytes +
                           lanes * kernels::attention_scratch_bytes(rows.longest);
}

double MemoryModel::activations_bytes(std::int64_t micro_batch) const {
  const auto tape = [&](double tokens, double label_rows) {
    const double documents = std::max(1.0, tokens / std::max(1.0, rows_.mean));
    return training_tape(config_, method_, decoder_, {tokens, label_rows, documents});
  };
  const LargestPass largest = largest_pass(config_, rows_, lanes_, micro_batch);
  const double training = tape(largest.tokens, largest.tokens * rows_.label_fraction).peak(largest.several);
  const double with_gradients = lanes_ * training + (largest.several ? fixed_.gradients_bytes : 0);
  const double evaluated = std::min(static_cast<double>(micro_batch), rows_.evaluation_tokens);
  const double evaluation = evaluated > 0 ? tape(evaluated, evaluated * rows_.label_fraction).forward_peak() : 0;
  return std::max({0.0, with_gradients - fixed_.gradients_bytes, lanes_ * evaluation, teacher_.pass_bytes});
}

MemoryNeed MemoryModel::need(std::int64_t micro_batch) const {
  MemoryNeed need = fixed_;
  need.activations_bytes = activations_bytes(micro_batch);
  need.workspace_bytes += (correction_.factor - 1) * need.activations_bytes;
  return need;
}

std::int64_t MemoryModel::micro_batch(double room_bytes) const {
  if (config_.micro_batch > 0) return config_.micro_batch;
  const auto fits = [&](std::int64_t tokens) {
    const MemoryNeed with = need(tokens);
    return with.total_bytes() <= room_bytes && with.activations_bytes <= lanes_ * kActivationBytes;
  };
  std::int64_t tokens = kMostMicroBatchTokens;
  while (tokens > kLeastMicroBatchTokens && !fits(tokens)) tokens /= 2;
  return tokens;
}

double group_limit_bytes(std::string_view groups, const Path& root) {
  double least = kInfinity;
  std::istringstream lines{std::string(groups)};
  for (std::string line; std::getline(lines, line);) {  // 4:memory:/a/b, or 0::/a/b of version 2
    const auto first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controller = line.substr(first + 1, second - first - 1);
    if (!controller.empty() && controller != "memory") continue;
    const Path top = controller.empty() ? root : root / controller;
    const char* const file = controller.empty() ? "memory.max" : "memory.limit_in_bytes";
    for (Path group = Path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      least = std::min(least, limit_of(top / group / file));
      if (group.empty()) break;
    }
  }
  return least;
}

MachineMemory machine_memory() {
  const auto text = read_file("/proc/meminfo"), groups = read_file("/proc/self/cgroup");
  if (!text) return {};
  const ProcessLimits limits = process_limits();
  const double freed = static_cast<double>(::mallinfo2().fordblks);
  const double group = groups ? group_limit_bytes(*groups, "/sys/fs/cgroup") : kInfinity;
  return {.total_bytes = std::min({member_bytes(*text, "MemTotal"), group, limits.total}),
          .available_bytes = std::min(member_bytes(*text, "MemAvailable"), limits.left) + freed};
}

double peak_resident_bytes() {
  const auto text = read_file("/proc/self/status");
  return text ? member_bytes(*text, "VmHWM") : 0;
}

bool forget_peak() {
  std::ofstream file("/proc/self/clear_refs");
  return static_cast<bool>(file << "5" << std::flush);  // proc(5): resets the peak resident size
}

double resident_bytes() {
  const auto text = read_file("/proc/self/statm");
  double all = 0, resident = 0;
  if (text) std::istringstream(*text) >> all >> resident;  // in pages
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

Fit fit_of(double need_bytes, const MachineMemory& memory) {
  if (memory.total_bytes > 0 && need_bytes > memory.total_bytes) return Fit::Never;
  if (memory.available_bytes > 0 && need_bytes > memory.available_bytes) return Fit::NotNow;
  return Fit::Fits;
}

}  // namespace pegbox::train
