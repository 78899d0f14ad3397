// gate: the gated activations of Llama's and Gemma's feed-forward networks, each as one differentiable step.
#pragma once

#include "train/tensor.h"

namespace pegbox::train {

/// gate_up [T, 2 F], the gate's outputs before the up projection's -> silu(gate) * up [T, F].
Tensor silu_gate(const Tensor& gate_up);

/// The same with GELU's approximation by tanh.
Tensor gelu_gate(const Tensor& gate_up);

}  // namespace pegbox::train
