// Worker: see worker.h.
#include "app/trainer/worker.h"

#include <fmt/format.h>
#include <malloc.h>

#include "app/trainer/memory_limit.h"
#include "train/method/scratch_model.h"
#include "train/pool.h"
#include "train/run_plan.h"

namespace pegbox::trainer {

namespace {

constexpr double kSliceSeconds = 0.2;  // how long the host waits for an answer, a step or more
constexpr double kIdleSeconds = 1.0;   // between looks at the input while nothing trains

FailureKind kind_of(ErrorKind kind) {
  if (kind == ErrorKind::OutOfMemory) return FailureKind::OutOfMemory;
  if (kind == ErrorKind::Diverged) return FailureKind::Diverged;
  return FailureKind::Error;
}

}  // namespace

Worker::Worker(Workplace& workplace, const Config& config, Channel& channel, const Clock& clock, Log log)
    : workplace_(workplace), config_(config), channel_(channel), clock_(clock), log_(std::move(log)) {}

Result<void> Worker::serve() {
  channel_.send(message::Ready{.slots = static_cast<int>(config_.settings.slots), .describes = true});
  while (!quitting_) {
    while (!quitting_) {
      const auto line = channel_.receive(active_.empty() ? kIdleSeconds : 0);
      if (!line) break;
      take(*line);
    }
    if (channel_.ended()) return {};
    if (!quitting_ && !active_.empty()) train_slice();
    begin_delayed();
  }
  return fault_;
}

void Worker::take(const std::string& line) {
  if (line.empty()) return;
  const auto message = decode_host(line);
  if (!message) return log_("refused a line: " + message.error().message);
  std::visit([this](const auto& known) { on(known); }, *message);
}

WorkerTrial* Worker::find(std::int64_t number) {
  const auto found = trials_.find(number);
  return found == trials_.end() ? nullptr : found->second.get();
}

bool Worker::is_active(std::int64_t number) const { return std::ranges::find(active_, number) != active_.end(); }

void Worker::deactivate(std::int64_t number) {
  std::erase(active_, number);
  std::erase(waiting_, number);
  std::erase_if(delayed_, [number](const Delayed& delayed) { return delayed.number == number; });
}

void Worker::fail_trial(std::int64_t number, const Error& error) {
  deactivate(number);
  trials_.erase(number);
  channel_.send(message::Failed{number, kind_of(error.kind), error.message});
}

void Worker::on(const message::Describe& describe) {
  auto described = describe_workplace(workplace_, config_, log_);
  if (described) {
    described->id = describe.id;
    return channel_.send(*described);
  }
  fault_ = tl::make_unexpected(std::move(described).error());  // no trial could be trained on such data
  quitting_ = true;
}

void Worker::on(const message::Start& start) {
  // A trial that waits here is asked to go on from its newest checkpoint: it need not be read from disk.
  if (WorkerTrial* const held = find(start.trial); held != nullptr && start.resume && held->is_at(*start.resume))
    return on(message::Go{start.trial, start.until});
  deactivate(start.trial);
  trials_.erase(start.trial);
  auto trial = start_trial(start);
  if (!trial && trial.error().kind == ErrorKind::OutOfMemory) {
    if (!start.resume && WorkerTrial::never_fits(workplace_, config_.run, start))  // one that is resumed did fit once
      return channel_.send(message::Failed{start.trial, FailureKind::Infeasible, trial.error().message});
    make_room();
    trial = start_trial(start);
  }
  if (!trial && WorkerTrial::leaves_no_room(trial.error(), workplace_, config_.run, start))
    return channel_.send(message::Failed{start.trial, FailureKind::Infeasible, trial.error().message});
  if (!trial) return delay_or_fail(start.trial, start, trial.error());
  trials_[start.trial] = *std::move(trial);
  active_.push_back(start.trial);
  most_bytes_ = 0;
}

Result<std::unique_ptr<WorkerTrial>> Worker::start_trial(const message::Start& start) {
  note_pool();
  return WorkerTrial::start(workplace_, config_.settings, config_.run, start, clock_, log_);
}

void Worker::on(const message::Go& go) {
  WorkerTrial* const trial = find(go.trial);
  if (trial == nullptr)
    return fail_trial(go.trial,
                      {ErrorKind::NotFound, fmt::format("[trial {}] this worker does not hold it", go.trial)});
  note_pool();
  auto gone = trial->go(go.until);
  if (!gone && gone.error().kind == ErrorKind::OutOfMemory) {
    make_room();
    gone = trial->go(go.until);
  }
  if (!gone) return delay_or_fail(go.trial, go, gone.error());
  deactivate(go.trial);
  active_.push_back(go.trial);
  most_bytes_ = 0;
}

void Worker::on(const message::Stop& stop) {
  deactivate(stop.trial);
  if (WorkerTrial* const trial = find(stop.trial)) trial->drop();
  channel_.send(message::Stopped{stop.trial});
}

void Worker::on(const message::Pause& pause) {
  for (Delayed& delayed : delayed_)
    if (delayed.number == pause.trial) delayed.pause = true;
  WorkerTrial* const trial = find(pause.trial);
  if (trial == nullptr || !is_active(pause.trial)) return;  // it has reached or ended meanwhile, and said so
  const auto name = trial->checkpoint();
  if (!name) return fail_trial(pause.trial, name.error());
  deactivate(pause.trial);
  waiting_.push_back(pause.trial);
  channel_.send(message::Paused{pause.trial, trial->tokens(), *name});
  keep_within_memory();
}

void Worker::on(const message::Release& release) {
  deactivate(release.trial);
  trials_.erase(release.trial);
  const CheckpointFolder files(config_.settings.folder, release.trial);  // of a trial that failed, too
  if (const auto cleared = files.clear(); !cleared) log_(cleared.error().message);
}

void Worker::on(const message::Quit&) { quitting_ = true; }

/// Trains the pool until a trial has arrived somewhere, or the host has waited long enough for an answer.
void Worker::train_slice() {
  const auto has_arrived = [this](std::int64_t number) { return trials_.at(number)->arrived(); };
  const double end_s = clock_.now_s() + kSliceSeconds;
  while (!active_.empty() && std::ranges::none_of(active_, has_arrived) && clock_.now_s() < end_s) train_step();
  for (const std::int64_t number : std::deque(active_)) {
    WorkerTrial& trial = *trials_.at(number);
    if (const auto outcome = trial.outcome(std::max(0.0, most_bytes_ - trial.step_bytes())))
      settle(trial, *outcome);
    else
      repair_or_fail(trial, outcome.error());
  }
}

/// One step of every trial of the pool, which share its seconds by their tokens.
void Worker::train_step() {
  note_pool();
  most_bytes_ = std::max(most_bytes_, step_bytes());
  const double start_s = clock_.now_s();
  const auto reports = train::step_together(workplace_.pool, *workplace_.lanes);
  double tokens = 0;
  for (const auto& report : reports) tokens += report ? static_cast<double>(report->tokens) : 0.0;
  const double seconds_per_token = (clock_.now_s() - start_s) / std::max(1.0, tokens);
  const std::deque<std::int64_t> numbers = active_;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (reports[i])
      trials_.at(numbers[i])
          ->count(*reports[i], seconds_per_token * static_cast<double>(reports[i]->tokens), numbers.size() == 1);
    else
      repair_or_fail(*trials_.at(numbers[i]), reports[i].error(), active_.size() < numbers.size());
  }
}

