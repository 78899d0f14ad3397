// run_plan: see run_plan.h.
#include "train/run_plan.h"

#include <algorithm>
#include <cmath>

#include "text/packing.h"
#include "train/method/method.h"
#include "train/optim/optimizer.h"

namespace pegbox::train {

namespace {

/// What grows from `start` to `end` in the first `fraction` of a run; `start` 0: `end` from the beginning.
std::int64_t ramped(std::int64_t start, std::int64_t end, double fraction, double progress) {
  if (start == 0 || progress >= fraction) return end;
  return start + std::llround(progress / fraction * static_cast<double>(end - start));
}

}  // namespace

std::int64_t batch_rows_at(const TrainConfig& config, double progress) {
  return ramped(config.batch_start, config.batch_size, config.batch_ramp_fraction, progress);
}

std::int64_t longest_piece_at(const TrainConfig& config, double progress) {
  const std::int64_t length =
      ramped(config.sequence_start, config.sequence_length, config.sequence_ramp_fraction, progress);
  return length < config.sequence_length ? length : text::kWhole;
}

std::int64_t total_tokens_of(const TrainConfig& config, const text::TokenizedRows& train) {
  if (!method_trains(config.method)) return 0;
  if (config.tokens > 0) return config.tokens;
  return std::max<std::int64_t>(1, std::llround(config.epochs * static_cast<double>(train.epoch_tokens())));
}

double peak_learning_rate(const TrainConfig& config, const ModelLayout& layout, std::int64_t tokens) {
  if (config.learning_rate > 0) return config.learning_rate;
  const auto parameters = static_cast<double>(layout.parameters_without_tables());
  return step_law_learning_rate(parameters, static_cast<double>(tokens)) *
         optimizer_defaults(config.optimizer).rate_factor;
}

double step_law_learning_rate(double parameters, double tokens) {
  return std::min(5e-3, 1.79 * std::pow(parameters, -0.713) * std::pow(tokens, 0.307));
}

}  // namespace pegbox::train
