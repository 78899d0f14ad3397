// memory: see memory.h.
#include "train/memory.h"

#include <sstream>

#include "base/file.h"

namespace pegbox::train {

double activation_bytes_per_token(const ModelConfig& config) {
  const double width = static_cast<double>(config.width), inner = static_cast<double>(config.feed_forward);
  const double heads = static_cast<double>((config.heads + 2 * config.kv_heads) * config.head_width);
  return sizeof(float) * static_cast<double>(config.layers) * (8 * width + 2 * heads + 4 * inner);
}

MemoryNeed memory_need(const ModelConfig& config, std::int64_t trainable_parameters, std::int64_t micro_batch_tokens,
                       int lanes) {
  const double copies = 3.0 + lanes;
  return {.parameters_bytes = copies * sizeof(float) * static_cast<double>(trainable_parameters),
          .activations_bytes = lanes * static_cast<double>(micro_batch_tokens) * activation_bytes_per_token(config)};
}

double available_memory_bytes() {
  const auto text = read_file("/proc/meminfo");
  if (!text) return 0;
  std::istringstream stream(*text);
  for (std::string name, unit; stream >> name;) {
    double kibibytes = 0;
    stream >> kibibytes;
    std::getline(stream, unit);
    if (name == "MemAvailable:") return kibibytes * 1024;
  }
  return 0;
}

}  // namespace pegbox::train
