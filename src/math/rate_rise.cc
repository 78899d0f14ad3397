// RateRise: constant work for an answer, since bets on one amount that began at different times can be added.
#include "math/rate_rise.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

namespace pegbox::math {

namespace {

constexpr double kMostWealth = 1e200;  // far beyond any level; keeps products finite

/// What part of the stakes has not started after so many answers. It falls so slowly that a bet which starts at t has a
/// stake of about 1 / (t ln^2 t): a late rise costs few answers more than an early one.
double waiting(std::int64_t answers) { return 1 / std::log(std::numbers::e + static_cast<double>(answers)); }

}  // namespace

RateRise::RateRise(double limit) : RateRise(limit, State()) {}

RateRise::RateRise(double limit, const State& state) : limit_(limit), state_(state) {
  assert(limit > 0 && limit < 1);
  for (std::size_t k = 0; k < kOdds.size(); ++k) {
    const double odds = kOdds[k] * limit / (1 - limit), rate = odds / (1 + odds);
    yes_[k] = rate / limit;
    no_[k] = (1 - rate) / (1 - limit);
  }
}

void RateRise::add(bool is_yes) {
  const double starting = waiting(state_.answers) - waiting(state_.answers + 1);
  ++state_.answers;
  for (std::size_t k = 0; k < kOdds.size(); ++k)
    state_.wealth[k] = std::min(kMostWealth, (state_.wealth[k] + starting) * (is_yes ? yes_[k] : no_[k]));
}

double RateRise::evidence() const {
  const double sum = std::accumulate(state_.wealth.begin(), state_.wealth.end(), 0.0);
  return sum / static_cast<double>(kOdds.size()) + waiting(state_.answers);
}

}  // namespace pegbox::math
