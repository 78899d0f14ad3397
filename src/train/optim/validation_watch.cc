// ValidationWatch: see validation_watch.h.
#include "train/optim/validation_watch.h"

namespace pegbox::train {

ValidationWatch::ValidationWatch(const TrainConfig& config)
    : plateau_(config.schedule == "plateau"),
      factor_(config.plateau_factor),
      least_improvement_(config.least_improvement),
      plateau_patience_(config.plateau_patience),
      stop_patience_(config.early_stop),
      every_(config.evaluate_every) {}

bool ValidationWatch::observe(std::int64_t tokens, double loss, bool at_end) {
  const bool counts = every_ > 0 && tokens / every_ > counted_;
  const bool lowest = (counts || at_end) && loss < lowest_;
  if (lowest) lowest_ = loss;
  if (counts) {
    counted_ = tokens / every_;
    count(loss);
  }
  return lowest;
}

void ValidationWatch::count(double loss) {
  if (loss < best_ * (1 - least_improvement_)) {
    best_ = loss;
    bad_since_best_ = bad_since_reduction_ = 0;
    return;
  }
  ++bad_since_best_;
  ++bad_since_reduction_;
  if (plateau_ && bad_since_reduction_ > plateau_patience_) {
    rate_factor_ *= factor_;
    bad_since_reduction_ = 0;
  }
  stopped_ = stop_patience_ > 0 && bad_since_best_ >= stop_patience_;
}

Json ValidationWatch::state() const {
  return {
      {"counted", counted_},         {"best", json_number(best_)},        {"lowest", json_number(lowest_)},
      {"rate_factor", rate_factor_}, {"bad_since_best", bad_since_best_}, {"bad_since_reduction", bad_since_reduction_},
      {"stopped", stopped_}};
}

void ValidationWatch::restore(const Json& state) {
  counted_ = state.value("counted", std::int64_t{0});
  best_ = lowest_ = std::numeric_limits<double>::infinity();
  if (state.contains("best")) read_json_number(state["best"], best_);
  if (state.contains("lowest")) read_json_number(state["lowest"], lowest_);
  rate_factor_ = state.value("rate_factor", 1.0);
  bad_since_best_ = state.value("bad_since_best", std::int64_t{0});
  bad_since_reduction_ = state.value("bad_since_reduction", std::int64_t{0});
  stopped_ = state.value("stopped", false);
}

}  // namespace pegbox::train
