// Retraining: see retraining.h.
#include "report/retraining.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "search/history.h"

namespace pegbox {
namespace {

constexpr std::chrono::milliseconds kBetweenSignals{200};

tl::unexpected<Error> refuse_trial(std::int64_t trial, std::string what, std::string got) {
  return fail(ErrorKind::InvalidInput, {.where = fmt::format("trial {}", trial),
                                        .what = std::move(what),
                                        .got = std::move(got),
                                        .hint = "name others with --trials"});
}

/// The ends of the legs that a trial was sent on, each once, as far as it came.
std::vector<std::int64_t> rungs_of(std::span<const Event> events, const Trial& trial) {
  std::vector<std::int64_t> rungs;
  for (const Event& event : events)
    if (const auto* started = std::get_if<event::TrialStarted>(&event.what);
        started != nullptr && started->trial == trial.number &&
        (rungs.empty() || started->until == 0 || (rungs.back() != 0 && started->until > rungs.back())))
      if (rungs.empty() || rungs.back() != started->until) rungs.push_back(started->until);
  if (trial.state == TrialState::Done) return rungs;
  std::erase_if(rungs, [&](std::int64_t rung) { return rung == 0 || rung > trial.step; });
  return rungs;
}

bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Takes measurements as the tuner does: a last word after the last step counts one more, if it is news.
void take(std::vector<Report>& reports, const Signal& signal) {
  if (signal.metrics.empty()) return;
  std::int64_t step = signal.step;
  if (!reports.empty() && step <= reports.back().step) {
    const Metrics& last = reports.back().metrics;
    const bool is_news = signal.kind == SignalKind::Done && std::ranges::any_of(signal.metrics, [&](const auto& each) {
                           const auto known = last.find(each.first);
                           return known == last.end() || !is_same(known->second, each.second);
                         });
    if (!is_news) return;
    step = reports.back().step + 1;
  }
  reports.push_back({step, signal.metrics});
}

class Retrainer {
 public:
  Retrainer(std::span<const RecordedTrial> trials, Executor& executor, const std::function<void(std::size_t)>& tell)
      : trials_(trials), executor_(executor), tell_(tell), results_(trials.size()) {}

  Result<std::vector<RetrainedTrial>> run(const std::atomic<bool>& interrupted) {
    while (next_ < trials_.size() || !running_.empty()) {
      if (interrupted) {
        for (const auto& [number, leg] : running_) executor_.stop(number);
        return fail(ErrorKind::Interrupted, {.where = "retraining", .what = "given up"});
      }
      while (next_ < trials_.size() && std::ssize(running_) < executor_.slots()) PEGBOX_CHECK(begin(next_++));
      PEGBOX_TRY(const auto signals, executor_.poll(kBetweenSignals));
      for (const Signal& signal : signals) PEGBOX_CHECK(handle(signal));
    }
    return std::move(results_);
  }

 private:
  struct Leg {
    std::size_t place = 0, rung = 0;  // in trials_, in its rungs
  };

  Result<void> begin(std::size_t place) {
    const RecordedTrial& trial = trials_[place];
    running_[trial.number] = {place, 0};
    return executor_.start(
        {.trial = trial.number, .seed = trial.seed, .config = trial.config, .until = trial.rungs.front()});
  }

  Result<void> handle(const Signal& signal) {
    const auto found = running_.find(signal.trial);
    if (found == running_.end()) return {};
    Leg& leg = found->second;
    const RecordedTrial& trial = trials_[leg.place];
    switch (signal.kind) {
      case SignalKind::Checkpoint:
        return {};
      case SignalKind::Report:
      case SignalKind::Done:
      case SignalKind::Reached:
        take(results_[leg.place].reports, signal);
        break;
      default:
        results_[leg.place].fault = signal.detail.empty() ? "it ended too soon" : signal.detail;
        return end(found);
    }
    if (signal.kind == SignalKind::Report) return {};
    if (signal.kind == SignalKind::Done || ++leg.rung == trial.rungs.size()) return end(found);
    return executor_.start({.trial = trial.number,
                            .seed = trial.seed,
                            .config = trial.config,
                            .from = signal.step,
                            .until = trial.rungs[leg.rung],
                            .resume = CheckpointRef{trial.number, signal.step, signal.checkpoint}});
  }

