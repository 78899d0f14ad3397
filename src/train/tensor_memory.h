// TensorMemory: the allocator of tensors, for programs that train: what one tensor freed, the next of its size gets.
//
// libtorch asks glibc for aligned blocks, and glibc serves such a request only from a block that is larger than it:
// what a tensor freed does not do for the next tensor of the same size. Steps that free and ask for the same sizes all
// the time then need about a third more memory than their tensors have. Here blocks are aligned by hand.
#pragma once

#include <cstdint>

namespace pegbox::train {

class TensorMemory {
 public:
  /// From now on libtorch's allocator on the CPU. Call it before the first tensor is made; it stays to the end.
  static void install();

  static std::int64_t bytes();  ///< in tensors now; 0 if it is not installed

  /// Tensors that would need more together are refused as if memory had run out; 0: no limit. For tests.
  static void limit(std::int64_t bytes);
};

}  // namespace pegbox::train
