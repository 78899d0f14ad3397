// by_cpu: kernels that are compiled twice, for AVX2 and for AVX-512, of which the one that the CPU has is called.
//
// A kernel is written once, as a body that both versions inline with all that it calls (PEGBOX_BODY); then
// PEGBOX_BY_CPU(double, kernel, (const float* x), (x)) defines `kernel` from `kernel_body`.
#pragma once

namespace pegbox::train::kernels {

/// Whether kernels use AVX-512 from now on; at first, if the CPU has it. For tests, which try both.
bool uses_avx512();
void use_avx512(bool wanted);  ///< without effect on a CPU that is without it

}  // namespace pegbox::train::kernels

#define PEGBOX_BODY [[gnu::always_inline]] inline

#define PEGBOX_BY_CPU(type, name, parameters, arguments)                                    \
  namespace {                                                                               \
  [[gnu::target("arch=x86-64-v4,prefer-vector-width=512")]] type name##_avx512 parameters { \
    return name##_body arguments;                                                           \
  }                                                                                         \
  }                                                                                         \
  type name parameters { return uses_avx512() ? name##_avx512 arguments : name##_body arguments; }
