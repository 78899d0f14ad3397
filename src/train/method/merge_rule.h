// MergeRule: how tensors of several adapters become one: sums of all their values, or of those that a rule keeps.
//
// The rules, their names and their numbers are those of PEFT's add_weighted_adapter: TIES (Yadav et al. 2023, arXiv
// 2306.01708), DARE (Yu et al. 2023, arXiv 2311.03099).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "train/tensor.h"

namespace pegbox::train {

enum class Thinning : std::uint8_t {
  None,     ///< all values stay
  Largest,  ///< the part of the values that is largest in magnitude
  Random,   ///< each with a probability, divided by it
};

/// What of an adapter a rule works on.
enum class MergedPart : std::uint8_t {
  Factors,  ///< A and B apart, each with the square root of the weight: fast, and no sum of updates
  Update,   ///< B A, of whose result the best approximation of a rank is kept
  Stack,    ///< nothing: the factors stand side by side, whose update is exactly the sum of the updates
};

struct MergeRule {
  std::string_view name;
  Thinning thinning = Thinning::None;
  bool elects_sign = false;  ///< of each value only the adapters count that have the sign that prevails
  MergedPart part = MergedPart::Factors;
};

std::vector<std::string_view> merge_rule_names();
const MergeRule& merge_rule(std::string_view name);  ///< of a known name

/// What a rule is told besides the tensors.
struct MergeOptions {
  double density = 0.5;       ///< part of the values that thinning keeps, in (0, 1]
  bool counts_signs = false;  ///< the sign that prevails is that of more adapters, not that of the sum
};

/// A tensor of an adapter, its weight, and the random numbers that thin it.
struct WeightedTensor {
  Tensor values;
  double weight = 1;
  RngKey key;
};

/// One tensor of several [n > 0] of one shape, fp32: thinned, then weighted, then summed; where signs are elected, the
/// mean over the adapters whose value has the sign.
Tensor merge_tensors(const std::vector<WeightedTensor>& tensors, const MergeRule& rule, const MergeOptions& options);

}  // namespace pegbox::train
