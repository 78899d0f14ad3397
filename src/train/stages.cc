// Stages: see stages.h.
#include "train/stages.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/rng.h"
#include "train/config_rules.h"
#include "train/row_order.h"
#include "train/run_plan.h"
#include "train/stage_lengths.h"

namespace pegbox::train {

namespace {

/// Fields that are read with a stream alone, and those that act on a run as a whole.
Result<void> check_fields(const TrainConfig& config, bool is_stream) {
  const std::string expected = "data with a stream: [{name, train, validation}, ...]";
  if (!is_stream && config.replay > 0)
    return refuse("replay", "there are no earlier sets to replay", fmt::format("replay {}", config.replay), expected);
  if (!is_stream && config.consolidation != "none")
    return refuse("consolidation", "there are no earlier sets to remember", "consolidation " + config.consolidation,
                  expected);
  if (const std::string watching = watching_fields(config); is_stream && !watching.empty())
    return refuse("stream", "the stages of a stream have lengths, whatever their losses", watching,
                  "another schedule, no early_stop and no restore_best");
  if (is_stream && config.balance > 0)
    return refuse("balance", "a stream is read set by set", fmt::format("balance {}", config.balance), "0");
  return {};
}

}  // namespace

Stages::Stages(const TrainConfig& config, const text::TokenizedRows& rows)
    : rows_(rows),
      seed_(static_cast<std::uint64_t>(config.seed)),
      replay_(config.replay),
      losses_(rows.groups_in_turn ? rows.group_names : std::vector<std::string>{}) {}

Result<std::unique_ptr<Stages>> Stages::create(const TrainConfig& config, const text::TokenizedRows& rows) {
  PEGBOX_CHECK(check_fields(config, rows.groups_in_turn));
  std::unique_ptr<Stages> stages(new Stages(config, rows));
  if (rows.groups_in_turn) {
    PEGBOX_TRY(stages->ends_, stage_ends(config, rows));
    PEGBOX_CHECK(check_stage_lengths(config, rows, stages->ends_));
    stages->begin(0);
  } else {
    stages->ends_ = {total_tokens_of(config, rows)};
    PEGBOX_TRY(stages->order_, make_row_order(config, rows));
  }
  return stages;
}

double Stages::progress(double tokens) const {
  const std::int64_t first = number_ == 0 ? 0 : ends_[number_ - 1];
  const double part = (tokens - static_cast<double>(first)) / static_cast<double>(ends_[number_] - first);
  return std::clamp(part, 0.0, 1.0);
}

std::uint64_t Stages::seed_of(const char* what) const { return Rng({seed_, stream_id(what), number_}).next_u64(); }

/// Of a stream: the rows of the stage's set, and in the part `replay` those of all earlier ones, each as much.
void Stages::begin(std::size_t number) {
  number_ = number;
  std::vector<double> weights(ends_.size());
  weights[number] = number == 0 ? 1 : 1 - replay_;
  for (std::size_t earlier = 0; earlier < number; ++earlier) weights[earlier] = replay_ / static_cast<double>(number);
  order_ = mixed_order(rows_, weights, seed_of("stage"));
}

void Stages::advance() { begin(number_ + 1); }

std::vector<std::int64_t> Stages::sample(std::int64_t count) const {
  std::vector<std::int64_t> own;
  for (std::int64_t row = 0; row < rows_.size(); ++row)
    if (!is_stream() || rows_.groups[row] == static_cast<std::int32_t>(number_)) own.push_back(row);
  Rng rng({seed_of("stage sample"), 0, 0});
  shuffle(own, rng);
  own.resize(std::min(own.size(), static_cast<std::size_t>(count)));
  return own;
}

bool Stages::at_border(std::int64_t tokens) const {
  return is_stream() && (tokens >= ends_[number_] || (tokens == 0 && number_ == 0));
}

/// Sets that a run has learned at a border.
std::size_t Stages::learned(std::int64_t tokens) const { return tokens == 0 ? 0 : number_ + 1; }

bool Stages::wants_losses(std::int64_t tokens) const { return at_border(tokens) && !losses_.has(learned(tokens)); }

void Stages::note_losses(std::int64_t tokens, const std::map<std::string, double>& losses) {
  if (wants_losses(tokens)) losses_.note(learned(tokens), losses);
}

std::map<std::string, double> Stages::measures(std::int64_t tokens) const {
  return at_border(tokens) ? losses_.measures() : std::map<std::string, double>{};
}

Json Stages::state() const { return {{"stage", number_}, {"losses", losses_.state()}}; }

void Stages::restore(const Json& state, text::RowOrder::Position position) {
  const auto number = std::min(state.value("stage", std::size_t{0}), ends_.size() - 1);
  if (number != number_) begin(number);
  order_->seek(position);
  losses_.restore(state.value("losses", Json()));
}

}  // namespace pegbox::train
