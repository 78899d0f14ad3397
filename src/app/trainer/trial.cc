// WorkerTrial: see trial.h.
#include "app/trainer/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "train/snapshot.h"

namespace pegbox::trainer {

namespace {

constexpr std::size_t kKeptCheckpoints = 3;  // a host that lost its last message may still ask for an older one

std::string folder_name(std::int64_t number) { return fmt::format("trial-{}", number); }

}  // namespace

Path WorkerTrial::folder() const { return Path(settings_.folder) / folder_name(number_); }

Result<std::unique_ptr<WorkerTrial>> WorkerTrial::start(Workplace& workplace, const Settings& settings,
                                                        const Json& defaults, const message::Start& start,
                                                        const Clock& clock) {
  std::unique_ptr<WorkerTrial> trial(new WorkerTrial(workplace, settings, clock, start.trial));
  const std::string where = fmt::format("config of trial {}", start.trial);
  PEGBOX_TRY(trial->config_, train::read_train_config(defaults, start.config, where));
  const bool has_seed = start.config.is_object() && start.config.contains("seed");
  if (!has_seed) trial->config_.seed = static_cast<std::int64_t>(start.seed & std::numeric_limits<std::int64_t>::max());
  PEGBOX_CHECK(trial->load(start.resume ? start.resume->checkpoint : ""));
  PEGBOX_CHECK(trial->go(start.until));
  return trial;
}

Result<void> WorkerTrial::load(const std::string& checkpoint) {
  PEGBOX_TRY(owned_, make_run(workplace_, config_));
  if (!checkpoint.empty()) {
    PEGBOX_TRY(const train::Snapshot snapshot, train::load_snapshot(Path(settings_.folder) / checkpoint));
    PEGBOX_CHECK(owned_->run->restore(snapshot));
    if (checkpoint.starts_with(folder_name(number_) + "/") &&
        std::ranges::find(checkpoints_, checkpoint) == checkpoints_.end())
      checkpoints_.push_back(checkpoint);
  }
  tokens_ = owned_->run->tokens();
  last_checkpoint_s_ = clock_.now_s();
  return {};
}

std::int64_t WorkerTrial::end() const {
  const std::int64_t total = owned_->run->total_tokens();
  return until_ == 0 ? total : std::min(until_, total);
}

Result<void> WorkerTrial::go(std::int64_t until) {
  if (!owned_) {
    if (checkpoints_.empty())
      return fail(ErrorKind::NotFound,
                  {.where = fmt::format("trial {}", number_), .what = "it has no checkpoint to go on from"});
    PEGBOX_CHECK(load(checkpoints_.back()));
  }
  until_ = until;
  return {};
}

bool WorkerTrial::is_at(const message::Resume& resume) const {
  return resume.trial == number_ && owned_ && !checkpoints_.empty() && checkpoints_.back() == resume.checkpoint &&
         checkpoint_name() == resume.checkpoint;
}

std::string WorkerTrial::checkpoint_name() const {
  return fmt::format("{}/tokens-{}.safetensors", folder_name(number_), tokens_);
}

std::uint64_t WorkerTrial::bytes() const {
  // Parameters, two moments of the optimizer, and a gradient in each lane.
  const auto copies = static_cast<std::uint64_t>(3 + workplace_.lanes->count());
  return owned_ ? copies * sizeof(float) * static_cast<std::uint64_t>(owned_->run->trainable_parameters()) : 0;
}

Result<Metrics> WorkerTrial::measure() {
  train::TrainingRun& run = *owned_->run;
  PEGBOX_TRY(const train::Evaluation evaluation, evaluate_run(workplace_, *owned_));
  Metrics metrics{{"validation_loss", evaluation.loss},
                  {"perplexity", evaluation.perplexity()},
                  {"tokens", static_cast<double>(run.tokens())},
                  {"steps", static_cast<double>(run.steps())},
                  {"seconds", trained_s_}};
  const double train_loss = run.take_train_loss();
  if (std::isfinite(train_loss)) metrics["train_loss"] = train_loss;
  if (interval_s_ > 0) metrics["tokens_per_second"] = static_cast<double>(interval_tokens_) / interval_s_;
  interval_s_ = 0;
  interval_tokens_ = 0;
  return metrics;
}

Result<WorkerTrial::Outcome> WorkerTrial::train(double seconds) {
  train::TrainingRun& run = *owned_->run;
  const double start_s = clock_.now_s();
  const std::int64_t start_tokens = run.tokens(), every = config_.evaluate_every;
  // The next multiple of `every`: where a run measures does not depend on where it was paused.
  const std::int64_t next = every > 0 ? (start_tokens / every + 1) * every : std::numeric_limits<std::int64_t>::max();
  const std::int64_t target = std::min(end(), next);
  const auto trained = run.train_until(target, [&] { return clock_.now_s() - start_s < seconds; });
  const double elapsed_s = clock_.now_s() - start_s;
  trained_s_ += elapsed_s;
  interval_s_ += elapsed_s;
  interval_tokens_ += run.tokens() - start_tokens;
  tokens_ = run.tokens();
  PEGBOX_CHECK(trained);
  Outcome outcome{.step = tokens_};
  if (tokens_ >= end()) {
    const bool at_rung = until_ > 0 && until_ < run.total_tokens();
    outcome.slice = at_rung ? Slice::Reached : Slice::Finished;
    outcome.step = at_rung ? until_ : run.total_tokens();
  } else if (tokens_ >= next) {
    outcome.slice = Slice::Measured;
  }
  if (outcome.slice != Slice::Going) {
    PEGBOX_TRY(outcome.metrics, measure());
  }
  return outcome;
}

bool WorkerTrial::checkpoint_is_due() const {
  return settings_.checkpoint_every > 0 && clock_.now_s() - last_checkpoint_s_ >= settings_.checkpoint_every;
}

Result<std::string> WorkerTrial::checkpoint() {
  const std::string name = checkpoint_name();
  PEGBOX_CHECK(make_folder(folder()));
  PEGBOX_CHECK(train::save_snapshot(Path(settings_.folder) / name, owned_->run->snapshot()));
  last_checkpoint_s_ = clock_.now_s();
  std::erase(checkpoints_, name);
  checkpoints_.push_back(name);
  while (checkpoints_.size() > kKeptCheckpoints) {
    PEGBOX_CHECK(remove_tree(Path(settings_.folder) / checkpoints_.front()));
    checkpoints_.pop_front();
  }
  return name;
}

Result<void> WorkerTrial::save_result() { return save_run(workplace_, *owned_, folder() / "final"); }

Result<void> WorkerTrial::forget() {
  drop();
  for (const std::string& name : checkpoints_) PEGBOX_CHECK(remove_tree(Path(settings_.folder) / name));
  checkpoints_.clear();
  return {};
}

}  // namespace pegbox::trainer
