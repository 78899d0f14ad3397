// percentile: stop a trial whose best loss so far is worse than a percentile of the others' at the same step.
#include "search/schedulers/percentile.h"

#include <algorithm>
#include <cmath>

#include "search/schedulers/rung_losses.h"

namespace pegbox {
namespace {

const FieldTable<PercentileOptions>& percentile_fields() {
  static const FieldTable<PercentileOptions> table(
      with_pace<PercentileOptions>({{.name = "keep",
                                     .member = &PercentileOptions::keep,
                                     .minimum = 1,
                                     .maximum = 99,
                                     .help = "percent of the trials that may go on, the best at the same step"},
                                    {.name = "others",
                                     .member = &PercentileOptions::others,
                                     .minimum = 1,
                                     .help = "how many other trials must have come as far for a judgement"}}));
  return table;
}

/// As math::quantile, but infinities are allowed.
double quantile_with_infinities(std::vector<double> values, double probability) {
  std::ranges::sort(values);
  const double position = probability * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const double low = values[below], part = position - std::floor(position);
  if (part == 0 || values[below + 1] == low) return low;
  return low + part * (values[below + 1] - low);
}

class PercentileRule final : public StoppingRule {
 public:
  explicit PercentileRule(const PercentileOptions& options) : StoppingRule(options), options_(options) {}

 private:
  std::optional<std::string> reason_to_stop(const History& history, const Trial& trial, std::int64_t step) override {
    if (!is_measured_at(history, trial, step)) return fault_at(history, trial, step);
    std::vector<const Trial*> others;
    for (const Trial& other : history.trials)
      if (other.number != trial.number && has_reached(other, step)) others.push_back(&other);
    if (std::ssize(others) < options_.others) return std::nullopt;
    const bool behind = history.spec.objectives.size() > 1 ? is_behind_in_order(history, trial, others, step)
                                                           : is_worse_than_percentile(history, trial, others, step);
    if (!behind) return std::nullopt;
    return "not among the best " + std::to_string(options_.keep) + " % there";
  }

  bool is_worse_than_percentile(const History& history, const Trial& trial, std::span<const Trial* const> others,
                                std::int64_t step) const {
    std::vector<double> losses;
    for (const Trial* other : others) losses.push_back(loss_at(history, *other, step));
    return best_loss_until(history, trial, step) >
           quantile_with_infinities(std::move(losses), static_cast<double>(options_.keep) / 100);
  }

  bool is_behind_in_order(const History& history, const Trial& trial, std::vector<const Trial*> trials,
                          std::int64_t step) const {
    trials.push_back(&trial);
    const auto order = order_at(history, trials, step);
    const auto place = std::ranges::find(order, trials.size() - 1) - order.begin();
    return place >= (std::ssize(order) * options_.keep + 99) / 100;
  }

  PercentileOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_percentile(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const PercentileOptions options, percentile_fields().read(node));
  return make_percentile_rule(options);
}

}  // namespace

std::unique_ptr<Scheduler> make_percentile_rule(const PercentileOptions& options) {
  return std::make_unique<PercentileRule>(options);
}

SchedulerRow percentile_row() {
  return {.name = "percentile",
          .help = "stops a trial whose best loss is worse than a percentile of the others' at the same step",
          .options = percentile_fields().rows(),
          .make = make_percentile};
}

}  // namespace pegbox
