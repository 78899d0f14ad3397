// JoinedLora: see joined_lora.h.
#include "train/method/joined_lora.h"

namespace pegbox::train {

bool JoinedLora::can_join(const Network& a, const Network& b) {
  const auto* const first = dynamic_cast<const LoraNetwork*>(&a);
  const auto* const second = dynamic_cast<const LoraNetwork*>(&b);
  return first != nullptr && second != nullptr && first->same_weights(*second) && !first->rescales() &&
         !second->rescales();
}

JoinedLora::JoinedLora(std::vector<JoinedPart> parts) : PlainNetwork(*parts.front().network), parts_(std::move(parts)) {
  for (const JoinedPart& part : parts_) tokens_ += part.documents->offsets[0].back();
}

Tensor JoinedLora::linear(int index, const Tensor& x, DropoutSource& dropout) const {
  const std::uint64_t site = dropout.next(0).site;
  const std::size_t which = x.size(0) == tokens_ ? 0 : 1;  // all rows, or those with a label
  std::vector<LoraUpdate> updates;
  std::int64_t row = 0;
  for (const JoinedPart& part : parts_) {
    const std::int64_t rows = part.documents->offsets[which].back();
    const LoraFactors& factors = part.network->update_of(index).factors;
    if (factors.a.defined() && rows > 0)
      updates.push_back({factors, {part.documents, site, static_cast<float>(part.network->dropout())}, row, rows});
    row += rows;
  }
  if (updates.empty()) return PlainNetwork::linear(index, x, dropout);
  return lora_linear(x, matrix(index), weight(group(index).bias), std::move(updates));
}

}  // namespace pegbox::train
