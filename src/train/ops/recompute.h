// recompute: a part of a forward pass that keeps its inputs alone, and runs again in the backward pass (Chen et al.
// 2016, arXiv 1604.06174).
#pragma once

#include <functional>

#include "train/tensor.h"

namespace pegbox::train {

/// function(inputs), of which only inputs and outputs stay in memory until the backward pass; there the function runs
/// once more, and gradients of leaves that it uses are added to them. The function gives the same bits every time and
/// owns what it needs; an input may be undefined. Where nothing requires a gradient it is simply called.
Tensors recomputed(std::function<Tensors(const Tensors&)> function, const Tensors& inputs);

}  // namespace pegbox::train