void Worker::settle(WorkerTrial& trial, const WorkerTrial::Outcome& outcome) {
  const std::int64_t number = trial.number();
  if (outcome.slice == Slice::Measured) channel_.send(message::Report{number, outcome.step, outcome.metrics});
  if (outcome.slice == Slice::Going || outcome.slice == Slice::Measured) {
    if (trial.checkpoint_is_due()) write_checkpoint(trial);
    return;
  }
  if (outcome.slice == Slice::Reached) {
    const auto name = trial.checkpoint(/*at_rung=*/true);
    if (!name) return repair_or_fail(trial, name.error());
    deactivate(number);
    waiting_.push_back(number);
    channel_.send(message::Reached{number, outcome.step, outcome.metrics, *name});
    return keep_within_memory();
  }
  if (const auto saved = trial.save_result(); !saved) return fail_trial(number, saved.error());
  deactivate(number);
  trial.drop();
  channel_.send(message::Done{number, outcome.step, outcome.metrics});
}

void Worker::write_checkpoint(WorkerTrial& trial) {
  const auto name = trial.checkpoint();
  if (!name) return repair_or_fail(trial, name.error());
  channel_.send(message::Checkpoint{trial.number(), trial.tokens(), *name});
}

/// A trial that ran out of memory beside others waits for one to end, whichever of them was too much. Alone it goes on
/// from its last good state: as it was if the others have just left, else with less of it at once.
void Worker::repair_or_fail(WorkerTrial& trial, const Error& error, bool has_more_room) {
  const std::int64_t number = trial.number();
  if (error.kind != ErrorKind::OutOfMemory) return fail_trial(number, error);
  make_room();
  if (active_.size() > 1) {
    trial.drop();
    deactivate(number);
    return delay_or_fail(number, message::Go{number, trial.until()}, error);
  }
  if (const auto repaired = has_more_room ? trial.go_back() : trial.repair(); !repaired)
    return fail_trial(number, error);
  log_(fmt::format("trial {}: {}; it goes on from {} tokens", number, error.message, trial.tokens()));
}

