// Paused trials: which of them deserve to keep their checkpoints when a budget ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "search/history.h"

namespace pegbox {

/// Why a trial rests, in the log's words: the beginning of its `detail`.
inline constexpr char kPausedByPerson[] = "paused by a person";
inline constexpr char kResumedByPerson[] = "resumed by a person";
inline constexpr char kBudgetSpent[] = "the budget is spent";

/// Paused by a person, or by the end of a budget on its way: it goes on as soon as the study does. Others were paused
/// by the scheduler, which alone says when they go on.
bool goes_on_with_study(const Trial& trial);

/// The numbers of the trials that the scheduler paused, those first that it would most likely resume: the best at each
/// step in turn, from the greatest step down, then the second best of each, and so on. By the first objective; those
/// without a finite loss last.
std::vector<std::int64_t> rank_paused(const History& history);

/// So many paused trials keep their checkpoints when the budget is spent, so that the disk does not fill.
inline constexpr std::size_t kKeptPaused = 10;

struct Rest {
  std::int64_t trial = 0;
  TrialState to = TrialState::Paused;
  std::string detail;
};

/// What becomes of the trials that have not ended when a budget is spent, for the `reason`: those on their way are
/// paused where they are; of those that the scheduler paused, the first `keep` of rank_paused stay and keep their
/// checkpoints, the others are stopped.
std::vector<Rest> rest_until_a_larger_budget(const History& history, std::size_t keep, const std::string& reason);

}  // namespace pegbox
