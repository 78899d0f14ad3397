// Clipping: gradients kept from being too large, by their norm, their values, or beside their weights.
#pragma once

#include <vector>

#include "train/optim/parameter.h"

namespace pegbox::train {

/// Scales `gradients` so that their global norm is at most `limit` (0: no limit); returns the norm before.
double clip_gradients(const Tensors& gradients, double limit);

/// Each number to [-limit, limit]; 0: no limit.
void clip_values(const Tensors& gradients, double limit);

/// Adaptive clipping (Brock et al. 2021, arXiv 2102.06171): each row of a matrix, and each vector, to a norm of at most
/// `limit` times that of its weights, which count as 1e-3 at least. Tables of embeddings and the head are left alone,
/// as there. 0: no limit.
void clip_adaptively(const std::vector<Parameter>& parameters, const Tensors& gradients, double limit);

/// All that the config asks for: adaptive, then values, then the norm. Returns the global norm before.
double clip_all(const TrainConfig& config, const std::vector<Parameter>& parameters, const Tensors& gradients);

}  // namespace pegbox::train
