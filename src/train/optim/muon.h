// Muon: momentum whose matrix is made nearly orthogonal by Newton-Schulz steps; what is no hidden matrix takes AdamW.
//
// As torch.optim.Muon (PyTorch 2.15; K. Jordan 2024), but in fp32 where PyTorch iterates in bf16. `muon_scale` is its
// adjust_lr_fn: match_rms_adamw, 0.2 sqrt(max(rows, columns)), gives steps of AdamW's usual size, so that one learning
// rate serves both (Liu et al. 2025, arXiv 2502.16982); original is sqrt(max(1, rows / columns)), spectral_unclamped
// sqrt(rows / columns). Matrices that share an input lie in one tensor here; each is made orthogonal by itself.
#pragma once

#include "train/optim/optimizer.h"

namespace pegbox::train {

std::unique_ptr<Optimizer> make_muon(const TrainConfig& config, const std::vector<Parameter>& parameters);

}  // namespace pegbox::train
