// LoraPlan: which linear layers have a low-rank update, group by group, and the shapes of what is trained there.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "train/model/layout.h"
#include "train/ops/lora_linear.h"

namespace pegbox::train {

/// What an update is, besides its place.
struct LoraOptions {
  std::int64_t rank = 16;
  double scale = 2;              ///< alpha / rank, whatever the factor
  bool rank_stabilized = false;  ///< rsLoRA (arXiv 2312.03732): the factor is alpha / sqrt(rank)
  bool magnitudes = false;       ///< DoRA (arXiv 2402.09353): each row of W + update has a trained length

  double factor() const;  ///< of B A
  double alpha() const { return scale * static_cast<double>(rank); }
};

/// Whether `target`, as in TrainConfig, names this linear layer.
bool is_targeted(const std::string& target, const LinearPart& part);

class LoraPlan {
 public:
  /// `target` as in TrainConfig. InvalidInput if it names no linear layer of the model, or if the rank is above what
  /// any of them can use.
  static Result<LoraPlan> create(const ModelLayout& layout, const std::string& target, const LoraOptions& options);

  /// An update of the linear layers for which `takes` is true.
  template <class Predicate>
  LoraPlan(const ModelLayout& layout, const LoraOptions& options, Predicate&& takes) : options_(options) {
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
  const LoraOptions& options() const { return options_; }
  std::int64_t rank() const { return options_.rank; }
  bool empty() const;
  std::vector<std::string> modules() const;

  /// The module with the least rank at most, and that rank: the smaller of its matrix's dimensions.
  struct Limit {
    std::string module;
    std::int64_t rank = 0;
  };
  Limit least_limit() const;
  Limit largest_limit() const;

  /// What is trained, or stands for it, in order: A and B of each group that has an update, then its magnitudes.
  struct GroupTensors {
    Tensor a, b, magnitude;  ///< [P R, I], [rows, R], [rows] or undefined
  };
  std::vector<GroupTensors> tensors(const Tensors& values) const;  // [groups]; undefined where there is no update

  /// The factors of one group; `start`: those that the base is without, or undefined ones.
  LoraFactors factors(std::size_t group, const GroupTensors& tensors, const GroupTensors& start = {}) const;

 private:
  static void add(Group& planned, const LinearGroup& group, const LinearPart& part);
  LoraOptions options_;
  std::vector<Group> groups_;
};

}  // namespace pegbox::train
