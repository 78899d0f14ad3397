// scratch_model: see scratch_model.h.
#include "train/method/scratch_model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "train/guard.h"
#include "train/model/family.h"
#include "train/model/parametrization.h"

namespace pegbox::train {

namespace {

constexpr std::int64_t kFeedForwardMultiple = 32;
constexpr std::int64_t kLeastPositions = 512;
constexpr double kNormEpsilon = 1e-5;

struct ActivationRow {
  std::string_view name;
  Activation activation;
  bool gated;
};

constexpr std::array<ActivationRow, 6> kActivationRows = {{{"silu_gated", Activation::Silu, true},
                                                           {"gelu_gated", Activation::GeluTanh, true},
                                                           {"gelu", Activation::GeluTanh, false},
                                                           {"relu", Activation::Relu, false},
                                                           {"relu_squared", Activation::ReluSquared, false},
                                                           {"silu", Activation::Silu, false}}};

template <class Predicate>
std::vector<std::string_view> families_that(Predicate&& is) {
  std::vector<std::string_view> names = family_names();
  std::erase_if(names, [&](std::string_view name) { return !is(*find_family(name)); });
  return names;
}

/// Names of the families for which `has` is true of what they choose.
template <class Predicate>
std::vector<std::string_view> shapes_that(Predicate&& has) {
  return families_that([&](const Family& family) {
    ModelConfig chosen;
    family.choose(chosen);
    return has(chosen);
  });
}

template <class Predicate>
tl::unexpected<Error> lacks(const char* field, const TrainConfig& config, const std::string& value, Predicate&& has) {
  return fail(ErrorKind::InvalidInput,
              {.where = "architecture",
               .what = fmt::format("no model of the shape {} has this {}", config.shape, field),
               .got = value,
               .expected = fmt::format("shape {}", fmt::join(shapes_that(has), ", "))});
}

Result<void> choose_norm(const TrainConfig& config, const ModelConfig& shape) {
  if (config.norm == "auto") return {};
  const NormKind wanted = config.norm == "layer" ? NormKind::Layer : NormKind::RootMeanSquare;
  if (shape.norm == wanted) return {};
  return lacks("norm", config, config.norm, [wanted](const ModelConfig& other) { return other.norm == wanted; });
}

Result<void> choose_activation(const TrainConfig& config, ModelConfig& shape) {
  const auto* const row = std::ranges::find(kActivationRows, config.activation, &ActivationRow::name);
  if (row == kActivationRows.end()) return {};  // auto
  if (shape.gated != row->gated)
    return lacks("activation", config, config.activation,
                 [row](const ModelConfig& other) { return other.gated == row->gated; });
  shape.activation = row->activation;
  return {};
}

void place_windows(const Family& family, std::int64_t window, ModelConfig& shape) {
  if (window == 0 || family.has_window == nullptr) return;
  for (std::int64_t i = 0; i < shape.layers; ++i) shape.windows.push_back(family.has_window(i) ? window : 0);
}

/// Sizes that are not given.
void choose_sizes(const TrainConfig& config, ModelConfig& shape) {
  const bool own_keys = config.kv_heads > 0 && shape.position == PositionKind::Rotary;
  shape.kv_heads = own_keys ? config.kv_heads : config.heads;
  shape.head_width = config.head_dim > 0 ? config.head_dim : config.width / config.heads;
  const std::int64_t two_thirds = 8 * config.width / 3 + kFeedForwardMultiple - 1;
  const std::int64_t usual = shape.gated ? two_thirds / kFeedForwardMultiple * kFeedForwardMultiple : 4 * config.width;
  shape.feed_forward = config.feed_forward > 0 ? config.feed_forward : usual;
  shape.positions = config.positions > 0 ? config.positions : std::max(kLeastPositions, config.sequence_length);
}

}  // namespace

std::vector<std::string_view> activation_choices() {
  std::vector<std::string_view> names{"auto"};
  for (const ActivationRow& row : kActivationRows) names.push_back(row.name);
  return names;
}

std::vector<std::string_view> shapes_with_windows() {
  return families_that([](const Family& family) { return family.has_window != nullptr; });
}

std::vector<std::string_view> shapes_with_head_dim() {
  return families_that([](const Family& family) { return family.has_head_width; });
}

std::vector<std::string_view> shapes_without_gate() {
  return shapes_that([](const ModelConfig& shape) { return !shape.gated; });
}

Result<BaseModel> scratch_model(const TrainConfig& config, std::int64_t vocabulary, std::int64_t end_token,
                                const std::vector<std::string>& labels) {
  ModelConfig shape{.family = config.shape,
                    .vocabulary = vocabulary,
                    .width = config.width,
                    .layers = config.layers,
                    .heads = config.heads};
  if (config.head_dim == 0 && config.width % config.heads != 0)
    return fail(ErrorKind::InvalidInput, {.where = "architecture",
                                          .what = "heads do not divide the width",
                                          .got = std::to_string(config.heads) + " and " + std::to_string(config.width),
                                          .expected = "a width that is a multiple of heads, or a head_dim"});
  const Family& family = family_of(shape);
  family.choose(shape);
  shape.norm_epsilon = kNormEpsilon;
  PEGBOX_CHECK(choose_norm(config, shape));
  PEGBOX_CHECK(choose_activation(config, shape));
  choose_sizes(config, shape);
  place_windows(family, config.window, shape);
  shape.tied_embeddings = config.tie_embeddings;
  shape.begin_token = shape.end_token = end_token;
  shape.labels = labels;
  if (!labels.empty()) shape.logit_cap = 0;  // of tokens alone
  Parametrization::of(config).set_factors(shape);
  PEGBOX_CHECK(check_model_config(shape, "architecture"));
  return guard("architecture", [&]() -> Result<BaseModel> {
    BaseModel model;
    model.decoder = std::make_unique<Decoder>(shape, layout_of(shape));
    return model;
  });
}

}  // namespace pegbox::train
