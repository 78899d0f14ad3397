// lora_start: initial values of low-rank factors.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "train/method/lora_plan.h"

namespace pegbox::train {

/// Factors of every group before the first step. `a` and `b` are those of LoraPlan::tensors, without magnitudes.
///   kaiming   A uniform in ±1/sqrt(inputs) (as PEFT: Kaiming with a = sqrt 5), B = 0
///   gaussian  A normal with deviation 1 / rank (as PEFT), B = 0
///   pissa     the principal singular triples of W: A = sqrt(S_r / factor) V_rᵀ, B = U_r sqrt(S_r / factor)
///             (arXiv 2404.02948)
///   olora     of W = Q R: A the first rows of R, B the first columns of Q (arXiv 2406.01775)
/// `weight` gives the frozen weight W of a group [O, I] to pissa and olora, which `start_changes_base`: it is then
/// W - factor B A, so that the model is the base's before the first step.
std::vector<LoraPlan::GroupTensors> lora_start(const LoraPlan& plan, const std::string& name,
                                               const std::function<Tensor(std::size_t group)>& weight,
                                               std::uint64_t seed);

bool start_changes_base(const std::string& name);

}  // namespace pegbox::train
