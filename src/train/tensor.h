// Tensor: the one tensor type of the room, and the small groups in which tensors travel.
//
// Letters of the shapes in comments: T tokens of a packed batch, L label rows, C width, F feed-forward width, V
// vocabulary, H heads, K key-value heads, D head width, R rank, O and I the output and input width of a linear layer.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace pegbox::train {

using at::Tensor;

using Tensors = std::vector<Tensor>;
using NamedTensors = std::map<std::string, Tensor>;

inline std::int64_t bytes_of(const NamedTensors& tensors) {
  std::int64_t sum = 0;
  for (const auto& [name, tensor] : tensors) sum += static_cast<std::int64_t>(tensor.nbytes());
  return sum;
}

inline std::int64_t bytes_of(const Tensors& tensors) {
  std::int64_t sum = 0;
  for (const Tensor& tensor : tensors) sum += static_cast<std::int64_t>(tensor.nbytes());
  return sum;
}

}  // namespace pegbox::train
