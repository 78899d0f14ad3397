// Teacher: a model whose distributions over the next token runs learn from, beside the labels or instead of them.
//
// What it says of a row does not change while a student learns, so it is asked once for each row, when a run first
// meets it, and the answer is kept for later epochs and for other runs of the process. A row is asked about alone and
// whole: its answer depends on nothing that it is packed with, and a student that sees a piece of a row
// (sequence_start) learns from a teacher that saw what stood before.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "base/result.h"
#include "text/tokenized.h"
#include "train/lanes.h"
#include "train/memory.h"
#include "train/model/decoder.h"
#include "train/model/network.h"
#include "train/soft_labels.h"
#include "train/train_config.h"

namespace pegbox::train {

/// What a run of this config asks a teacher for, of a student with this decoder.
SoftLabelForm soft_label_form(const TrainConfig& config, const Decoder& student);

class Teacher {
 public:
  /// What it says of one data set, in one form. The teacher must outlive it.
  class Answers {
   public:
    /// The soft labels of rows [rows], of which new ones are computed, a row to a lane. Throws what libtorch throws.
    std::vector<std::shared_ptr<const SoftLabels>> of(std::span<const std::int64_t> rows, Lanes& lanes);

    const SoftLabelForm& form() const { return form_; }
    std::int64_t bytes() const { return bytes_; }  ///< that it keeps now
    /// What a run of `tokens` on the data makes it need.
    TeacherNeed need(int lanes, std::int64_t tokens) const;

   private:
    friend class Teacher;
    Answers(Teacher& teacher, const text::TokenizedRows& data, SoftLabelForm form);
    double pass_bytes() const;

    Teacher& teacher_;
    const text::TokenizedRows& data_;
    SoftLabelForm form_;
    double longest_ = 0;                                              // of the data, in tokens
    std::map<std::int64_t, std::shared_ptr<const SoftLabels>> kept_;  // by row
    std::int64_t bytes_ = 0;
  };

  /// All must outlive it. Answers are kept up to `most_bytes` in all; rows beyond are asked about each time.
  Teacher(const Decoder& decoder, const Network& network, std::int64_t most_bytes)
      : decoder_(decoder), network_(network), most_bytes_(most_bytes) {}

  std::int64_t most_bytes() const { return most_bytes_; }

  /// Its answers about the data, which outlive those; the same ones for the same form, as long as there is room for
  /// them. InvalidInput if the data have rows that are longer than it knows positions, or tokens that it has no
  /// embedding for.
  Result<std::shared_ptr<Answers>> answers(const text::TokenizedRows& data, const SoftLabelForm& form);

 private:
  Result<void> check(const text::TokenizedRows& data) const;
  SoftLabels ask(const text::TokenizedRows& data, std::int64_t row, const SoftLabelForm& form) const;
  bool make_room(std::int64_t bytes, const Answers& asking);

  const Decoder& decoder_;
  const Network& network_;
  std::int64_t most_bytes_;
  /// What data lie at an address changes with the runs that own rows: their hash is in the key too.
  std::map<std::tuple<const text::TokenizedRows*, std::uint64_t, SoftLabelForm>, std::shared_ptr<Answers>> answers_;
};

}  // namespace pegbox::train
