// SimulatedExecutor: the next signal is the earliest of all legs' next ones.
#include "search/executors/simulated_executor.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "search/executors/signal_order.h"

namespace pegbox {

SimulatedTrial recorded_trial(std::vector<Report> curve, double seconds) {
  SimulatedTrial trial;
  trial.length = curve.empty() ? 1 : curve.back().step;
  trial.report_every = 0;
  trial.seconds_per_step = seconds / static_cast<double>(trial.length);
  for (std::int64_t before = 0; const Report& report : curve) {
    const auto gap = report.step - std::exchange(before, report.step);
    trial.report_every = trial.report_every == 0 ? gap : std::gcd(trial.report_every, gap);
  }
  trial.report_every = std::max<std::int64_t>(trial.report_every, 1);
  trial.curve = [curve = std::move(curve)](std::int64_t step) {
    const auto after = std::ranges::upper_bound(curve, step, {}, &Report::step);
    return after == curve.begin() ? Metrics{} : std::prev(after)->metrics;
  };
  return trial;
}

SimulatedExecutor::SimulatedExecutor(Simulation simulation, int workers, double start_s,
                                     std::optional<message::Described> described)
    : simulation_(std::move(simulation)), workers_(workers), described_(std::move(described)) {
  clock_.set(start_s);
}

Result<void> SimulatedExecutor::start(const Launch& launch) {
  if (legs_.contains(launch.trial))
    return fail(ErrorKind::Internal, {.where = "trial " + std::to_string(launch.trial), .what = "it runs already"});
  add(launch, clock_.now_s(), launch.from);
  return {};
}

bool SimulatedExecutor::adopt(const Launch& launch, double started_s, std::int64_t reported) {
  add(launch, started_s, std::max(launch.from, reported));
  return true;
}

void SimulatedExecutor::add(const Launch& launch, double started_s, std::int64_t reported) {
  Leg leg{.launch = launch, .trial = simulation_(launch), .first_step_s = started_s, .reported = reported};
  if (launch.from == 0) leg.first_step_s += leg.trial.startup_s;
  legs_.insert_or_assign(launch.trial, std::move(leg));
}

double SimulatedExecutor::time_of(const Leg& leg, std::int64_t step) {
  return leg.first_step_s + static_cast<double>(step - leg.launch.from) * leg.trial.seconds_per_step;
}

// The next step at which the leg says something: a report, its rung, its end or its failure.
std::int64_t SimulatedExecutor::next_step(const Leg& leg) {
  const SimulatedTrial& trial = leg.trial;
  std::int64_t step = (leg.reported / trial.report_every + 1) * trial.report_every;
  step = std::min(step, trial.length);
  if (leg.launch.until > 0) step = std::min(step, leg.launch.until);
  if (trial.fails_at > 0) step = std::min(step, trial.fails_at);
  return step;
}

Signal SimulatedExecutor::signal_at(const Leg& leg, std::int64_t step) const {
  const SimulatedTrial& trial = leg.trial;
  Signal signal{.kind = SignalKind::Report, .trial = leg.launch.trial, .step = step};
  signal.time_s = std::max(clock_.now_s(), time_of(leg, step));
  signal.worker = "simulated";
  if (trial.fails_at > 0 && step >= trial.fails_at) {
    signal.kind = trial.failure == FailureKind::WorkerLost ? SignalKind::WorkerLost : SignalKind::Failed;
    signal.failure = trial.failure;
    signal.detail = "simulated";
    return signal;
  }
  signal.metrics = trial.curve(step);
  if (step >= trial.length) {
    signal.kind = SignalKind::Done;
  } else if (leg.launch.until > 0 && step >= leg.launch.until) {
    signal.kind = SignalKind::Reached;
    signal.checkpoint = "step-" + std::to_string(step);
  }
  return signal;
}

Result<std::vector<Signal>> SimulatedExecutor::poll(std::chrono::milliseconds) {
  if (!answers_.empty()) return std::exchange(answers_, {});
  double next_s = std::numeric_limits<double>::infinity();
  for (const auto& [number, leg] : legs_)
    next_s = std::min(next_s, std::max(clock_.now_s(), time_of(leg, next_step(leg))));
  std::vector<Signal> signals;
  if (legs_.empty()) return signals;
  clock_.set(next_s);
  for (auto leg = legs_.begin(); leg != legs_.end();) {
    const std::int64_t step = next_step(leg->second);
    if (time_of(leg->second, step) > next_s) {
      ++leg;
      continue;
    }
    signals.push_back(signal_at(leg->second, step));
    leg->second.reported = step;
    leg = signals.back().kind == SignalKind::Report ? std::next(leg) : legs_.erase(leg);
  }
  sort_signals(signals);
  return signals;
}

void SimulatedExecutor::interrupt(std::int64_t trial, SignalKind kind) {
  const auto found = legs_.find(trial);
  if (found == legs_.end()) return;
  const Leg& leg = found->second;
  const double steps = std::floor((clock_.now_s() - leg.first_step_s) / leg.trial.seconds_per_step);
  Signal answer{.kind = kind, .trial = trial, .step = leg.launch.from + std::max<std::int64_t>(std::llround(steps), 0)};
  answer.step = std::clamp(answer.step, leg.reported, next_step(leg));
  if (kind == SignalKind::Paused) answer.checkpoint = "step-" + std::to_string(answer.step);
  answer.worker = "simulated";
  answer.time_s = clock_.now_s();
  answers_.push_back(std::move(answer));
  sort_signals(answers_);
  legs_.erase(found);
}

void SimulatedExecutor::pause(std::int64_t trial) { interrupt(trial, SignalKind::Paused); }
void SimulatedExecutor::stop(std::int64_t trial) { interrupt(trial, SignalKind::Stopped); }
void SimulatedExecutor::release(std::int64_t trial) { legs_.erase(trial); }

}  // namespace pegbox
