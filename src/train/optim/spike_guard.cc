// SpikeGuard: see spike_guard.h.
#include "train/optim/spike_guard.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace pegbox::train {

namespace {

constexpr std::size_t kWindow = 128, kLeastKnown = 64;
constexpr std::int64_t kCopyEvery = 100;         // steps; PaLM (arXiv 2204.02311) went back about 100 steps
constexpr std::int64_t kMostWithoutNumber = 10;  // skipped in a row, where there is no copy to go back to

bool stands_out(const std::vector<double>& window, double value, double deviations) {
  const double count = static_cast<double>(window.size());
  const double mean = std::accumulate(window.begin(), window.end(), 0.0) / count;
  double squares = 0;
  for (const double each : window) squares += (each - mean) * (each - mean);
  return value - mean > deviations * std::sqrt(squares / (count - 1));
}

void remember(std::vector<double>& window, double value) {
  if (window.size() == kWindow) window.erase(window.begin());
  window.push_back(value);
}

}  // namespace

SpikeGuard::Advice SpikeGuard::judge(double loss, double gradient_norm) {
  const bool number = std::isfinite(loss) && std::isfinite(gradient_norm);
  if (deviations_ <= 0) return number ? Advice::Step : Advice::GiveUp;
  const bool spike = !number || (losses_.size() >= kLeastKnown && (stands_out(losses_, loss, deviations_) ||
                                                                   stands_out(norms_, gradient_norm, deviations_)));
  if (number) {  // a spike too: a level that stays becomes the usual one
    remember(losses_, loss);
    remember(norms_, gradient_norm);
  }
  if (!spike) {
    in_a_row_ = 0;
    rolled_back_ = false;
    return Advice::Step;
  }
  ++skipped_;
  ++in_a_row_;
  if (rollback_ > 0 && in_a_row_ >= rollback_) {
    if (rolled_back_) return Advice::GiveUp;
    in_a_row_ = 0;
    rolled_back_ = true;
    return Advice::RollBack;
  }
  return !number && in_a_row_ >= kMostWithoutNumber ? Advice::GiveUp : Advice::Skip;
}

bool SpikeGuard::copy_is_due(std::int64_t steps) const {
  return rollback_ > 0 && steps % kCopyEvery == 0 && in_a_row_ == 0 && !rolled_back_;
}

Json SpikeGuard::state() const {
  return {{"losses", losses_},
          {"norms", norms_},
          {"skipped", skipped_},
          {"in_a_row", in_a_row_},
          {"rolled_back", rolled_back_}};
}

void SpikeGuard::restore(const Json& state) {
  losses_ = state.value("losses", std::vector<double>());
  norms_ = state.value("norms", std::vector<double>());
  skipped_ = state.value("skipped", std::int64_t{0});
  in_a_row_ = state.value("in_a_row", std::int64_t{0});
  rolled_back_ = state.value("rolled_back", false);
}

}  // namespace pegbox::train
