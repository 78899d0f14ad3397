// nf4: matrices in 4-bit NormalFloat with block size 64 and double quantization (QLoRA, Dettmers et al. 2023, arXiv
// 2305.14314, section 3 and appendix E), laid out as bitsandbytes does.
//
// A block of 64 numbers in row order is divided by its largest magnitude, and each quotient becomes the nearest of 16
// levels. The magnitudes, less their mean over the matrix, are themselves 8-bit codes in blocks of 256: of
// bitsandbytes' signed dynamic type (kernels/dynamic_type.h), which the paper's FP8 stands for there.
// All in all 4.127 bits for each number.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "train/model/layout.h"
#include "train/tensor.h"

namespace pegbox::train {

/// The 16 levels, ascending: the table of appendix E.
const std::array<float, 16>& nf4_levels();

class Nf4Matrix {
 public:
  /// `matrix` [O, I] fp32.
  static Nf4Matrix quantize(const Tensor& matrix);

  std::int64_t rows() const { return rows_; }
  Tensor values() const;                                             ///< [O, I] fp32, new
  void values_into(float* out) const;                                ///< the same, in row order
  std::int64_t bytes() const;                                        ///< of all that it holds
  const std::vector<std::uint8_t>& codes() const { return codes_; }  ///< two a byte, the first in the high half

 private:
  std::int64_t rows_ = 0, columns_ = 0;
  std::vector<std::uint8_t> codes_;
  std::vector<std::uint8_t> magnitudes_;  // codes, one for each block
  std::vector<float> magnitude_scales_;   // one for each 256 blocks
  float magnitude_mean_ = 0;
};

/// The linear layers of a model in 4 bits, each quantized by itself, as its files name it.
class Nf4Weights {
 public:
  /// `groups` of none: nothing yet.
  explicit Nf4Weights(const ModelLayout& layout) : groups_(layout.groups), parts_(layout.groups.size()) {}

  /// Quantizes a group's weight [O, I].
  void take(std::size_t group, const Tensor& weight);

  Tensor weight(std::size_t group) const;  ///< [O, I] fp32, new
  std::int64_t bytes() const;

 private:
  std::vector<LinearGroup> groups_;
  std::vector<std::vector<Nf4Matrix>> parts_;
};

}  // namespace pegbox::train
