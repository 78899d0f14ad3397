// freeze_thaw: whichever curve, or start of a new configuration, is worth most per step goes on.
#include "search/schedulers/freeze_thaw.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/rng.h"
#include "math/normal.h"
#include "search/schedulers/curve_forecast.h"
#include "search/schedulers/rung_losses.h"

namespace pegbox {
namespace {

constexpr int kLooks = 12;                 ///< outcomes of a look, equally probable
constexpr std::size_t kLatestTrials = 64;  ///< trials that tell what a new one will look like
constexpr std::int64_t kDeepest = 27;      ///< the first rung: this part of the full length

struct FreezeThawOptions {
  std::int64_t min = 0;
  double growth = 1.5;
  std::int64_t initial = 4;
};

const FieldTable<FreezeThawOptions>& freeze_thaw_fields() {
  static const FieldTable<FreezeThawOptions> table(
      std::vector<Field<FreezeThawOptions>>{{.name = "min",
                                             .member = &FreezeThawOptions::min,
                                             .minimum = 0,
                                             .help = "first rung, in steps; 0: a 27th of the full length"},
                                            {.name = "growth",
                                             .member = &FreezeThawOptions::growth,
                                             .minimum = 1.05,
                                             .maximum = 10,
                                             .help = "from one rung to the next; each leg can be the last"},
                                            {.name = "initial",
                                             .member = &FreezeThawOptions::initial,
                                             .minimum = 1,
                                             .help = "trials that come to the first rung before any goes on"}});
  return table;
}

/// E[max(0, best - f)] of a normal f.
double expected_gain(double mean, double deviation, double best) {
  if (deviation <= 0) return std::max(0.0, best - mean);
  const double z = (best - mean) / deviation;
  return deviation * (math::normal_pdf(z) + z * math::normal_cdf(z));
}

/// A way to the end with a look on the way: what it costs, and the variance that the look leaves.
struct Look {
  double steps = 0;          ///< from now to the look
  double left_fraction = 1;  ///< of the present variance
};

/// What is foreseen of a trial, as long as neither its reports nor the law change.
struct Outlook {
  std::uint64_t law = 0;
  std::size_t reports = 0;
  math::Prediction end;
  std::vector<Look> looks;
  math::Prediction end_from_first;  ///< what was foreseen when it was at the first rung
};

std::array<double, kLooks> quantiles() {
  std::array<double, kLooks> at{};
  for (int k = 0; k < kLooks; ++k) at[static_cast<std::size_t>(k)] = normal_quantile((k + 0.5) / kLooks);
  return at;
}

/// The reservation rate: the r at which E[max(0, gain - r * rest)] = r * steps, for equally probable `gains`, the
/// greatest first. The left side is piecewise linear in r, and the solution is the greatest, over k, of the sum of the
/// k first gains / (steps + rest * k / n), each gain divided by n.
double reservation_rate(std::span<const double> gains, double steps, double rest) {
  const auto n = static_cast<double>(gains.size());
  double sum = 0, share = 0, rate = 0;
  for (const double gain : gains) {
    sum += gain / n, share += 1 / n;
    rate = std::max(rate, sum / (steps + rest * share));
  }
  return rate;
}

double rate_with_look(const math::Prediction& end, const Look& look, double steps_to_end, double best) {
  static const auto kQuantiles = quantiles();
  const double moved = std::sqrt(end.variance * (1 - look.left_fraction));
  const double deviation = std::sqrt(end.variance * look.left_fraction);
  std::array<double, kLooks> gains{};  // the best outcome, the lowest mean, first
  std::ranges::transform(kQuantiles, gains.begin(),
                         [&](double z) { return expected_gain(end.mean + moved * z, deviation, best); });
  return reservation_rate(gains, look.steps, steps_to_end - look.steps);
}

class FreezeThawScheduler final : public Scheduler {
 public:
  explicit FreezeThawScheduler(FreezeThawOptions options) : options_(options) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    return rung_after(history, trial.step);
  }

  Ruling on_reached(const History& history, const Trial& trial) override {
    if (trial.step >= history.steps || !is_rung_in(history, trial.from, trial.step)) return Verdict::Continue;
    if (const auto ruling = ruling_without_losses(history, trial, trial.step)) return *ruling;
    if (waits_for_more(history)) return {Verdict::Pause, "others begin first"};
    const auto forecasts = make_forecasts(history);
    if (forecasts.empty()) return Verdict::Continue;
    const double own = index(history, forecasts, trial);
    if (may_create(history) && index_of_new(history, forecasts) > own)
      return {Verdict::Pause, "a new configuration promises more"};
    for (const std::int64_t number : history.in_state(TrialState::Paused))
      if (index(history, forecasts, history.trials[static_cast<std::size_t>(number)]) > own)
        return {Verdict::Pause, "others promise more"};
    return Verdict::Continue;
  }

  std::optional<Promotion> next_to_resume(const History& history) override {
    const auto& paused = history.in_state(TrialState::Paused);
    if (paused.empty() || waits_for_more(history)) return std::nullopt;
    const auto forecasts = make_forecasts(history);
    if (forecasts.empty()) return std::nullopt;
    double greatest = may_create(history) ? index_of_new(history, forecasts) : -1;
    const Trial* chosen = nullptr;
    for (const std::int64_t number : paused) {
      const Trial& trial = history.trials[static_cast<std::size_t>(number)];
      const double own = index(history, forecasts, trial);
      if (own > greatest) greatest = own, chosen = &trial;
    }
    if (chosen == nullptr) return std::nullopt;
    return Promotion{chosen->number, next_rung(history, *chosen)};
  }

