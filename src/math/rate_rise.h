// RateRise: a test, at every moment, whether the rate of yes among answers has risen above a limit, at an unknown time
// and by an unknown amount, whose probability of ever being wrong is bounded.
//
// For a rate p' above the limit p, the product over answers since time j of (p'/p) after a yes and (1-p')/(1-p) after a
// no is a nonnegative supermartingale wherever the true rate is at most p: a bet on p' whose stake does not grow on
// average. So is a mixture of such bets over amounts and over starting times, each stake waiting as cash until it
// starts. By Ville's inequality (1939) the mixture ever reaches 1 / level with probability at most `level`, under any
// dependence of the rate on the past. Robbins, "Statistical methods related to the law of the iterated logarithm"
// (1970), has mixtures over amounts; mixtures over starting times are those of Shiryaev and Roberts with weights that
// sum to 1, as in Shin, Ramdas and Rinaldo, "E-detectors" (2024), section 2; Ramdas et al., "Game-theoretic statistics
// and safe anytime-valid inference" (2023), is the survey.
#pragma once

#include <array>
#include <cstdint>

namespace pegbox::math {

class RateRise {
 public:
  /// How many times the limit's odds the amounts that it bets on have, with equal stakes.
  static constexpr std::array<double, 7> kOdds = {1.25, 1.5, 2, 3, 5, 10, 30};

  /// All that it knows; may be stored.
  struct State {
    std::int64_t answers = 0;
    std::array<double, kOdds.size()> wealth{};  ///< of the bets that have started, for each amount
  };

  /// 0 < limit < 1.
  explicit RateRise(double limit);
  RateRise(double limit, const State& state);

  void add(bool is_yes);
  /// The mixture now: 1 at the beginning, above 1 / level where the rate was at most `limit` with probability at most
  /// `level`, at any time.
  double evidence() const;

  double limit() const { return limit_; }
  const State& state() const { return state_; }

 private:
  double limit_;
  std::array<double, kOdds.size()> yes_{}, no_{};  ///< what a stake is multiplied by
  State state_;
};

}  // namespace pegbox::math
