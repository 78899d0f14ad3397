// threshold: stop a trial whose metric is above or below a fixed bound.
#include "search/schedulers/threshold.h"

#include <cmath>

#include "base/number.h"
#include "base/units.h"
#include "search/schedulers/stopping_rule.h"

namespace pegbox {
namespace {

struct ThresholdOptions : Pace {
  std::string metric;
  double above = kInfinity;
  double below = -kInfinity;
};

const FieldTable<ThresholdOptions>& threshold_fields() {
  static const FieldTable<ThresholdOptions> table(with_pace<ThresholdOptions>(
      {{.name = "metric", .member = &ThresholdOptions::metric, .help = "what is watched; empty: the first objective"},
       {.name = "above", .member = &ThresholdOptions::above, .help = "a trial is stopped if its metric is above this"},
       {.name = "below",
        .member = &ThresholdOptions::below,
        .help = "a trial is stopped if its metric is below this"}}));
  return table;
}

class ThresholdRule final : public StoppingRule {
 public:
  explicit ThresholdRule(const ThresholdOptions& options) : StoppingRule(options), options_(options) {}

 private:
  std::optional<std::string> reason_to_stop(const History& history, const Trial& trial, std::int64_t) override {
    const std::string& metric = metric_or_objective(history, options_.metric);
    const auto value = trial.metric(metric);
    if (!value) return std::nullopt;
    const std::string is = "'" + metric + "' is " + format_number(*value);
    if (std::isnan(*value)) return is;
    if (*value > options_.above) return is + ", above " + format_number(options_.above);
    if (*value < options_.below) return is + ", below " + format_number(options_.below);
    return std::nullopt;
  }

  ThresholdOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_threshold(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const ThresholdOptions options, threshold_fields().read(node));
  const bool has_bound = std::isfinite(options.above) || std::isfinite(options.below);
  if (!has_bound || options.above <= options.below)
    return node.fail(has_bound ? "the bounds leave nothing between them" : "a threshold without a bound",
                     "above, below or both, with below < above");
  return std::make_unique<ThresholdRule>(options);
}

}  // namespace

SchedulerRow threshold_row() {
  return {.name = "threshold",
          .help = "stops a trial whose metric is above or below a fixed bound",
          .options = threshold_fields().rows(),
          .make = make_threshold,
          .example = R"({"above": 100})"};
}

}  // namespace pegbox
