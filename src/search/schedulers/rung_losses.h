// Losses at a rung: how trials compare that have come equally far.
//
// A rule may only compare losses of the same step: a trial at step 100 with one at step 100, whatever either has done
// since.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "search/scheduler.h"

namespace pegbox {

/// Whether the trial has reported at `step` or beyond.
bool has_reached(const Trial& trial, std::int64_t step);

/// The loss (smaller is better) at `step`: of the first report at or after it that has the metric, so that a program
/// that reports every 50 steps is judged at 50 for a rung at 37; if there is none, of the last one before it.
/// Infinity for a loss that is not a finite number, or that is missing.
double loss_at(const History& history, const Trial& trial, std::int64_t step, std::size_t objective = 0);

/// The smallest loss of the reports up to and including the one that `loss_at` takes; infinity if none is finite.
double best_loss_until(const History& history, const Trial& trial, std::int64_t step);

/// Whether every objective is a finite number at `step`.
bool is_measured_at(const History& history, const Trial& trial, std::int64_t step);

/// Of a trial that is not: the objective that it gave and that is not finite, in words; nothing where it only has not
/// given one yet, as what is known at the end alone: then nobody can judge it, and it goes on.
std::optional<std::string> fault_at(const History& history, const Trial& trial, std::int64_t step);

/// What becomes of a trial that is not measured: it ends by its fault, or goes on; nothing for one that is.
std::optional<Ruling> ruling_without_losses(const History& history, const Trial& trial, std::int64_t step);

/// Positions in `trials`, best at `step` first. One objective: by loss. Several: by non-dominated rank, then by
/// crowding distance, the lonelier the better, so that the survivors spread over the front (Deb et al., "A fast and
/// elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 6 (2002)). Trials without a finite loss come last; ties
/// go to the smaller trial number.
std::vector<std::size_t> order_at(const History& history, std::span<const Trial* const> trials, std::int64_t step);

}  // namespace pegbox
