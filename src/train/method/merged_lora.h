// merged_lora: one LoRA adapter made of several, with weights (PEFT's add_weighted_adapter).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/method/adapter_files.h"
#include "train/method/merge_rule.h"
#include "train/model/model_files.h"

namespace pegbox::train {

/// An adapter that is to be part of another one.
struct WeightedAdapter {
  std::string name;  ///< for messages
  AdapterFolder folder;
  double weight = 1;
};

/// How they become one.
struct LoraMerge {
  std::string rule = "linear";  ///< a name of merge_rule_names
  MergeOptions options;
  std::int64_t rank = 0;   ///< of rules on updates: that of the result; 0: the largest of the adapters'
  std::uint64_t seed = 0;  ///< of what is thinned at random: a key for each adapter, layer and factor
};

/// The merged adapter [one at least], whose factor is 1. A layer that only some have is made of these. A negative
/// weight turns the sign of A. Where every adapter has the rank R: `linear` is A = Σ ±√|w f| A_i and B = Σ √|w f| B_i
/// for factors f (alpha / R); `cat` is exactly Σ w f B_i A_i, of rank Σ R; `svd` the nearest of rank `rank` to that.
///
/// Unsupported: kinds but LORA, DoRA, classifiers. InvalidInput: adapters of another base, ranks that differ where the
/// rule works on factors, adapters of 4 bits beside others. Throws what libtorch throws.
Result<AdapterFolder> merge_lora(const std::vector<WeightedAdapter>& adapters, const LoraMerge& merge,
                                 const BaseModel& base);

}  // namespace pegbox::train
