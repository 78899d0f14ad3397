// memory: see memory.h.
#include "train/memory.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string>

#include "base/number.h"

namespace pegbox::train {

namespace {

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

double activation_bytes_per_token(const ModelConfig& config) {
  const double width = static_cast<double>(config.width), inner = static_cast<double>(config.feed_forward);
  const double heads = static_cast<double>((config.heads + 2 * config.kv_heads) * config.head_width);
  return sizeof(float) * static_cast<double>(config.layers) * (8 * width + 2 * heads + 4 * inner);
}

std::int64_t micro_batch_tokens(std::int64_t wanted, const ModelConfig& config) {
  if (wanted > 0) return wanted;
  const double fitting = kActivationBytes / activation_bytes_per_token(config);
  return std::clamp(static_cast<std::int64_t>(fitting), kLeastMicroBatchTokens, kMostMicroBatchTokens);
}

MemoryNeed memory_need(const ModelConfig& config, std::int64_t trainable_parameters, std::int64_t micro_batch_tokens,
                       int lanes, double kept_copies) {
  const double copies = kept_copies + lanes;
  return {.parameters_bytes = copies * sizeof(float) * static_cast<double>(trainable_parameters),
          .activations_bytes = lanes * static_cast<double>(micro_batch_tokens) * activation_bytes_per_token(config)};
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
