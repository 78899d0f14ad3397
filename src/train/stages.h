// Stages: the parts of a run that follow one another, each with rows and a schedule of its own: one for each set of a
// stream, and a single one for all other data.
//
// A stage begins where the last one ended. Of the rows of a later stage a part may be of earlier sets: replay.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/data_order.h"
#include "text/tokenized.h"
#include "train/loss_matrix.h"
#include "train/train_config.h"

namespace pegbox::train {

class Stages {
 public:
  /// Of a resolved config; `rows` must outlive them. A stream's tokens are divided by its sets' shares: the config's
  /// `mixture`, else the data's weights, else the sets' own tokens. InvalidInput as make_row_order; for a stage that
  /// may be over before its first batch, with numbers; and for fields that only streams read, or streams do not.
  static Result<std::unique_ptr<Stages>> create(const TrainConfig& config, const text::TokenizedRows& rows);

  bool is_stream() const { return ends_.size() > 1; }
  std::size_t number() const { return number_; }  ///< of the stage, from 0

  std::vector<std::int64_t> next(std::int64_t count) { return order_->next(count); }  ///< rows of the stage
  double progress(double tokens) const;  ///< of the stage, in [0, 1], when the run has consumed so many

  /// Whether the stage has had its tokens, and another follows.
  bool is_over(std::int64_t tokens) const { return number_ + 1 < ends_.size() && tokens >= ends_[number_]; }
  void advance();  ///< to the stage that follows

  /// At most `count` of the rows of the stage's own set, by chance.
  std::vector<std::int64_t> sample(std::int64_t count) const;

  /// Whether the sets' losses belong into the record now: before the first stage of a stream and after each.
  bool wants_losses(std::int64_t tokens) const;
  void note_losses(std::int64_t tokens, const std::map<std::string, double>& losses);  ///< if they are wanted
  const LossMatrix& losses() const { return losses_; }
  /// What the record tells (LossMatrix::measures); only where a stage has just ended.
  std::map<std::string, double> measures(std::int64_t tokens) const;

  text::RowOrder::Position position() const { return order_->position(); }  ///< in the stage's rows
  Json state() const;                                                       ///< but for the position
  void restore(const Json& state, text::RowOrder::Position position);       ///< without members: the first stage

 private:
  Stages(const TrainConfig& config, const text::TokenizedRows& rows);
  std::uint64_t seed_of(const char* what) const;
  bool at_border(std::int64_t tokens) const;
  std::size_t learned(std::int64_t tokens) const;
  void begin(std::size_t number);

  const text::TokenizedRows& rows_;
  std::uint64_t seed_;
  double replay_;
  std::vector<std::int64_t> ends_;  // [stages], in tokens of the run
  std::size_t number_ = 0;
  std::unique_ptr<text::RowOrder> order_;
  LossMatrix losses_;
};

}  // namespace pegbox::train
