// StudyShift: a worker's time with one study.
#include "app/server/study_shift.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pegbox::server {
namespace {

constexpr std::chrono::milliseconds kTurn{50};
constexpr double kReportGroup_s = 0.2;
constexpr std::size_t kLargestDelivery = 1000;
constexpr double kBusyElsewhere_s = 5;  // another process runs the study
constexpr double kLastWords_s = 3;      // for what is left in the outbox

TrialMessage about(MessageKind kind, std::int64_t trial, const std::string& lease, const Signal& signal) {
  return {.kind = kind,
          .trial = trial,
          .lease = lease,
          .step = signal.step,
          .metrics = signal.metrics,
          .checkpoint = signal.checkpoint,
          .failure = {},
          .detail = signal.detail};
}

}  // namespace

Result<void> StudyShift::turn() {
  PEGBOX_CHECK(fill());
  PEGBOX_TRY(const auto signals, workshop_.executor->poll(kTurn));
  for (const Signal& signal : signals) PEGBOX_CHECK(hear(signal));
  renew();
  if (!held_.empty() || !outbox_.empty()) idle_since_s_ = now_s();
  return deliver(false);
}

Result<void> StudyShift::fill() {
  while (!leaving_ && now_s() >= ask_again_s_ && std::ssize(held_) < workshop_.executor->slots()) {
    const auto answer = link_.ask(study_, described_);
    if (!answer && answer.error().kind == ErrorKind::Io) return {};  // it is away: later
    if (!answer && answer.error().kind != ErrorKind::Conflict) return tl::make_unexpected(answer.error());
    if (answer && answer->trial) {
      PEGBOX_CHECK(start(*answer->trial));
      continue;
    }
    state_ = answer ? answer->state : kBusy;
    ask_again_s_ = now_s() + (answer ? answer->retry_s : kBusyElsewhere_s);
  }
  return {};
}

// It may be one of ours: the server took it back while it could not be reached, and now gives it out again.
Result<void> StudyShift::start(const LeasedTrial& leased) {
  if (held_.contains(leased.trial)) let_go(leased.trial, Verdict::Pause);
  Holding& holding = held_[leased.trial];
  holding = {.lease = leased.lease, .lease_s = leased.lease_s, .launch = {}, .checkpoint = {}, .heard_s = now_s()};
  holding.launch = {.trial = leased.trial,
                    .seed = leased.seed,
                    .config = leased.config,
                    .from = leased.step,
                    .until = leased.until,
                    .resume = leased.resume,
                    .attempt = leased.attempt};
  if (leased.resume && leased.resume->name.empty()) holding.launch.resume.reset();  // it rested without a snapshot
  holding.is_queued = leaving_here_.contains(leased.trial);
  return holding.is_queued ? Result<void>() : workshop_.executor->start(holding.launch);
}

Result<void> StudyShift::hear(const Signal& signal) {
  if (leaving_here_.contains(signal.trial)) return see_off(signal);
  if (const auto found = held_.find(signal.trial); found != held_.end()) on_news(found->second, signal);
  return {};
}

// Of a leg that is no longer ours only its end is news: the trial may have been given to us again.
Result<void> StudyShift::see_off(const Signal& signal) {
  if (signal.kind == SignalKind::Report || signal.kind == SignalKind::Checkpoint) return {};
  leaving_here_.erase(signal.trial);
  const auto found = held_.find(signal.trial);
  if (found == held_.end() || !std::exchange(found->second.is_queued, false)) return {};
  return workshop_.executor->start(found->second.launch);
}

void StudyShift::on_news(Holding& holding, const Signal& signal) {
  const std::string lease = holding.lease;
  switch (signal.kind) {
    case SignalKind::Report:
      if (!signal.metrics.empty()) put(about(MessageKind::Report, signal.trial, lease, signal), false);
      return;
    case SignalKind::Checkpoint:
      return put(about(MessageKind::Checkpoint, signal.trial, lease, signal), false);
    case SignalKind::Reached:
      return on_reached(holding, signal);
    case SignalKind::Done:
      ++ended_;
      return end(signal.trial, about(MessageKind::Tell, signal.trial, lease, signal));
    case SignalKind::Failed:
    case SignalKind::WorkerLost: {
      TrialMessage message = about(MessageKind::Tell, signal.trial, lease, signal);
      message.failure = signal.kind == SignalKind::Failed ? signal.failure : FailureKind::WorkerLost;
      return end(signal.trial, std::move(message));
    }
    case SignalKind::Paused:
    case SignalKind::Stopped: {
      TrialMessage message = about(MessageKind::Return, signal.trial, lease, signal);
      if (!leaving_why_.empty()) message.detail = leaving_why_;
      return end(signal.trial, std::move(message));
    }
  }
}

void StudyShift::on_reached(Holding& holding, const Signal& signal) {
  holding.waits = true;
  holding.step = signal.step;
  holding.checkpoint = signal.checkpoint;
  if (!signal.metrics.empty()) return put(about(MessageKind::Report, signal.trial, holding.lease, signal), true);
  TrialMessage message = about(MessageKind::Tell, signal.trial, holding.lease, signal);
  message.failure = FailureKind::Error;
  message.detail = fmt::format("it reached step {} without a measurement", signal.step);
  end(signal.trial, std::move(message));
}

// Its last message carries the lease; nothing more is to be renewed.
void StudyShift::end(std::int64_t trial, TrialMessage message) {
  held_.erase(trial);
  put(std::move(message), true);
}