 private:
  std::int64_t rung_after(const History& history, std::int64_t step) const {
    if (history.steps < 2) return 0;
    double rung =
        static_cast<double>(options_.min > 0 ? options_.min : std::max<std::int64_t>(1, history.steps / kDeepest));
    while (std::llround(rung) <= step) rung = std::max(rung * options_.growth, rung + 1);
    return std::llround(rung) >= history.steps ? 0 : std::llround(rung);
  }

  bool is_rung_in(const History& history, std::int64_t from, std::int64_t until) const {
    const std::int64_t rung = rung_after(history, from);
    return rung > 0 && rung <= until;
  }

  static bool may_create(const History& history) {
    const std::int64_t budget = history.spec.budget.trials, configurations = history.spec.space.cardinality();
    const auto feasible = std::ssize(history.trials) - std::ssize(history.in_state(TrialState::Infeasible));
    return (budget == 0 || feasible < budget) && (configurations <= 0 || std::ssize(history.trials) < configurations);
  }

  bool waits_for_more(const History& history) const {
    return may_create(history) && std::ssize(history.trials) < options_.initial;
  }

  std::vector<CurveForecast> make_forecasts(const History& history) {
    caches_.resize(history.spec.objectives.size());
    outlooks_.resize(caches_.size());
    std::vector<CurveForecast> forecasts;
    for (std::size_t k = 0; k < caches_.size(); ++k) {
      auto forecast = CurveForecast::make(history, k, caches_[k]);
      if (!forecast) return {};
      forecasts.push_back(std::move(*forecast));
    }
    return forecasts;
  }

  const Outlook& outlook(const History& history, std::size_t objective, const CurveForecast& forecast,
                         const Trial& trial) {
    auto& known = outlooks_[objective];
    known.resize(std::max(known.size(), history.trials.size()));
    Outlook& outlook = known[static_cast<std::size_t>(trial.number)];
    if (outlook.law != forecast.law() || outlook.reports != trial.reports.size()) {
      outlook = foresee(history, forecast, trial);
      outlook.law = forecast.law(), outlook.reports = trial.reports.size();
    }
    return outlook;
  }

  Outlook foresee(const History& history, const CurveForecast& forecast, const Trial& trial) const {
    Outlook outlook;
    outlook.end = forecast.at_end(trial);
    outlook.end_from_first = forecast.at_end(trial, rung_after(history, 0));
    for (std::int64_t rung = rung_after(history, trial.step); rung > 0; rung = rung_after(history, rung)) {
      const double left = outlook.end.variance > 0 ? forecast.variance_after(trial, rung) / outlook.end.variance : 1;
      outlook.looks.push_back({static_cast<double>(rung - trial.step), std::clamp(left, 0.0, 1.0)});
    }
    return outlook;
  }

  /// Of a new trial, which at the first rung will look as one of the latest ones did there.
  double index_of_new(const History& history, const std::vector<CurveForecast>& forecasts) {
    double greatest = 0;
    const auto first = static_cast<double>(rung_after(history, 0));
    for (std::size_t k = 0; k < forecasts.size(); ++k) {
      const auto best = forecasts[k].lowest();
      if (!best) continue;
      std::vector<double> gains;
      for (std::size_t i = history.trials.size(); i-- > 0 && gains.size() < kLatestTrials;) {
        if (history.trials[i].reports.empty()) continue;
        const math::Prediction& end = outlook(history, k, forecasts[k], history.trials[i]).end_from_first;
        gains.push_back(expected_gain(end.mean, std::sqrt(end.variance), *best));
      }
      std::ranges::sort(gains, std::ranges::greater{});
      greatest = std::max(greatest, reservation_rate(gains, first, static_cast<double>(history.steps) - first));
    }
    return greatest;
  }

  double index(const History& history, const std::vector<CurveForecast>& forecasts, const Trial& trial) {
    double greatest = 0;
    const auto to_end = static_cast<double>(history.steps - trial.step);
    for (std::size_t k = 0; k < forecasts.size(); ++k) {
      const auto best = forecasts[k].lowest();
      if (!best) continue;
      const Outlook& found = outlook(history, k, forecasts[k], trial);
      greatest = std::max(greatest, expected_gain(found.end.mean, std::sqrt(found.end.variance), *best) / to_end);
      for (const Look& look : found.looks)
        greatest = std::max(greatest, rate_with_look(found.end, look, to_end, *best));
    }
    return greatest;
  }

  FreezeThawOptions options_;
  std::vector<ForecastCache> caches_;           // [objectives]
  std::vector<std::vector<Outlook>> outlooks_;  // [objectives, trials]
};

Result<std::unique_ptr<Scheduler>> make_freeze_thaw(const StudySpec& spec, const Node& node) {
  PEGBOX_TRY(const FreezeThawOptions options, freeze_thaw_fields().read(node));
  if (spec.steps > 0 && options.min >= spec.steps) {
    PEGBOX_TRY(const Node min, node.at("min"));
    return min.fail("the first rung is not before the end of a full trial", "less than " + std::to_string(spec.steps));
  }
  return std::make_unique<FreezeThawScheduler>(options);
}

}  // namespace

SchedulerRow freeze_thaw_row() {
  return {.name = "freeze_thaw",
          .help = "short legs; whichever curve, or new configuration, promises most gain per step goes on",
          .options = freeze_thaw_fields().rows(),
          .make = make_freeze_thaw,
          .pauses = true};
}

}  // namespace pegbox
