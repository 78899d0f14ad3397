// Retraining: trials of a study run once more, leg by leg as its log has them, and their measurements compared.
//
// Legs end where they ended then, so that evaluations, on which a schedule may act, fall where they fell; seeds and
// configurations are those of the log. What a machine of the same class should give again is the same bits.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "search/event.h"
#include "search/executor.h"
#include "search/trial.h"

namespace pegbox {

/// A trial as its log has it.
struct RecordedTrial {
  std::int64_t number = 0;
  std::uint64_t seed = 0;
  Config config;
  std::vector<std::int64_t> rungs;  ///< where its legs ended, ascending; 0, the last one if there is one: its own end
  std::vector<Report> reports;      ///< up to the last of these
};

/// Trials `numbers` of a whole log. NotFound for one that there is not; InvalidInput for one that cannot be run again
/// by itself: a clone, which began at another trial's snapshot, or one that came to no rung.
Result<std::vector<RecordedTrial>> recorded_trials(std::span<const Event> events,
                                                   std::span<const std::int64_t> numbers);

struct RetrainedTrial {
  std::vector<Report> reports;
  std::string fault;  ///< why it did not come as far as then; empty: it did
};

/// Runs them, as many at once as the executor has slots; [trials] in their order. `tell` hears of each that has ended,
/// by its place. Interrupted, with what runs told to stop; what the executor says if it cannot go on.
Result<std::vector<RetrainedTrial>> retrain(std::span<const RecordedTrial> trials, Executor& executor,
                                            const std::atomic<bool>& interrupted,
                                            const std::function<void(std::size_t)>& tell);

/// One metric of one trial, then and now, at the last step where it was measured.
struct RetrainedMetric {
  std::int64_t trial = 0, step = 0;
  std::string metric;
  double recorded = 0, retrained = 0;
  double difference = 0;         ///< the largest of all steps, relative to the larger side; 0: the same bits
  std::int64_t differs_at = -1;  ///< the first step beyond the tolerance, or without a measurement now; -1: none
};

/// Compares each of `metrics` at each step where it was measured. `tolerance`: of the relative difference.
std::vector<RetrainedMetric> compare_retrained(const RecordedTrial& recorded, const RetrainedTrial& retrained,
                                               std::span<const std::string> metrics, double tolerance);

}  // namespace pegbox
