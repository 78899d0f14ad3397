// curve: stop a trial that will hardly end better than the best one so far, by extrapolation of its learning curve.
#include "search/schedulers/curve.h"

#include <fmt/format.h>

#include <cmath>

#include "math/expected_improvement.h"
#include "search/schedulers/curve_forecast.h"
#include "search/schedulers/rung_losses.h"
#include "search/schedulers/stopping_rule.h"

namespace pegbox {
namespace {

struct CurveOptions : Pace {
  double probability = 0.05;
  std::int64_t others = 4;
};

const FieldTable<CurveOptions>& curve_fields() {
  static const FieldTable<CurveOptions> table(
      with_pace<CurveOptions>({{.name = "probability",
                                .member = &CurveOptions::probability,
                                .minimum = 0,
                                .maximum = 1,
                                .help = "a trial that becomes the best with less than this probability is stopped",
                                .source = "Domhan et al., IJCAI 2015"},
                               {.name = "others",
                                .member = &CurveOptions::others,
                                .minimum = 1,
                                .help = "how many other trials must have reported for a judgement"}}));
  return table;
}

class CurveRule final : public StoppingRule {
 public:
  explicit CurveRule(const CurveOptions& options) : StoppingRule(options), options_(options) {}

 private:
  std::optional<std::string> reason_to_stop(const History& history, const Trial& trial, std::int64_t step) override {
    if (!is_measured_at(history, trial, step)) return fault_at(history, trial, step);
    const auto others = std::ranges::count_if(history.trials, [&trial](const Trial& other) {
      return other.number != trial.number && !other.reports.empty();
    });
    if (others < options_.others) return std::nullopt;
    caches_.resize(history.spec.objectives.size());
    double greatest = 0;
    for (std::size_t k = 0; k < caches_.size(); ++k) {
      const auto forecast = CurveForecast::make(history, k, caches_[k]);
      const auto best = forecast ? forecast->lowest(trial.number) : std::nullopt;
      if (!best) return std::nullopt;
      greatest = std::max(greatest, std::exp(math::log_probability_below(forecast->at_end(trial), *best)));
    }
    if (greatest >= options_.probability) return std::nullopt;
    return fmt::format("it becomes the best with a probability of {:.2g}", greatest);
  }

  CurveOptions options_;
  std::vector<ForecastCache> caches_;  // [objectives]
};

Result<std::unique_ptr<Scheduler>> make_curve(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const CurveOptions options, curve_fields().read(node));
  return std::make_unique<CurveRule>(options);
}

}  // namespace

SchedulerRow curve_row() {
  return {.name = "curve",
          .help = "stops a trial that will hardly end better than the best so far, by extrapolation of its curve",
          .options = curve_fields().rows(),
          .make = make_curve};
}

}  // namespace pegbox
