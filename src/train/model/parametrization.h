// Parametrization: how first values, rates and factors of a model follow its width: not at all, or by the rules of µP,
// with which the best learning rate of a narrow model is that of a wide one (Yang et al. 2022, Tensor Programs V, arXiv
// 2203.03466).
//
// The form is that of the paper's table 8, the one that tied embeddings can have. At m times the base width:
//
//                    tables of tokens and positions, gains, biases | hidden matrices | head
//   deviation        1                                             | 1 / sqrt(m)     | 1
//   Adam's rate      1                                             | 1 / m           | 1
//   factor           1                                             | 1               | 1 / m
//
// and a head's scores are queries times keys times sqrt(base_head_dim) / head width, instead of 1 / sqrt(head width).
// At the base width, with heads of base_head_dim, both parametrizations are one model.
//
// Decoupled weight decay is rate times decay; with µP the decay of hidden matrices grows by m, so that the product is
// the same at all widths, as in the authors' package (microsoft/mup, MuAdamW).
//
// Depth is left as it is: the rules are about width.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "train/model/layout.h"
#include "train/model/model_config.h"
#include "train/tensor.h"

namespace pegbox::train {

struct TrainConfig;

std::vector<std::string_view> parametrization_names();

struct Parametrization {
  bool follows_width = false;  ///< µP
  std::int64_t base_width = 128, base_head_dim = 32;

  static Parametrization of(const TrainConfig& config);

  /// m: how many times as wide as the base a model is; 1 without µP.
  double wider(std::int64_t width) const;

  /// The factors of a model from scratch, of which the family is chosen and the sizes are known.
  void set_factors(ModelConfig& model) const;

  /// The factor of the learning rate of hidden matrices.
  double matrix_rate(std::int64_t width) const { return 1 / wider(width); }
};

/// Whether a model has factors that its family's files cannot hold.
bool has_factors(const ModelConfig& model);

/// A model that gives the same answers without such factors: those of the scores are put into the queries, or the gains
/// of their norms; that of tokens into their table; that of the logits into the last norm.
struct PlainModel {
  ModelConfig config;
  Tensors weights;  ///< [slots]; new where they changed, else shared
};
PlainModel without_factors(const ModelConfig& model, const ModelLayout& layout, const Tensors& weights);

}  // namespace pegbox::train
