// model_files: see model_files.h.
#include "train/model/model_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/json.h"
#include "train/guard.h"
#include "train/model/parametrization.h"
#include "train/ops/bf16_product.h"

namespace pegbox::train {

bool BaseModel::is_bf16() const {
  if (weights.empty()) return false;
  const Tensor& linear = weights[static_cast<std::size_t>(decoder->layout().groups[0].weight)];
  return linear.defined() && linear.scalar_type() == at::kBFloat16;
}

bool BaseModel::is_nf4_alone() const {
  return nf4 != nullptr && !weights[static_cast<std::size_t>(decoder->layout().groups[0].weight)].defined();
}

std::int64_t BaseModel::bytes() const {
  std::int64_t sum = nf4 ? nf4->bytes() : 0;
  for (const Tensor& tensor : weights)
    if (tensor.defined()) sum += static_cast<std::int64_t>(tensor.nbytes());
  return sum;
}

Result<void> check_bf16_products() {
  if (has_bf16_products()) return {};
  return fail(ErrorKind::Unsupported, {.where = "precision",
                                       .what = "this CPU does not multiply numbers in bf16",
                                       .got = "bf16",
                                       .expected = "a CPU with AMX or AVX-512 BF16, or precision fp32"});
}

std::shared_ptr<const Nf4Weights> nf4_weights(const BaseModel& model) {
  if (model.nf4) return model.nf4;
  const ModelLayout& layout = model.decoder->layout();
  auto quantized = std::make_shared<Nf4Weights>(layout);
  for (std::size_t g = 0; g < layout.groups.size(); ++g)
    quantized->take(g, model.weights[static_cast<std::size_t>(layout.groups[g].weight)]);
  return quantized;
}

namespace {

/// Makes the config that of a classifier; true if it was none.
Result<bool> add_labels(const Path& folder, const std::vector<std::string>& labels, ModelConfig& config) {
  if (labels.empty()) return false;
  if (config.labels.empty()) {
    config.labels = labels;
    config.logit_cap = 0;  // of tokens alone
    return true;
  }
  if (config.labels == labels) return false;
  return fail(ErrorKind::InvalidInput, {.where = folder.string(),
                                        .what = "the model's classes are others than those of the data",
                                        .got = fmt::format("{}", fmt::join(labels, ", ")).substr(0, 80),
                                        .expected = fmt::format("{}", fmt::join(config.labels, ", ")).substr(0, 80)});
}

}  // namespace

Result<BaseModel> load_model(const Path& folder, BaseStorage storage, const std::vector<std::string>& labels) {
  if (storage == BaseStorage::Bf16) PEGBOX_CHECK(check_bf16_products());
  PEGBOX_TRY(ModelConfig config, read_model_config(folder));
  PEGBOX_TRY(const bool fresh_head, add_labels(folder, labels, config));
  return guard(folder.string(), [&]() -> Result<BaseModel> {
    BaseModel model{.name = folder.string()};
    ModelLayout layout = layout_of(config);
    layout.slots[static_cast<std::size_t>(layout.head)].may_be_missing = fresh_head;
    const auto quantized = storage == BaseStorage::Nf4 ? std::make_shared<Nf4Weights>(layout) : nullptr;
    PEGBOX_TRY(model.weights, load_weights(folder, layout, [&](std::size_t slot, Tensor read) {
                 const auto group = std::ranges::find(layout.groups, static_cast<int>(slot), &LinearGroup::weight);
                 if (storage == BaseStorage::Fp32 || group == layout.groups.end()) return read;
                 if (storage == BaseStorage::Bf16) return read.to(at::kBFloat16);
                 quantized->take(static_cast<std::size_t>(group - layout.groups.begin()), read);
                 return Tensor();
               }));
    model.nf4 = quantized;
    model.decoder = std::make_unique<Decoder>(config, std::move(layout));  // its tables too are as large as config says
    return model;
  });
}

Result<void> save_model(const Path& folder, const ModelConfig& config, const ModelLayout& layout,
                        const Weights& weights) {
  PEGBOX_CHECK(make_folder(folder));
  const PlainModel plain = without_factors(config, layout, weights);
  PEGBOX_CHECK(save_weights(folder, layout, plain.weights));
  Json json = write_model_config(plain.config);
  json["dtype"] = "float32";        // transformers 5
  json["torch_dtype"] = "float32";  // transformers 4
  return replace_file(folder / "config.json", json.dump(2) + "\n");
}

}  // namespace pegbox::train
