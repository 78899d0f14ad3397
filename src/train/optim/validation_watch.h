// ValidationWatch: what follows from validation losses on the way: a lower rate on a plateau, and an early end.
//
// The lowest loss may be less of an improvement than least_improvement asks for, and counts all the same.
// The plateau is that of torch's ReduceLROnPlateau (mode min, relative threshold, no cooldown). Both count evaluations.
#pragma once

#include <cstdint>
#include <limits>

#include "base/json.h"
#include "train/train_config.h"

namespace pegbox::train {

class ValidationWatch {
 public:
  explicit ValidationWatch(const TrainConfig& config);

  /// A finite validation loss after `tokens` training tokens. It counts once for each multiple of evaluate_every, so
  /// that evaluations where a run happens to be paused change nothing. True if it is the lowest so far of those that
  /// count and that at the run's end.
  bool observe(std::int64_t tokens, double loss, bool at_end = false);

  double rate_factor() const { return rate_factor_; }  ///< of the schedule; 1 but for schedule plateau
  bool stopped() const { return stopped_; }

  Json state() const;
  void restore(const Json& state);  ///< an object that `state` wrote; without members: the beginning

 private:
  void count(double loss);

  bool plateau_;
  double factor_, least_improvement_;
  std::int64_t plateau_patience_, stop_patience_, every_;

  std::int64_t counted_ = 0;                                                 // multiples of every_ that are behind
  double best_ = std::numeric_limits<double>::infinity(), rate_factor_ = 1;  // best_: improved by enough
  double lowest_ = std::numeric_limits<double>::infinity();
  std::int64_t bad_since_best_ = 0, bad_since_reduction_ = 0;
  bool stopped_ = false;
};

}  // namespace pegbox::train
