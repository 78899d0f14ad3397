// JoinedLora: one frozen base with the updates of several trials beside it, each on the rows of its own documents.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "train/method/lora.h"

namespace pegbox::train {

/// One trial's part of a batch.
struct JoinedPart {
  const LoraNetwork* network = nullptr;
  /// Its own, from its first row on: offsets of their tokens, then of their labels.
  std::shared_ptr<const MaskedDocuments> documents;
};

class JoinedLora final : public PlainNetwork {
 public:
  /// Whether trials with these networks may go through their frozen weights together: both are LoRA's on the same base,
  /// and no update changes the length of the base's rows (DoRA).
  static bool can_join(const Network& a, const Network& b);

  /// Of networks that can join, in the order of their rows. They outlive this one.
  explicit JoinedLora(std::vector<JoinedPart> parts);
  Tensor linear(int group, const Tensor& x, DropoutSource& dropout) const override;

 private:
  std::vector<JoinedPart> parts_;
  std::int64_t tokens_ = 0;
};

}  // namespace pegbox::train
