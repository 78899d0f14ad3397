// Moment: see moment.h.
#include "train/optim/moment.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <bit>

#include "base/rng.h"
#include "train/kernels/mix.h"

namespace pegbox::train {

namespace {

at::ScalarType type_of(const std::string& precision) {
  if (precision == "bf16") return at::kBFloat16;
  return precision == "int8" ? at::kByte : at::kFloat;
}

/// The upper half of each number's bits after a random number below 2^16 was added; what is not finite is cut.
void round_stochastically(std::uint64_t key, std::int64_t count, const float* values, std::uint16_t* rounded) {
  constexpr std::uint32_t kExponent = 0x7F800000;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::uint64_t word = mix(key, static_cast<std::uint64_t>(i / 4));  // for four numbers
    const auto random = static_cast<std::uint32_t>(word >> (16 * (i % 4))) & 0xFFFF;
    const auto bits = std::bit_cast<std::uint32_t>(values[i]);
    rounded[i] = static_cast<std::uint16_t>((bits + ((bits & kExponent) == kExponent ? 0 : random)) >> 16);
  }
}

}  // namespace

Moment::Moment(const TrainConfig& config, const Tensor& like, const std::string& name, DynamicRange range)
    : name_(name),
      range_(range),
      key_(mix(static_cast<std::uint64_t>(config.seed), stream_id(name))),
      kept_(at::zeros(like.sizes(), like.options().dtype(type_of(config.state_precision)))) {
  if (kept_.scalar_type() == at::kByte)  // a scale of 0 makes every code 0
    scales_ = at::zeros({dynamic_blocks(like.numel())}, like.options());
  if (kept_.scalar_type() == at::kBFloat16) roundings_ = at::zeros({}, like.options().dtype(at::kLong));
}

Tensor Moment::values() const {
  if (kept_.scalar_type() == at::kFloat) return kept_;
  if (kept_.scalar_type() == at::kBFloat16) return kept_.to(at::kFloat);
  Tensor values = at::empty(kept_.sizes(), at::kFloat);
  dequantize_dynamic(range_, kept_.numel(), kept_.const_data_ptr<std::uint8_t>(), scales_.const_data_ptr<float>(),
                     values.mutable_data_ptr<float>());
  return values;
}

void Moment::keep(const Tensor& values) {
  if (scales_.defined())
    quantize_dynamic(range_, values.numel(), values.const_data_ptr<float>(), kept_.mutable_data_ptr<std::uint8_t>(),
                     scales_.mutable_data_ptr<float>());
  if (!roundings_.defined()) return;
  roundings_.add_(1);
  const std::uint64_t key = mix(key_, static_cast<std::uint64_t>(roundings_.item<std::int64_t>()));
  round_stochastically(key, values.numel(), values.const_data_ptr<float>(),
                       static_cast<std::uint16_t*>(kept_.mutable_data_ptr()));
}

void Moment::add_to(NamedTensors& state) const {
  state[name_] = kept_;
  if (scales_.defined()) state[name_ + ".scales"] = scales_;
  if (roundings_.defined()) state[name_ + ".roundings"] = roundings_;
}

}  // namespace pegbox::train
