// plateau: stop a trial whose curve has become flat.
#include "search/schedulers/plateau.h"

#include <algorithm>
#include <cmath>

#include "search/schedulers/stopping_rule.h"

namespace pegbox {
namespace {

struct PlateauOptions : Pace {
  std::int64_t reports = 6;
  double fraction = 0.005;
  std::string metric;
};

const FieldTable<PlateauOptions>& plateau_fields() {
  static const FieldTable<PlateauOptions> table(with_pace<PlateauOptions>(
      {{.name = "reports",
        .member = &PlateauOptions::reports,
        .minimum = 2,
        .help = "the last reports, over which the curve must fall"},
       {.name = "fraction",
        .member = &PlateauOptions::fraction,
        .minimum = 0,
        .maximum = 1,
        .help = "of all that the trial has gained; a curve that falls by less is flat"},
       {.name = "metric", .member = &PlateauOptions::metric, .help = "what is watched; empty: the first objective"}}));
  return table;
}

/// What the least-squares line through equally spaced values loses from the first to the last. At least two values.
double fall_of_line(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0, weighted = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    weighted += static_cast<double>(i) * values[i];
  }
  const double slope = (weighted - (n - 1) / 2 * sum) / (n * (n * n - 1) / 12);
  return -slope * (n - 1);
}

class PlateauRule final : public StoppingRule {
 public:
  explicit PlateauRule(const PlateauOptions& options) : StoppingRule(options), options_(options) {}

 private:
  std::optional<std::string> reason_to_stop(const History& history, const Trial& trial, std::int64_t) override {
    const std::string& metric = metric_or_objective(history, options_.metric);
    std::vector<double> values = curve_of(history, trial, metric);
    std::erase_if(values, [](double value) { return !std::isfinite(value); });
    if (std::ssize(values) <= options_.reports) return std::nullopt;
    const double gained = values.front() - *std::ranges::min_element(values);
    const double fall = fall_of_line(std::span(values).last(static_cast<std::size_t>(options_.reports)));
    if (gained > 0 && fall >= options_.fraction * gained) return std::nullopt;
    return "'" + metric + "' is flat over " + std::to_string(options_.reports) + " reports";
  }

  PlateauOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_plateau(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const PlateauOptions options, plateau_fields().read(node));
  return std::make_unique<PlateauRule>(options);
}

}  // namespace

SchedulerRow plateau_row() {
  return {.name = "plateau",
          .help = "stops a trial whose curve has become flat",
          .options = plateau_fields().rows(),
          .make = make_plateau};
}

}  // namespace pegbox
