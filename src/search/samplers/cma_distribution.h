// CMA distribution: a normal and categorical distributions over a space's axes, moved by ranked draws.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/rng.h"
#include "math/choice_search.h"
#include "math/cma.h"
#include "search/space.h"

namespace pegbox {

/// One draw: a place for every axis, also for those that are not active.
struct CmaDraw {
  std::vector<double> at;    ///< [d]: on axes of certain values the normal's own place, maybe beyond the ends
  std::vector<bool> active;  ///< [d]
};

/// How a space's axes are divided, and what the strategy starts from.
class CmaAxes {
 public:
  explicit CmaAxes(const Space& space);

  std::size_t size() const { return levels_.size(); }
  bool is_choice(std::size_t axis) const { return is_choice_[axis]; }
  std::int64_t levels(std::size_t axis) const { return levels_[axis]; }
  std::span<const std::size_t> numbers() const { return numbers_; }  ///< axes of the normal
  std::span<const std::size_t> choices() const { return choices_; }
  const std::vector<double>& thresholds(std::size_t axis) const { return thresholds_[axis]; }  ///< empty: a continuum
  const std::vector<double>& places(std::size_t axis) const { return places_[axis]; }  ///< of choices, in the unit cube
  int choice_at(std::size_t axis, double at) const;  ///< the choice whose place is nearest
  double prior_middle(std::size_t axis) const { return middles_[axis]; }
  double prior_spread(std::size_t axis) const { return spreads_[axis]; }
  const std::vector<double>& prior_chances(std::size_t axis) const { return chances_[axis]; }  ///< of choices

 private:
  std::vector<std::int64_t> levels_;
  std::vector<bool> is_choice_;
  std::vector<std::size_t> numbers_, choices_;
  std::vector<std::vector<double>> thresholds_, places_, chances_;
  std::vector<double> middles_, spreads_;
};

class CmaDistribution {
 public:
  /// `mean` [d]: where numbers start, and the choices to favour if `favour` is set.
  CmaDistribution(const CmaAxes& axes, std::span<const double> mean, bool favour, int population);

  int population() const { return population_; }
  double sigma() const { return normal_ ? normal_->sigma() : 0; }
  bool has_converged(const CmaAxes& axes) const;

  /// Within [0, 1] on continuous axes: the first of some draws that is, else the nearest place of the last.
  std::vector<double> draw(const CmaAxes& axes, Rng& rng) const;

  /// One generation, the best first.
  void update(const CmaAxes& axes, std::span<const CmaDraw> ranked);

 private:
  int population_;
  std::optional<math::Cma> normal_;
  std::optional<math::ChoiceSearch> choices_;
};

}  // namespace pegbox