void StudyShift::put(TrialMessage message, bool urgent) {
  if (outbox_.empty()) waiting_since_s_ = now_s();
  urgent_ = urgent_ || urgent;
  outbox_.push_back(std::move(message));
}

void StudyShift::renew() {
  for (auto& [trial, holding] : held_) {
    if (holding.is_renewing || now_s() - holding.heard_s < holding.lease_s / 3) continue;
    holding.is_renewing = true;
    put({.kind = MessageKind::Renew, .trial = trial, .lease = holding.lease}, false);
  }
}

Result<void> StudyShift::deliver(bool at_once) {
  std::size_t left = outbox_.size();  // what has to be said again waits for the next time
  while (left > 0 && (at_once || urgent_ || now_s() - waiting_since_s_ >= kReportGroup_s)) {
    const std::size_t count = std::min(left, kLargestDelivery);
    left -= count;
    const std::vector<TrialMessage> batch(outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(count));
    const auto answers = link_.deliver(study_, batch);
    if (!answers && answers.error().kind == ErrorKind::Io) return {};  // kept
    if (!answers) return tl::make_unexpected(answers.error());
    outbox_.erase(outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(count));
    urgent_ = urgent_ && !outbox_.empty();
    std::vector<TrialMessage> refused;  // the server's disk is full, or it is overloaded
    for (std::size_t i = 0; i < count; ++i) {
      const auto& answer = (*answers)[i];
      const bool waits = !answer && answer.error().kind == ErrorKind::Io;
      if (waits)
        refused.push_back(batch[i]);
      else
        PEGBOX_CHECK(on_answer(batch[i], answer));
    }
    if (!refused.empty()) return put_back(std::move(refused)), Result<void>();
  }
  return {};
}

// Before what came later: a report that is behind a later one of its trial counts as known.
void StudyShift::put_back(std::vector<TrialMessage> refused) {
  waiting_since_s_ = now_s();
  outbox_.insert(outbox_.begin(), std::make_move_iterator(refused.begin()), std::make_move_iterator(refused.end()));
}

Result<void> StudyShift::on_answer(const TrialMessage& message, const Result<Standing>& answer) {
  if (answer && message.kind == MessageKind::Tell && message.failure != FailureKind::WorkerLost) release(message.trial);
  if (!answer) say_(answer.error().message);
  const auto found = held_.find(message.trial);
  if (found == held_.end() || found->second.lease != message.lease) return {};
  found->second.heard_s = now_s();
  found->second.is_renewing = false;
  if (answer) return obey(found->second, message, *answer);
  let_go(message.trial, Verdict::Pause);
  return {};
}

Result<void> StudyShift::obey(Holding& holding, const TrialMessage& message, const Standing& standing) {
  const bool is_judged = holding.waits && message.kind == MessageKind::Report && message.step == holding.step;
  if (standing.verdict == Verdict::Continue) return is_judged ? go_on(holding, standing.until) : Result<void>();
  if (standing.verdict == Verdict::Stop) ++ended_;
  if (standing.verdict == Verdict::Stop && holding.waits) release(message.trial);
  let_go(message.trial, standing.verdict);
  return {};
}

// A trial that is lost is paused, not stopped: somebody else may have it by now, and what it left in a folder that both
// use stays.
void StudyShift::let_go(std::int64_t trial, Verdict verdict) {
  const Holding holding = std::move(held_.extract(trial).mapped());
  if (holding.waits || holding.is_queued) return;
  leaving_here_.insert(trial);
  verdict == Verdict::Stop ? workshop_.executor->stop(trial) : workshop_.executor->pause(trial);
}

Result<void> StudyShift::go_on(Holding& holding, std::int64_t until) {
  const std::int64_t trial = holding.launch.trial;
  Signal stand{.trial = trial, .step = holding.step, .checkpoint = holding.checkpoint};
  if (leaving_) {
    stand.detail = leaving_why_;
    end(trial, about(MessageKind::Return, trial, holding.lease, stand));
    return {};
  }
  if (until > 0 && until <= holding.step) {
    TrialMessage message = about(MessageKind::Tell, trial, holding.lease, stand);
    message.failure = FailureKind::Error;
    message.detail = fmt::format("it reached step {} without a value of an objective", holding.step);
    end(trial, std::move(message));
    return {};
  }
  holding.waits = false;
  holding.launch.from = holding.step;
  holding.launch.until = until;
  if (!holding.checkpoint.empty()) holding.launch.resume = CheckpointRef{trial, holding.step, holding.checkpoint};
  return workshop_.executor->start(holding.launch);
}

void StudyShift::release(std::int64_t trial) {
  if (!workshop_.keeps_snapshots) workshop_.executor->release(trial);
}

void StudyShift::hand_back(double most_s, const std::string& why) {
  leaving_ = true;
  leaving_why_ = why;
  const double until_s = now_s() + most_s;
  for (const auto& [trial, holding] : std::map(held_)) {
    if (holding.is_queued)
      end(trial, {.kind = MessageKind::Return, .trial = trial, .lease = holding.lease, .detail = why});
    else if (!holding.waits)
      workshop_.executor->pause(trial);
  }
  while (!held_.empty() && now_s() < until_s) {
    const auto signals = workshop_.executor->poll(kTurn);
    if (!signals) break;
    for (const Signal& signal : *signals) (void)hear(signal);
    renew();
    if (!deliver(false)) break;
  }
  for (const double last_s = now_s() + kLastWords_s; !outbox_.empty() && now_s() < last_s;) {
    if (!deliver(true)) return;
    if (!outbox_.empty()) (void)workshop_.executor->poll(kTurn);
  }
}

}  // namespace pegbox::server
