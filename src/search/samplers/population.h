// Population: a history as individuals with losses and genes, and how individuals stand among each other.
//
// What all evolutionary strategies share: a population is a fold over the trials that came back, in the order of their
// numbers. Trials that run are skipped, and join at their place when they come back; so the same history gives the same
// population to an instance that followed it and to a fresh one, and no generation has to be waited for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "search/history.h"

namespace pegbox {

/// A trial that came back.
struct Individual {
  std::int64_t trial = 0;
  std::vector<double> losses;  ///< [objectives], at full length (observations.h); infinity: diverged, failed, refused
  bool allowed = true;         ///< false: it violates a constraint on metrics

  bool is_finite() const;  ///< in every objective
};

/// Follows a growing history: constant time for each new trial, plus the trials that are not final. While trials have
/// been stopped or wait at rungs, losses must be carried (observations.h), and all are read anew for each history.
class Chronicle {
 public:
  /// A history that is not a continuation, or whose study file has changed, is read from its beginning.
  void update(const History& history);

  std::span<const Individual> individuals() const { return individuals_; }  ///< by trial number
  std::size_t settled() const { return settled_; }   ///< so many of the first will not change while `epoch` stays
  std::uint64_t epoch() const { return epoch_; }     ///< grows when what was settled is not
  const Individual* find(std::int64_t trial) const;  ///< nullptr: it has not come back
  std::span<const double> genes(std::int64_t trial) const;  ///< [d], of every trial created; see genes_of

 private:
  void read_outcomes(const History& history);
  void observe_all(const History& history);
  void add_outcome(const History& history, const Trial& trial);
  void read_genes(const History& history);

  std::vector<Individual> individuals_;
  std::vector<double> genes_;  // [trials, d]
  std::size_t dimensions_ = 0, trials_ = 0;
  std::size_t settled_ = 0, settled_trials_ = 0;
  std::uint64_t epoch_ = 0, events_ = 0;
  Json source_;  // of the study file that all this was read under
};

/// The trials that the reason of a suggestion names as its parents, as far as there are such.
std::vector<std::int64_t> parents_of(const Trial& trial);

/// Smaller is better: first what is allowed, then what is finite, then the first objective, then the next ones.
/// For strategies that compare two individuals at a time. With several objectives: who dominates is always better.
bool is_better(const Individual& a, const Individual& b);

/// Where an individual stands among others, by constraint domination: Deb et al., IEEE TEC 6 (2002), section VI.
struct Standing {
  int rank = 0;         ///< non-dominated rank; with one objective the position; those not allowed after all others
  double crowding = 0;  ///< within the rank, see math/pareto.h; 0 with one objective
};
bool stands_before(const Standing& a, const Standing& b);  ///< the crowded comparison: rank, then the lonelier one

/// Positions in `individuals`, and how they stand among each other.
struct Ranked {
  std::vector<std::size_t> members;  ///< best first; ties go to the smaller trial number
  std::vector<Standing> standings;   ///< [members]
};
Ranked rank_members(std::span<const Individual> individuals, std::span<const std::size_t> members);

/// A state of a strategy as a fold over individuals; keeps it at the last settled one. `State` has
/// void take(const History&, std::span<const Individual> all, std::size_t position).
template <class State>
class PopulationFold {
 public:
  /// The state after all individuals; valid until the next call. `initial` is where it begins.
  const State& follow(const History& history, const Chronicle& chronicle, const State& initial) {
    if (!begun_ || epoch_ != chronicle.epoch()) {
      settled_ = initial;
      taken_ = 0;
      begun_ = true;
      epoch_ = chronicle.epoch();
    }
    for (; taken_ < chronicle.settled(); ++taken_) settled_.take(history, chronicle.individuals(), taken_);
    if (chronicle.settled() == chronicle.individuals().size()) return settled_;
    present_ = settled_;
    for (std::size_t i = taken_; i < chronicle.individuals().size(); ++i)
      present_.take(history, chronicle.individuals(), i);
    return present_;
  }

 private:
  State settled_{}, present_{};
  std::size_t taken_ = 0;
  std::uint64_t epoch_ = 0;
  bool begun_ = false;
};

}  // namespace pegbox
