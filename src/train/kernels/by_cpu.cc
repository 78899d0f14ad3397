// by_cpu: see by_cpu.h.
#include "train/kernels/by_cpu.h"

#include <atomic>

namespace pegbox::train::kernels {

namespace {

bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
}

std::atomic<bool> wanted_avx512 = has_avx512();

}  // namespace

bool uses_avx512() { return wanted_avx512.load(std::memory_order_relaxed); }

void use_avx512(bool wanted) { wanted_avx512 = wanted && has_avx512(); }

}  // namespace pegbox::train::kernels
