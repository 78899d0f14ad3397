// Variation: how children are made from parents in the unit cube, for axes of every kind.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "base/rng.h"
#include "search/history.h"
#include "search/samplers/taken_configs.h"

namespace pegbox {

/// Simulated binary crossover of two parents, bounded by the cube: Deb and Agrawal, "Simulated binary crossover for
/// continuous search space", Complex Systems 9 (1995), with the bounds of Deb et al.'s NSGA-II program. Each axis is
/// crossed with probability 1/2, else it is the first parent's or, with `swap` probability, the second's; on
/// categorical axes the gene of either parent. `child` [d] is one of the two children, axis by axis. The larger `eta`,
/// the nearer to the parents.
void cross(const Space& space, std::span<const double> first, std::span<const double> second, double eta, double swap,
           Rng& rng, std::span<double> child);

/// Each axis with `probability`: polynomial mutation, bounded (Deb and Agrawal, KanGAL report 99004 (1999)); another
/// value at random on a categorical axis. Where values can be counted the mutant is at least one value away. Returns
/// whether any axis was mutated.
bool mutate(const Space& space, double probability, double eta, Rng& rng, std::span<double> genes);

/// The mutation of one axis.
double mutated(const Space& space, int axis, double at, double eta, Rng& rng);

/// A value of an axis with levels other than that at `at`, each as likely; a uniform place on a continuum.
double other_value(const Space& space, int axis, double at, Rng& rng);

/// A neighbour of `at`, for strategies that go step by step. Either all continua (and counted numeric axes of many
/// values) move by a normal vector of standard deviation `step`, reflected at the borders; or one axis of few values
/// takes another one: the next or previous one of a number, any of a category. Which of the two is drawn with the
/// numbers of such axes as weights. Returns whether it was the first.
bool step_aside(const Space& space, std::span<const double> at, double step, Rng& rng, std::span<double> neighbour);

/// The axes that decide anything in the configuration at `genes`: those that are active and have more than one value.
std::vector<int> movable_axes(const Space& space, std::span<const double> genes);

/// Writes a child to `child`, [d].
using MakeChild = std::function<void(std::span<double> child)>;

/// How many children are tried before a draw from the priors takes the child's place: then the parents are so alike, or
/// the constraints so narrow, that nothing new comes of them.
inline constexpr std::uint64_t kMaxChildren = 64;

struct Bred {
  Config config;
  bool from_prior = false;
};

/// The first child that is allowed and new; else a draw from the priors. As draw_new.
Result<std::optional<Bred>> breed(const History& history, const TakenConfigs& taken, const MakeChild& make, Rng& rng);

/// Point `index` of a scrambled Sobol sequence moved to the priors, or the next one that is allowed and new: the first
/// population. As draw_new.
Result<std::optional<Config>> draw_founder(const History& history, const TakenConfigs& taken, const RngKey& key,
                                           Rng& rng);

/// The size of a population where the study file does not say (`option` is 0): one member for so many of the trials
/// planned, from `least` to `most`; `most` where the budget is not of trials.
std::int64_t population_size(const History& history, std::int64_t option, std::int64_t trials_per_member,
                             std::int64_t least, std::int64_t most);

}  // namespace pegbox
