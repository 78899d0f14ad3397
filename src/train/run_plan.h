// run_plan: what of a run follows from its configuration before it begins: its length and its rate.
#pragma once

#include <cstdint>

#include "text/tokenized.h"
#include "train/model/layout.h"
#include "train/train_config.h"

namespace pegbox::train {

/// The Step Law's learning rate for `parameters` (without tables) and `tokens`: 1.79 N^-0.713 D^0.307 (arXiv
/// 2503.04715), at most 5e-3, since it was fitted from 6e7 parameters on.
double step_law_learning_rate(double parameters, double tokens);

/// The parameters (without tables) that decide the best rate: the model's own; with µP those that it would have at the
/// base width, of which the rate is.
double rate_parameters(const TrainConfig& config, const ModelLayout& layout);

/// The rate that a run of `tokens` has at its peak: the config's, or the Step Law's for AdamW times the optimizer's
/// factor where the config has 0, as for scratch it may.
double peak_learning_rate(const TrainConfig& config, const ModelLayout& layout, std::int64_t tokens);

/// The length of a run in training tokens: the config's, or its epochs of `train`, in which rows that were made beside
/// the data do not count; 0 of a method that trains nothing.
std::int64_t total_tokens_of(const TrainConfig& config, const text::TokenizedRows& train);

/// Rows of a batch when `progress` in [0, 1] of the run is over: what a pause does not change.
std::int64_t batch_rows_at(const TrainConfig& config, double progress);

/// Tokens that rows are cut at then; text::kWhole once the curriculum is over.
std::int64_t longest_piece_at(const TrainConfig& config, double progress);

}  // namespace pegbox::train
