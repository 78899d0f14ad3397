// Observations: what a history tells about the loss at configurations, with trials of different lengths made
// comparable.
//
// Trials that a scheduler stopped or paused early have a loss at an early step, where losses are higher for everybody.
// Left as it is, that loss would say "bad configuration" for want of training; left out, the search would forget most
// of what it paid for. So each is carried to full length by what trials that did go on lost between the same two steps:
//
//   loss at full length = loss at the trial's own level + sum over levels a -> b above it of drop(a, b)
//   drop(a, b) = median, over trials that have a loss at both, of loss(b) - loss(a)
//
// Levels are the steps where trials have ended or wait, and the end. Trials of one level keep their order and their
// distances. Differences are taken within trials, never between different trials, since those that reach b are better
// ones. Where no trial has a loss at both (programs that report only at the end), the medians' difference stands in.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/history.h"

namespace pegbox {

/// A trial with a loss.
struct Measured {
  std::int64_t trial = 0;
  std::vector<double> losses;  ///< [objectives], carried to full length; infinity: diverged
  bool allowed = true;         ///< false: it violates a constraint on metrics
};

struct Observations {
  std::vector<Measured> measured;     ///< by trial number
  std::vector<std::int64_t> failed;   ///< ended without a loss, or refused: of these only the failure is known
  std::vector<std::int64_t> pending;  ///< waiting, running or paused without a loss that counts

  bool has_finite() const;  ///< some measured trial has a finite loss in every objective
};

/// From the trials of `trials`, a part of history.trials; a configuration that the space does not hold (the study file
/// has changed) is left out. A trial that runs counts as measured if it has passed a level, else as pending. A failure
/// of kind diverged, and a loss that is not finite, count as an infinite loss. Stopped trials without any report are
/// left out: nothing is known of them.
Observations observe(const History& history, std::span<const Trial> trials);

}  // namespace pegbox
