// Trace: a decoder's training pass written on a tape as tensors without numbers: what Decoder::hidden, a method's
// network and the loss would make and keep. It follows these line by line; a test measures that it does.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "train/model/model_files.h"
#include "train/tape.h"
#include "train/train_config.h"

namespace pegbox::train {

class Method;

/// The rows of one micro-batch.
struct BatchShape {
  double tokens = 0, label_rows = 0, documents = 1;
};

class Trace {
 public:
  /// A tensor [rows, columns] of fp32 on the tape.
  struct Sized {
    Tape::Value value = 0;
    double rows = 0, columns = 0;
  };

  Trace(const TrainConfig& config, const Method& method, const Decoder& decoder, BatchShape shape);

  Tape& tape() { return tape_; }
  const ModelLayout& layout() const { return decoder_.layout(); }
  static double bytes(double rows, double columns = 1) { return 4 * rows * columns; }

  /// A group of linear layers as it is: what PlainNetwork does.
  Sized linear(int group, const Sized& x);

  /// Bytes that a frozen product with x needs besides its result, in either direction.
  double product_workspace(int group, double rows) const;

  /// A new tensor [x.rows, columns] of an operation on x. The op's inputs and outputs are filled in.
  Sized apply(const Sized& x, double columns, Tape::Op op = {});
  Sized sum(const Sized& a, const Sized& b);          ///< a + b
  Sized dropped(const Sized& x, double probability);  ///< x where the probability is 0

 private:
  void record();
  Sized embedded();
  std::pair<Sized, Sized> layer(std::size_t index, Sized x, Sized delta, bool has_delta);
  std::pair<Sized, Sized> add_and_norm(const Sized& x, const Sized& delta, bool has_delta, const NormSlots& norm);
  Sized post_norm(const Sized& x, const NormSlots& norm);
  Sized head_norms(const LayerSlots& layer, const Sized& packed);
  Sized attention(const Sized& packed, double beside);
  Sized attended(const Sized& packed);
  Sized activated(const Sized& x);
  Sized behind(const Sized& first, const Sized& rows);
  Sized selected(const Sized& x, double rows);
  void loss(const Sized& hidden);
  double trained_bytes(int slot) const;
  double trained_bytes(const NormSlots& norm) const { return trained_bytes(norm.gain) + trained_bytes(norm.bias); }

  const TrainConfig& config_;
  const Method& method_;
  const Decoder& decoder_;
  const ModelConfig& model_;
  BatchShape shape_;
  std::set<std::string> trained_;  // names of parameters
  double virtual_rows_ = 0;        // of all documents
  bool has_prompt_ = false;
  Tape tape_;
};

/// The same as a tape to be played.
Tape training_tape(const TrainConfig& config, const Method& method, const Decoder& decoder, const BatchShape& shape);

}  // namespace pegbox::train
