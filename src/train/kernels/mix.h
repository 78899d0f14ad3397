// mix: the finalizer of splitmix64 (Steele et al. 2014): neighbouring inputs give unrelated outputs.
#pragma once

#include <cstdint>

namespace pegbox::train {

constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ull;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBull;
  return value ^ (value >> 31);
}

/// Number `index` of the stream that `key` names.
constexpr std::uint64_t mix(std::uint64_t key, std::uint64_t index) {
  return mix(key + 0x9E3779B97F4A7C15ull * (index + 1));
}

}  // namespace pegbox::train
