// divergence: stop a trial whose loss is not finite, has jumped and stays up, or has become worse than at its start.
#include "search/schedulers/divergence.h"

#include <algorithm>
#include <cmath>

#include "math/statistics.h"
#include "search/schedulers/stopping_rule.h"

namespace pegbox {
namespace {

constexpr double kNormalPerDeviation = 1.4826;  ///< standard deviations in one median absolute deviation, if normal
constexpr std::size_t kLeastWindow = 3;         ///< values from which a spread can be told

struct DivergenceOptions : Pace {
  std::string metric;
  std::int64_t reports = 2;
  std::int64_t window = 10;
  double z = 6;
  double lost = 0.2;
  double worse = 0.1;
};

const FieldTable<DivergenceOptions>& divergence_fields() {
  static const FieldTable<DivergenceOptions> table(with_pace<DivergenceOptions>(
      {{.name = "metric", .member = &DivergenceOptions::metric, .help = "what is watched; empty: the first objective"},
       {.name = "reports",
        .member = &DivergenceOptions::reports,
        .minimum = 1,
        .help = "so many bad reports in a row end a trial; a spike may recover before"},
       {.name = "window",
        .member = &DivergenceOptions::window,
        .minimum = 3,
        .maximum = 10'000,
        .help = "reports before those, from which a spike stands out"},
       {.name = "z",
        .member = &DivergenceOptions::z,
        .minimum = 1,
        .help = "robust standard deviations above the window's median that make a spike"},
       {.name = "lost",
        .member = &DivergenceOptions::lost,
        .minimum = 0,
        .help = "fraction of all it had gained that a spike must have lost"},
       {.name = "worse",
        .member = &DivergenceOptions::worse,
        .minimum = 0,
        .help = "above the first value by this fraction of its magnitude: worse than at the start"}}));
  return table;
}

/// The value that a spike must pass, given the finite values before it; nothing if they are too few to tell.
std::optional<double> spike_limit(std::span<const double> before, const DivergenceOptions& options) {
  const auto window = before.last(std::min(before.size(), static_cast<std::size_t>(options.window)));
  if (window.size() < kLeastWindow) return std::nullopt;
  const double median = math::median(window);
  std::vector<double> deviations;
  for (const double value : window) deviations.push_back(std::abs(value - median));
  const double minimum = *std::ranges::min_element(before);
  return std::max(median + options.z * kNormalPerDeviation * math::median(deviations),
                  minimum + options.lost * (before.front() - minimum));
}

class DivergenceRule final : public StoppingRule {
 public:
  explicit DivergenceRule(const DivergenceOptions& options) : StoppingRule(options), options_(options) {}

 private:
  std::optional<std::string> reason_to_stop(const History& history, const Trial& trial, std::int64_t) override {
    const std::string& metric = metric_or_objective(history, options_.metric);
    std::vector<double> values = curve_of(history, trial, metric);
    if (values.empty()) return std::nullopt;
    if (!std::isfinite(values.back())) return "'" + metric + "' is not finite";
    std::erase_if(values, [](double value) { return !std::isfinite(value); });
    const auto bad = static_cast<std::size_t>(options_.reports);
    if (values.size() <= bad) return std::nullopt;
    const std::span<const double> all(values), last = all.last(bad), before = all.first(all.size() - bad);
    const auto all_above = [&last](double limit) {
      return std::ranges::all_of(last, [limit](double value) { return value > limit; });
    };
    if (all_above(all.front() + options_.worse * std::abs(all.front())))
      return "'" + metric + "' is worse than at the start";
    const auto limit = spike_limit(before, options_);
    if (limit && all_above(*limit)) return "'" + metric + "' has jumped and stays up";
    return std::nullopt;
  }

  DivergenceOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_divergence(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const DivergenceOptions options, divergence_fields().read(node));
  return std::make_unique<DivergenceRule>(options);
}

}  // namespace

SchedulerRow divergence_row() {
  return {.name = "divergence",
          .help = "stops a trial whose loss is not finite, has jumped and stays up, or is worse than at its start",
          .options = divergence_fields().rows(),
          .make = make_divergence};
}

}  // namespace pegbox
