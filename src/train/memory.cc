// memory: see memory.h.
#include "train/memory.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>

#include "base/number.h"
#include "train/optim/weight_average.h"

namespace pegbox::train {

namespace {

constexpr double kStreamTensors = 2;  // that lead from layer to layer: the stream, and what is still to be added

/// The limit in a control group's file; infinite if there is no such file, or it says "max".
double limit_of(const Path& file) {
  const auto text = read_file(file);
  std::int64_t bytes = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), bytes).ec != std::errc()) return kInfinity;
  return static_cast<double>(bytes);
}

/// A member of /proc/meminfo, in bytes; 0 if it is not there.
double meminfo_bytes(const std::string& text, const std::string& member) {
  std::istringstream stream(text);
  for (std::string name, unit; stream >> name;) {
    double kibibytes = 0;
    stream >> kibibytes;
    std::getline(stream, unit);
    if (name == member + ":") return kibibytes * 1024;
  }
  return 0;
}

}  // namespace

double activation_bytes_per_token(const ModelConfig& config, bool recompute) {
  const double width = static_cast<double>(config.width), inner = static_cast<double>(config.feed_forward);
  const double heads = static_cast<double>((config.heads + 2 * config.kv_heads) * config.head_width);
  const double layers = static_cast<double>(config.layers), of_layer = 8 * width + 2 * heads + 4 * inner;
  return sizeof(float) * (recompute ? layers * kStreamTensors * width + of_layer : layers * of_layer);
}

std::int64_t micro_batch_tokens(const TrainConfig& config, const ModelConfig& model) {
  if (config.micro_batch > 0) return config.micro_batch;
  const double fitting = kActivationBytes / activation_bytes_per_token(model, config.recompute != "none");
  return std::clamp(static_cast<std::int64_t>(fitting), kLeastMicroBatchTokens, kMostMicroBatchTokens);
}

MemoryNeed memory_need(const TrainConfig& config, const Method& method, const Decoder& decoder, int lanes,
                       double tokens_per_row) {
  std::vector<Parameter> parameters = method.parameter_shapes();
  complete_parameters(config, decoder.layout(), parameters);
  MemoryNeed need;
  for (const Parameter& parameter : parameters) need.values_bytes += static_cast<double>(parameter.value.nbytes());
  need.gradients_bytes = lanes * need.values_bytes;
  need.state_bytes = static_cast<double>(optimizer_state_bytes(config, parameters) +
                                         bytes_of(WeightAverage(config, parameters).state()));
  if (config.spike_rollback > 0) need.copies_bytes += need.values_bytes + need.state_bytes;
  if (config.restore_best) need.copies_bytes += need.values_bytes;
  need.method_bytes = static_cast<double>(method.own_bytes());
  const double virtual_rows = static_cast<double>(method.virtual_tokens()) / std::max(1.0, tokens_per_row);
  need.activations_bytes = lanes * static_cast<double>(micro_batch_tokens(config, decoder.config())) *
                           (1 + virtual_rows) *
                           activation_bytes_per_token(decoder.config(), config.recompute != "none");
  return need;
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
  return {.total_bytes = std::min(meminfo_bytes(*text, "MemTotal"),
                                  groups ? group_limit_bytes(*groups, "/sys/fs/cgroup") : kInfinity),
          .available_bytes = meminfo_bytes(*text, "MemAvailable")};
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
