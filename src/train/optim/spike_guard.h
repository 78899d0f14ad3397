// SpikeGuard: which steps are so unlike those before that they are better not taken.
//
// The rule is OLMo-core's SkipStepOptimizer: a step is a spike if its loss or its gradient's norm lies more than so
// many standard deviations above the mean of the last 128 steps; at least 64 must be known. What is no number is always
// one.
#pragma once

#include <cstdint>
#include <vector>

#include "base/json.h"
#include "train/train_config.h"

namespace pegbox::train {

class SpikeGuard {
 public:
  explicit SpikeGuard(const TrainConfig& config)
      : deviations_(config.spike_deviations), rollback_(config.spike_rollback) {}

  enum class Advice : std::uint8_t {
    Step,      ///< as usual
    Skip,      ///< go on without this step
    RollBack,  ///< spike_rollback spikes in a row: go back to the copy, and on with the data that follow
    GiveUp     ///< the run does not recover
  };
  /// Judges a step before it is taken, and remembers it. Without spike_deviations: GiveUp on what is no number.
  Advice judge(double loss, double gradient_norm);

  /// Whether a copy of everything is to be kept now, before the step after `steps` ones.
  bool copy_is_due(std::int64_t steps) const;

  std::int64_t skipped() const { return skipped_; }  ///< of all steps so far

  Json state() const;
  void restore(const Json& state);  ///< an object that `state` wrote; without members: the beginning

 private:
  double deviations_;
  std::int64_t rollback_;

  std::vector<double> losses_, norms_;  // the last ones, oldest first
  std::int64_t skipped_ = 0, in_a_row_ = 0;
  bool rolled_back_ = false;  // since the last step that was taken
};

}  // namespace pegbox::train
