// WorkerTrial: see trial.h.
#include "app/trainer/trial.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/units.h"
#include "train/guard.h"
#include "train/memory.h"
#include "train/method/method.h"
#include "train/snapshot.h"
#include "train/stage_lengths.h"

namespace pegbox::trainer {

namespace {

Result<train::TrainConfig> config_of(const Json& defaults, const message::Start& start) {
  return train::read_train_config(defaults, start.config, fmt::format("config of trial {}", start.trial));
}

constexpr char kTeacherFile[] = "teacher.json";  // beside a trial's checkpoints

bool is_lost(ErrorKind kind) { return kind == ErrorKind::NotFound || kind == ErrorKind::Corrupt; }

}  // namespace

Result<std::unique_ptr<WorkerTrial>> WorkerTrial::start(Workplace& workplace, const Settings& settings,
                                                        const Json& defaults, const message::Start& start,
                                                        const Clock& clock, const Log& log) {
  std::unique_ptr<WorkerTrial> trial(new WorkerTrial(workplace, settings, clock, log, start.trial));
  PEGBOX_TRY(trial->config_, config_of(defaults, start));
  const bool has_seed = start.config.is_object() && start.config.contains("seed");
  if (!has_seed) trial->config_.seed = static_cast<std::int64_t>(start.seed & std::numeric_limits<std::int64_t>::max());
  PEGBOX_CHECK(trial->load(start.resume ? start.resume->checkpoint : ""));
  PEGBOX_CHECK(trial->go(start.until));
  return trial;
}

bool WorkerTrial::never_fits(Workplace& workplace, const Json& defaults, const message::Start& start) {
  const auto config = config_of(defaults, start);
  const auto need = config ? memory_need_of(workplace, *config) : tl::make_unexpected(config.error());
  return need && train::fit_of(need->total_bytes(), train::machine_memory()) == train::Fit::Never;
}

bool WorkerTrial::leaves_no_room(const Error& error, Workplace& workplace, const Json& defaults,
                                 const message::Start& start) {
  const auto config = config_of(defaults, start);
  if (!config || !workplace.corpus->rows().in_turn) return false;
  const auto rows = workplace.corpus->tokenized(train::Part::Train, config->sequence_length);
  return rows && train::leaves_no_room(error, *config, **rows);
}

Result<void> WorkerTrial::restore(const std::string& checkpoint, OwnedRun& into) {
  const Path path = files_.path_of(checkpoint);
  PEGBOX_TRY(const train::Snapshot snapshot, train::load_snapshot(path));
  if (teacher() != nullptr) PEGBOX_CHECK(check_teacher(path.parent_path() / kTeacherFile, *teacher()));
  PEGBOX_CHECK(into.run->restore(snapshot));
  newest_ = checkpoint;
  if (!files_.owns(checkpoint)) {
    PEGBOX_TRY(newest_, files_.adopt(checkpoint, into.run->tokens()));
  }
  files_.start_leg(newest_);
  return {};
}

/// A host that was stopped, then killed, may ask for a checkpoint of long ago.
Result<void> WorkerTrial::restore_or_older(const std::string& checkpoint, OwnedRun& into) {
  const Result<void> wanted = restore(checkpoint, into);
  const auto tokens = CheckpointFolder::tokens_of(checkpoint);
  if (wanted || !is_lost(wanted.error().kind) || !tokens) return wanted;
  for (const std::string& name : files_.names_up_to(*tokens)) {
    if (name == checkpoint) continue;
    const Result<void> older = restore(name, into);
    if (!older && is_lost(older.error().kind)) continue;
    if (older) log_(fmt::format("trial {}: {}; it goes on from {}", number_, wanted.error().message, name));
    return older;
  }
  if (!files_.owns(checkpoint)) return wanted;  // a clone without what it is a clone of would be another trial
  log_(fmt::format("trial {}: {}; it begins again", number_, wanted.error().message));
  return {};
}

Result<void> WorkerTrial::load(const std::string& checkpoint) {
  malloc_trim(0);  // what earlier trials needed is not this one's
  train::forget_peak();
  PEGBOX_TRY(auto owned, make_run(workplace_, config_));
  if (!checkpoint.empty()) PEGBOX_CHECK(restore_or_older(checkpoint, *owned));
  owned_ = std::move(owned);
  note_memory();
  tokens_ = measured_at_ = owned_->run->tokens();
  const Path curves = settings_.tensorboard;
  curves_.emplace(curves.empty() ? curves : curves / fmt::format("trial-{}", number_), *owned_->run, log_);
  last_checkpoint_s_ = clock_.now_s();
  return {};
}

std::int64_t WorkerTrial::end() const {
  const std::int64_t total = owned_->run->total_tokens();
  return until_ == 0 ? total : std::min(until_, total);
}

Result<void> WorkerTrial::go(std::int64_t until) {
  if (!owned_) PEGBOX_CHECK(load(newest_));
  if (newest_ == checkpoint_name()) files_.start_leg(newest_);
  until_ = until;
  return {};
}

bool WorkerTrial::is_at(const message::Resume& resume) const {
  return resume.trial == number_ && owned_ && newest_ == resume.checkpoint && checkpoint_name() == resume.checkpoint;
}

void WorkerTrial::drop() {
  curves_.reset();
  owned_.reset();
}

std::uint64_t WorkerTrial::bytes() const { return owned_ ? static_cast<std::uint64_t>(owned_->run->bytes()) : 0; }

Result<Metrics> WorkerTrial::measure(Slice slice, double other_bytes) {
  train::TrainingRun& run = *owned_->run;
  PEGBOX_TRY(const train::Evaluation evaluation, evaluate_run(workplace_, *owned_));
  Metrics metrics{{"validation_loss", evaluation.loss},
                  {"perplexity", evaluation.perplexity()},
                  {"tokens", static_cast<double>(run.tokens())},
                  {"steps", static_cast<double>(run.steps())},
                  {"seconds", trained_s_},
                  {"peak_memory", train::peak_resident_bytes() - other_bytes},
                  {"predicted_memory", workplace_.loaded_bytes + need_.total_bytes()}};
  if (evaluation.error > 0) metrics["validation_loss_error"] = evaluation.error;
  metrics.merge(set_metrics(evaluation));
  metrics.merge(run.stages().measures(run.tokens()));
  if (!evaluation.classes.empty()) {
    metrics["accuracy"] = evaluation.classes.accuracy();
    metrics["macro_f1"] = evaluation.classes.macro_f1();
  }
  if (slice == Slice::Finished) metrics["adapter_bytes"] = static_cast<double>(run.shown_bytes());
  if (slice != Slice::Measured) {
    PEGBOX_TRY(Metrics evaluated, trial_metrics(workplace_, *owned_, slice == Slice::Finished));
    metrics.merge(evaluated);
  }
  if (!train::method_trains(config_.method)) metrics["peak_memory"] = train::peak_resident_bytes() - other_bytes;
  const double train_loss = run.take_train_loss();
  if (std::isfinite(train_loss)) metrics["train_loss"] = train_loss;
  if (config_.spike_deviations > 0) metrics["skipped_steps"] = static_cast<double>(run.skipped_steps());
  if (interval_s_ > 0) metrics["tokens_per_second"] = static_cast<double>(interval_tokens_) / interval_s_;
  if (interval_steps_ > 0) {
    metrics["gradient_norm"] = interval_norms_ / static_cast<double>(interval_steps_);
    metrics["largest_loss"] = largest_loss_;
  }
  interval_s_ = interval_norms_ = 0;
  interval_tokens_ = interval_steps_ = 0;
  return metrics;
}

/// The next multiple of `evaluate_every`: where a run measures does not depend on where it was paused.
std::int64_t WorkerTrial::next_measurement() const {
  const std::int64_t every = config_.evaluate_every;
  return every > 0 ? (measured_at_ / every + 1) * every : std::numeric_limits<std::int64_t>::max();
}

void WorkerTrial::count(const train::StepReport& step, double seconds, bool alone) {
  trained_s_ += seconds;
  interval_s_ += seconds;
  interval_tokens_ += step.tokens;
  if (step.taken) {
    largest_loss_ = interval_steps_ == 0 ? step.loss : std::max(largest_loss_, step.loss);
    interval_norms_ += step.gradient_norm;
    ++interval_steps_;
  }
  tokens_ = owned_->run->tokens();
  curves_->add(tokens_, step);
  if (owned_->run->beside_rows(workplace_.pool) > beside_rows_) note_memory();
  if (owned_->run->micro_batch() >= micro_batch_) return;
  if (alone)
    learn_shortage(need_);
  else
    note_memory();
}

bool WorkerTrial::arrived() const {
  const train::TrainingRun& run = *owned_->run;
  return tokens_ >= end() || run.finished() || tokens_ >= next_measurement() || run.wants_losses();
}

Result<WorkerTrial::Outcome> WorkerTrial::outcome(double other_bytes) {
  const train::TrainingRun& run = *owned_->run;
  Outcome outcome{.step = tokens_};
  if (!arrived()) return outcome;
  if (tokens_ >= end() || run.finished()) {
    const bool at_rung = until_ > 0 && until_ < run.total_tokens() && !run.finished();  // a step may pass both
    outcome.slice = at_rung ? Slice::Reached : Slice::Finished;
    const bool early = run.finished() && tokens_ < run.total_tokens();
    outcome.step = at_rung ? until_ : (early ? tokens_ : run.total_tokens());
  } else {
    outcome.slice = Slice::Measured;
  }
  measured_at_ = tokens_;
  PEGBOX_TRY(outcome.metrics, measure(outcome.slice, other_bytes));
  curves_->add(outcome.step, outcome.metrics);
  return outcome;
}

bool WorkerTrial::checkpoint_is_due() const {
  return settings_.checkpoint_every > 0 && clock_.now_s() - last_checkpoint_s_ >= settings_.checkpoint_every;
}

Result<std::string> WorkerTrial::checkpoint(bool at_rung) {
  PEGBOX_CHECK(make_folder(files_.path()));
  if (teacher() != nullptr) PEGBOX_CHECK(note_teacher(files_.path() / kTeacherFile, *teacher()));
  PEGBOX_CHECK(train::guard(
      "checkpoint", [&]() -> Result<void> { return owned_->run->save_checkpoint(files_.path_of(checkpoint_name())); }));
  last_checkpoint_s_ = clock_.now_s();
  newest_ = checkpoint_name();
  if (at_rung) files_.reach_rung(newest_);
  PEGBOX_CHECK(files_.prune(tokens_));
  return newest_;
}

void WorkerTrial::note_memory() {
  micro_batch_ = owned_->run->micro_batch();
  beside_rows_ = std::max(beside_rows_, owned_->run->beside_rows(workplace_.pool));
  need_ = owned_->run->memory_need(beside_rows_);
}

void WorkerTrial::learn_shortage(const train::MemoryNeed& need) {
  workplace_.correction.learn_shortage(need, owned_->run->room_bytes());
  note_memory();
  log_(fmt::format("trial {}: memory ran out at {} predicted; its micro-batch is now {} tokens, its batch as before",
                   number_, format_bytes(need.total_bytes()), owned_->run->micro_batch()));
}

Result<void> WorkerTrial::repair() {
  if (!owned_) return fail(ErrorKind::OutOfMemory, {.where = "trial", .what = "it is not in memory"});
  const train::MemoryNeed need = need_;
  if (!owned_->run->halve_micro_batch())
    return fail(ErrorKind::OutOfMemory, {.where = "trial", .what = "its micro-batch is as small as can be"});
  learn_shortage(need);
  config_.micro_batch = owned_->run->micro_batch();
  return go_back();
}

Result<void> WorkerTrial::go_back() {
  drop();
  return load(newest_);
}

Result<void> WorkerTrial::save_result() {
  if (!train::method_trains(config_.method)) return {};
  return save_run(workplace_, *owned_, files_.path() / "final");
}

}  // namespace pegbox::trainer
