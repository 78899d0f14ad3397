// gap: stop a trial that overfits: the gap between training and validation loss grows, and validation gets worse.
#include "search/schedulers/gap.h"

#include <algorithm>
#include <cmath>

#include "search/schedulers/stopping_rule.h"

namespace pegbox {
namespace {

struct GapOptions : Pace {
  std::string training = "train_loss";
  std::string validation = "validation_loss";
  std::int64_t reports = 3;
  double growth = 0.02;
};

const FieldTable<GapOptions>& gap_fields() {
  static const FieldTable<GapOptions> table(with_pace<GapOptions>(
      {{.name = "training", .member = &GapOptions::training, .help = "the metric with the training loss"},
       {.name = "validation", .member = &GapOptions::validation, .help = "the metric with the validation loss"},
       {.name = "reports",
        .member = &GapOptions::reports,
        .minimum = 1,
        .help = "so many reports in a row with a wider gap end a trial"},
       {.name = "growth",
        .member = &GapOptions::growth,
        .minimum = 0,
        .help = "how much wider, as a fraction of the best validation loss"}}));
  return table;
}

struct Losses {
  double training = 0;
  double validation = 0;
  double gap() const { return validation - training; }
};

class GapRule final : public StoppingRule {
 public:
  explicit GapRule(const GapOptions& options) : StoppingRule(options), options_(options) {}

 private:
  std::optional<std::string> reason_to_stop(const History&, const Trial& trial, std::int64_t) override {
    std::vector<Losses> curve;
    for (const Report& report : trial.reports) {
      const auto training = report.metrics.find(options_.training);
      const auto validation = report.metrics.find(options_.validation);
      if (training == report.metrics.end() || validation == report.metrics.end()) continue;
      if (std::isfinite(training->second) && std::isfinite(validation->second))
        curve.push_back({training->second, validation->second});
    }
    if (curve.empty()) return std::nullopt;
    const auto best = std::ranges::min_element(curve, {}, &Losses::validation);
    if (curve.end() - best - 1 < options_.reports) return std::nullopt;
    const double limit = best->gap() + options_.growth * std::abs(best->validation);
    const bool wider = std::all_of(curve.end() - options_.reports, curve.end(),
                                   [limit](const Losses& losses) { return losses.gap() > limit; });
    if (!wider) return std::nullopt;
    return "it overfits: the gap between '" + options_.training + "' and '" + options_.validation + "' grows";
  }

  GapOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_gap(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const GapOptions options, gap_fields().read(node));
  if (options.training == options.validation) return node.fail("training and validation are one metric", "two metrics");
  return std::make_unique<GapRule>(options);
}

}  // namespace

SchedulerRow gap_row() {
  return {.name = "gap",
          .help = "stops a trial that overfits: training and validation loss drift apart and validation gets worse",
          .options = gap_fields().rows(),
          .make = make_gap};
}

}  // namespace pegbox
