// lora: low-rank updates beside frozen linear layers (Hu et al. 2021, arXiv 2106.09685), in PEFT's format.
#pragma once

#include "train/method/method.h"
#include "train/ops/lora_linear.h"

namespace pegbox::train {

Result<std::unique_ptr<Method>> make_lora(const TrainConfig& config, const Decoder& decoder, const Weights& base,
                                          const std::string& base_name);

/// Which linear layers have an update, group by group, and the shapes of the factors.
class LoraPlan {
 public:
  /// `target` as in TrainConfig. InvalidInput if it names no linear layer of the model.
  static Result<LoraPlan> create(const ModelLayout& layout, const std::string& target, std::int64_t rank, double scale);

  /// An update of the linear layers for which `takes` is true.
  template <class Predicate>
  LoraPlan(const ModelLayout& layout, std::int64_t rank, double scale, Predicate&& takes) : rank_(rank), scale_(scale) {
    for (const LinearGroup& group : layout.groups) {
      groups_.emplace_back();
      for (const LinearPart& part : group.parts)
        if (takes(part)) add(groups_.back(), group, part);
    }
  }

  struct Group {
    std::vector<LoraPart> parts;
    std::vector<std::string> modules;  ///< of the parts, as files name them
    std::int64_t inputs = 0, rows = 0;
  };
  const std::vector<Group>& groups() const { return groups_; }
  std::int64_t rank() const { return rank_; }
  double scale() const { return scale_; }
  bool empty() const;

  /// Factors of each group from parameters A, B of each group that has an update, in order.
  std::vector<LoraFactors> factors(const Tensors& values) const;

 private:
  static void add(Group& planned, const LinearGroup& group, const LinearPart& part);
  std::int64_t rank_;
  double scale_;
  std::vector<Group> groups_;
};

/// The base's weights with an update beside some of its linear layers. Shares all tensors.
class LoraNetwork final : public PlainNetwork {
 public:
  LoraNetwork(const ModelLayout& layout, const Weights& base, std::vector<LoraFactors> factors, double dropout)
      : PlainNetwork(layout, base), factors_(std::move(factors)), dropout_(dropout) {}
  Tensor linear(int group, const Tensor& x, DropoutSource& dropout) const override;

 private:
  std::vector<LoraFactors> factors_;  // [groups]
  double dropout_;
};

}  // namespace pegbox::train