/// A trial for which there is no memory beside the pool begins when another has left it, and the host is told that
/// fewer fit.
void Worker::delay_or_fail(std::int64_t number, const HostMessage& message, const Error& error) {
  if (error.kind != ErrorKind::OutOfMemory || active_.empty()) return fail_trial(number, error);
  deactivate(number);
  delayed_.push_back({.number = number, .message = message, .crowd = active_.size()});
  log_(fmt::format("trial {} waits until another has left memory: {}", number, error.message));
  channel_.send(message::Ready{.slots = static_cast<int>(active_.size()), .describes = true});
}

void Worker::begin_delayed() {
  while (!quitting_ && !delayed_.empty() && active_.size() < delayed_.front().crowd) {
    const Delayed next = delayed_.front();
    std::visit([this](const auto& message) { on(message); }, next.message);
    if (!delayed_.empty() && delayed_.back().number == next.number)
      delayed_.back().pause = next.pause;
    else if (next.pause)
      on(message::Pause{next.number});
  }
}

/// Gives back all the memory that can be spared: trials that wait go on from their checkpoints.
void Worker::make_room() {
  std::int64_t dropped = 0;
  for (const std::int64_t number : waiting_) {
    WorkerTrial& trial = *trials_.at(number);
    dropped += trial.in_memory() ? 1 : 0;
    trial.drop();
  }
  malloc_trim(0);
  if (dropped > 0) log_(fmt::format("memory is short: {} waiting trials now wait on disk", dropped));
}

/// Trials that wait keep their state in memory while there is room; each has a checkpoint on disk.
void Worker::keep_within_memory() {
  std::uint64_t held = 0;
  for (const std::int64_t number : waiting_) held += trials_.at(number)->bytes();
  for (const std::int64_t number : waiting_) {
    if (static_cast<double>(held) <= config_.settings.held_bytes) return;
    WorkerTrial& trial = *trials_.at(number);
    held -= trial.bytes();
    trial.drop();
  }
}

void Worker::note_pool() {
  workplace_.pool.clear();
  for (const std::int64_t number : active_) workplace_.pool.push_back(&trials_.at(number)->run());
}

/// What all trials hold in a step, those that wait included.
double Worker::step_bytes() const {
  double sum = 0;
  for (const auto& [number, trial] : trials_)
    sum += is_active(number) ? trial->step_bytes() : static_cast<double>(trial->bytes());
  return sum;
}

Result<message::Described> describe_workplace(Workplace& workplace, const Config& config, const Worker::Log& log) {
  PEGBOX_TRY(const train::TrainConfig run, train::read_train_config(Json::object(), config.run, "config"));
  message::Described described;
  Json& values = described.values;
  std::int64_t vocabulary = workplace.vocabulary;
  if (workplace.base.decoder != nullptr) {
    values = model_facts(workplace.base.decoder->config(), workplace.base.decoder->layout());
    vocabulary = workplace.base.decoder->config().vocabulary;
  } else if (const auto fresh =
                 train::scratch_model(run, vocabulary, workplace.corpus->text().end.id, workplace.corpus->classes())) {
    values = model_facts(fresh->decoder->config(), fresh->decoder->layout());
  } else {
    log("the model is not described, only the data: " + fresh.error().message);
  }
  values["vocabulary"] = vocabulary;
  if (const auto& classes = workplace.corpus->classes(); !classes.empty()) values["classes"] = classes.size();
  values["sequence_length"] = run.sequence_length;
  for (const train::Part part : {train::Part::Train, train::Part::Validation, train::Part::Test}) {
    if (!workplace.corpus->has(part)) continue;
    PEGBOX_TRY(const text::TokenizedRows* const rows, workplace.corpus->tokenized(part, run.sequence_length));
    const std::string name(train::kPartNames[static_cast<std::size_t>(part)]);
    values[name + "_tokens"] = rows->total_tokens();
    values[name + "_label_tokens"] = rows->total_label_tokens();
    values[name + "_rows"] = rows->size();
    if (part != train::Part::Train || !train::method_trains(run.method)) continue;
    values["steps"] = train::total_tokens_of(run, *rows);
    const auto limit = peak_memory_limit(workplace, run, train::RowLengths::of(*rows), values);
    if (limit) described.limits["peak_memory"] = *limit;
  }
  return described;
}

}  // namespace pegbox::trainer
