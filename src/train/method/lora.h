// lora: low-rank updates beside frozen linear layers (Hu et al. 2021, arXiv 2106.09685) and what became of them: rank-
// stabilized scaling, DoRA, and factors that begin as a part of the frozen weights.
#pragma once

#include <string>

#include "train/method/adapter_files.h"
#include "train/method/lora_plan.h"
#include "train/method/method.h"

namespace pegbox::train {

Result<std::unique_ptr<Method>> make_lora(const TrainConfig& config, const BaseModel& base);

/// The same on a base whose linear layers are in 4 bits (QLoRA, arXiv 2305.14314; model/nf4.h). Its folder says so in a
/// file of its own, kBaseFile, since PEFT's config does not.
Result<std::unique_ptr<Method>> make_qlora(const TrainConfig& config, const BaseModel& base);

/// PEFT's kind LORA. Unsupported: trained biases or whole modules, ranks that differ between layers.
Result<Adapter> read_lora(AdapterFolder& folder, const BaseModel& base);

/// "A" or "B" of a linear layer, as PEFT names its array.
std::string factor_key(const std::string& module, char factor);

/// The base's weights with an update beside some of its linear layers. Shares all tensors.
class LoraNetwork final : public PlainNetwork {
 public:
  struct Group {
    LoraFactors factors;  ///< without tensors where the group has no update
    Tensor magnitude;     ///< [sum of rows]: lengths of the updated rows; undefined: as they come out
  };

  LoraNetwork(const ModelLayout& layout, const Weights& base, std::shared_ptr<const Nf4Weights> quantized,
              std::vector<Group> groups, double dropout)
      : PlainNetwork(layout, base, std::move(quantized)), groups_(std::move(groups)), dropout_(dropout) {}
  Tensor linear(int group, const Tensor& x, DropoutSource& dropout) const override;

  const Group& update_of(int group) const { return groups_[static_cast<std::size_t>(group)]; }
  double dropout() const { return dropout_; }
  bool rescales() const;  ///< whether some rows' lengths are trained (DoRA)

 private:
  Tensor gain(int index) const;
  std::vector<Group> groups_;
  double dropout_;
};

}  // namespace pegbox::train
