// Paused trials: which of them deserve to keep their checkpoints when a budget ends.
#pragma once

#include <cstdint>
#include <vector>

#include "search/history.h"

namespace pegbox {

/// Why a trial rests, in the log's words: the beginning of its `detail`.
inline constexpr char kPausedByPerson[] = "paused by a person";
inline constexpr char kBudgetSpent[] = "the budget is spent";

/// Paused by a person, or by the end of a budget on its way: it goes on as soon as the study does. Others were paused
/// by the scheduler, which alone says when they go on.
bool goes_on_with_study(const Trial& trial);

/// The numbers of the trials that the scheduler paused, those first that it would most likely resume: the best at each
/// step in turn, from the greatest step down, then the second best of each, and so on. By the first objective; those
/// without a finite loss last.
std::vector<std::int64_t> rank_paused(const History& history);

}  // namespace pegbox
