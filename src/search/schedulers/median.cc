// median: stop a trial whose best loss so far is worse than the median of the others at the same step.
#include "search/schedulers/median.h"

#include <algorithm>
#include <cmath>

#include "search/schedulers/rung_losses.h"

namespace pegbox {
namespace {

struct MedianOptions {
  std::int64_t every = 0;
  std::int64_t grace = 0;
  std::int64_t others = 4;
};

const FieldTable<MedianOptions>& median_fields() {
  static const FieldTable<MedianOptions> table(std::vector<Field<MedianOptions>>{
      {.name = "every",
       .member = &MedianOptions::every,
       .minimum = 0,
       .help = "steps between two judgements; 0: a twentieth of the full length"},
      {.name = "grace", .member = &MedianOptions::grace, .minimum = 0, .help = "no trial is stopped before this step"},
      {.name = "others",
       .member = &MedianOptions::others,
       .minimum = 1,
       .help = "how many other trials must have come as far for a judgement"}});
  return table;
}

/// The middle one, or the mean of the two in the middle; infinities are allowed.
double median_of(std::vector<double> values) {
  std::ranges::sort(values);
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

class MedianScheduler final : public Scheduler {
 public:
  explicit MedianScheduler(MedianOptions options) : options_(options) {}

  std::int64_t next_rung(const History& history, const Trial& trial) override {
    const std::int64_t every = spacing(history);
    if (every == 0) return 0;
    const std::int64_t next = (trial.step / every + 1) * every;
    return history.steps > 0 && next >= history.steps ? 0 : next;
  }

  Verdict on_reached(const History& history, const Trial& trial) override {
    const std::int64_t every = spacing(history);
    if (every == 0 || trial.step < every) return Verdict::Continue;
    const std::int64_t step = trial.step / every * every;
    if (!is_measured_at(history, trial, step)) return Verdict::Stop;
    if (trial.step < options_.grace) return Verdict::Continue;
    std::vector<const Trial*> others;
    for (const Trial& other : history.trials)
      if (other.number != trial.number && has_reached(other, step)) others.push_back(&other);
    if (std::ssize(others) < options_.others) return Verdict::Continue;
    const bool worse = history.spec.objectives.size() > 1 ? is_in_worse_half(history, trial, others, step)
                                                          : is_worse_than_median(history, trial, others, step);
    return worse ? Verdict::Stop : Verdict::Continue;
  }

  std::optional<Promotion> next_to_resume(const History&) override { return std::nullopt; }

 private:
  std::int64_t spacing(const History& history) const {
    if (options_.every > 0) return options_.every;
    return history.steps == 0 ? 0 : std::max<std::int64_t>(1, history.steps / 20);
  }

  static bool is_worse_than_median(const History& history, const Trial& trial, std::span<const Trial* const> others,
                                   std::int64_t step) {
    std::vector<double> losses;
    for (const Trial* other : others) losses.push_back(loss_at(history, *other, step));
    return best_loss_until(history, trial, step) > median_of(std::move(losses));
  }

  static bool is_in_worse_half(const History& history, const Trial& trial, std::vector<const Trial*> trials,
                               std::int64_t step) {
    trials.push_back(&trial);
    const auto order = order_at(history, trials, step);
    const auto place = std::ranges::find(order, trials.size() - 1) - order.begin();
    return place >= (std::ssize(order) + 1) / 2;
  }

  MedianOptions options_;
};

Result<std::unique_ptr<Scheduler>> make_median(const StudySpec&, const Node& node) {
  PEGBOX_TRY(const MedianOptions options, median_fields().read(node));
  return std::make_unique<MedianScheduler>(options);
}

}  // namespace

SchedulerRow median_row() {
  return {"median", "stops a trial whose best loss is worse than the median of the others at the same step",
          median_fields().rows(), make_median};
}

}  // namespace pegbox