  Result<void> end(std::map<std::int64_t, Leg>::iterator found) {
    const auto [number, leg] = *found;
    running_.erase(found);
    executor_.release(number);
    tell_(leg.place);
    return {};
  }

  std::span<const RecordedTrial> trials_;
  Executor& executor_;
  const std::function<void(std::size_t)>& tell_;
  std::vector<RetrainedTrial> results_;
  std::map<std::int64_t, Leg> running_;
  std::size_t next_ = 0;
};

}  // namespace

Result<std::vector<RecordedTrial>> recorded_trials(std::span<const Event> events,
                                                   std::span<const std::int64_t> numbers) {
  StudyState state;
  for (const Event& event : events) PEGBOX_CHECK(state.apply(event));
  const auto known = std::ssize(state.history().trials);
  std::vector<RecordedTrial> recorded;
  for (const std::int64_t number : numbers) {
    if (number < 0 || number >= known)
      return fail(ErrorKind::NotFound, {.where = "--trials",
                                        .what = "no such trial",
                                        .got = fmt::to_string(number),
                                        .expected = fmt::format("0 to {}", known - 1)});
    const Trial& trial = state.trial(number);
    if (trial.clone_of)
      return refuse_trial(number, "it cannot be trained again by itself",
                          fmt::format("it began at a snapshot of trial {}", trial.clone_of->trial));
    std::vector<std::int64_t> rungs = rungs_of(events, trial);
    if (rungs.empty() || trial.reports.empty())
      return refuse_trial(number, "there is nothing to compare",
                          fmt::format("it is {} and came to no rung", name_of(trial.state)));
    std::vector<Report> reports = trial.reports;
    if (trial.state != TrialState::Done)
      std::erase_if(reports, [&](const Report& report) { return report.step > rungs.back(); });
    recorded.push_back({number, trial.seed, trial.config, std::move(rungs), std::move(reports)});
  }
  return recorded;
}

Result<std::vector<RetrainedTrial>> retrain(std::span<const RecordedTrial> trials, Executor& executor,
                                            const std::atomic<bool>& interrupted,
                                            const std::function<void(std::size_t)>& tell) {
  return Retrainer(trials, executor, tell).run(interrupted);
}

std::vector<RetrainedMetric> compare_retrained(const RecordedTrial& recorded, const RetrainedTrial& retrained,
                                               std::span<const std::string> metrics, double tolerance) {
  std::vector<RetrainedMetric> compared;
  for (const std::string& metric : metrics) {
    RetrainedMetric all{.trial = recorded.number, .metric = metric};
    bool is_measured = false;
    for (const Report& report : recorded.reports) {
      const auto was = report.metrics.find(metric);
      if (was == report.metrics.end()) continue;
      const auto same_step = std::ranges::find(retrained.reports, report.step, &Report::step);
      const auto is =
          same_step == retrained.reports.end() ? Metrics::const_iterator() : same_step->metrics.find(metric);
      const bool is_there = same_step != retrained.reports.end() && is != same_step->metrics.end();
      is_measured = true;
      all.step = report.step;
      all.recorded = was->second;
      all.retrained = is_there ? is->second : std::nan("");
      double difference = 0;
      if (!is_there || !is_same(all.recorded, all.retrained)) {
        const double larger = std::max(std::abs(all.recorded), std::abs(all.retrained));
        difference = std::abs(all.recorded - all.retrained) / larger;
        if (!is_there || !std::isfinite(difference)) difference = HUGE_VAL;
      }
      all.difference = std::max(all.difference, difference);
      if (difference > tolerance && all.differs_at < 0) all.differs_at = report.step;
    }
    if (is_measured) compared.push_back(std::move(all));
  }
  return compared;
}

}  // namespace pegbox
