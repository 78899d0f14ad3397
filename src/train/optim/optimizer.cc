// Optimizer: the table of optimizers.
#include "train/optim/optimizer.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "train/optim/adafactor.h"
#include "train/optim/adamw.h"
#include "train/optim/lion.h"
#include "train/optim/muon.h"
#include "train/optim/schedule_free.h"
#include "train/optim/sgd.h"

namespace pegbox::train {

namespace {

struct OptimizerRow {
  std::string_view name;
  OptimizerDefaults defaults;
  std::unique_ptr<Optimizer> (*make)(const TrainConfig&, const std::vector<Parameter>&);
};

// Rates beside AdamW's: those of search/published_law.h; for adafactor the same size of step, for sgd a guess.
constexpr std::array<OptimizerRow, 6> kOptimizers = {{
    {"adamw", {.beta1 = 0.9, .beta2 = kByMethod, .epsilon = 1e-8, .quantizes = true}, make_adamw},
    {"adafactor", {.beta1 = 0, .epsilon = 1e-30}, make_adafactor},
    {"sgd", {.rate_factor = 100, .momentum = 0.9, .quantizes = true}, make_sgd},
    {"lion", {.rate_factor = 0.18, .beta1 = 0.9, .beta2 = 0.99, .quantizes = true}, make_lion},
    {"muon", {.beta1 = 0.9, .beta2 = kByMethod, .momentum = 0.95, .epsilon = 1e-8}, make_muon},
    {"schedule_free", {.rate_factor = 3.2, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8}, make_schedule_free},
}};

const OptimizerRow& optimizer_row(std::string_view name) {
  const auto* const row = std::ranges::find(kOptimizers, name, &OptimizerRow::name);
  assert(row != kOptimizers.end());
  return *row;
}

}  // namespace

std::vector<std::string_view> optimizer_names() {
  std::vector<std::string_view> names;
  for (const OptimizerRow& row : kOptimizers) names.push_back(row.name);
  return names;
}

const OptimizerDefaults& optimizer_defaults(std::string_view name) { return optimizer_row(name).defaults; }

std::int64_t optimizer_state_bytes(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return bytes_of(make_optimizer(config, parameters)->state());
}

std::unique_ptr<Optimizer> make_optimizer(const TrainConfig& config, const std::vector<Parameter>& parameters) {
  return optimizer_row(config.optimizer).make(config, parameters);
}

}  // namespace pegbox::train
