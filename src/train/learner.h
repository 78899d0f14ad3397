// Learner: a model and what one method trains of it: the values, and the gradients that data leave.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/file.h"
#include "base/result.h"
#include "text/tokenized.h"
#include "train/method/method.h"
#include "train/model/model_files.h"
#include "train/optim/parameter.h"
#include "train/soft_labels.h"
#include "train/train_config.h"

namespace pegbox::train {

/// What a learner learns from at once.
struct StepBatch {
  std::vector<std::int64_t> rows;   // of its data
  std::vector<std::uint64_t> keys;  // [rows], of their dropout
  std::int64_t tokens = 0, label_tokens = 0;
  std::int64_t longest = 0;  // tokens that its rows are cut at (text::cut_row); 0: whole ones
  std::vector<std::shared_ptr<const SoftLabels>> taught{};  // [rows], a teacher's, of whole rows; empty: no teacher
};

class Learner {
 public:
  /// All must outlive it. Takes no memory for values yet. InvalidInput if the config does not fit the model.
  static Result<std::unique_ptr<Learner>> create(const BaseModel& model, const TrainConfig& config,
                                                 const text::TokenizedRows& rows);

  /// Makes the values as they are at first, for as many lanes.
  void begin(int lanes);

  const TrainConfig& config() const { return config_; }
  const Decoder& decoder() const { return *model_.decoder; }
  const text::TokenizedRows& rows() const { return rows_; }
  const Method& method() const { return *method_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::vector<Parameter>& parameters() { return parameters_; }
  /// As a lane sees it: gradients of lanes do not meet.
  const Network& network(int lane = 0) const { return *lanes_[static_cast<std::size_t>(lane)].network; }

  std::int64_t micro_batch_tokens() const { return micro_batch_; }  ///< what a lane computes at once; 0: not said yet
  void set_micro_batch(std::int64_t tokens) { micro_batch_ = tokens; }

  /// The part that rows of `hidden` [L, C] with `labels` [L] have in the mean loss over `label_tokens` labels. `taught`
  /// [L] is what a teacher says of the rows; empty: no teacher, whatever the config's distill_weight.
  Tensor loss(const Network& network, const Tensor& hidden, const Tensor& labels, std::int64_t label_tokens,
              SoftLabelRows taught = {}) const;

  void forget_gradients();
  Tensors summed_gradients();  ///< [parameters], of all lanes
  std::int64_t gradient_bytes() const;

 private:
  struct Lane {
    Tensors leaves;
    std::unique_ptr<Network> network;
  };

  Learner(const BaseModel& model, const TrainConfig& config, const text::TokenizedRows& rows)
      : model_(model), config_(config), rows_(rows) {}
  void set_initial_weights();

  const BaseModel& model_;
  const TrainConfig& config_;
  const text::TokenizedRows& rows_;
  std::int64_t micro_batch_ = 0;
  std::unique_ptr<Method> method_;
  Tensors first_values_;  // [parameters], of another adapter; empty: the method's own
  std::vector<Parameter> parameters_;
  Tensor class_weights_;  // [K] of a classifier's loss; undefined: all 1
  std::vector<Lane> lanes_;
};

}  // namespace pegbox::train
