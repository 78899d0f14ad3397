// TrainingRun: see run.h.
#include "train/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/number.h"
#include "base/rng.h"
#include "base/units.h"
#include "text/packing.h"
#include "train/adaptation.h"
#include "train/batch.h"
#include "train/config_rules.h"
#include "train/gradients.h"
#include "train/guard.h"
#include "train/optim/clipping.h"
#include "train/optim/schedule.h"
#include "train/pool.h"
#include "train/run_plan.h"

namespace pegbox::train {

namespace {

constexpr std::int64_t kSnapshotFormat = 1;
// Of tensors that are kept beside what is live.
const std::string kCopyPrefix = "copy.", kBestPrefix = "best.", kConsolidationPrefix = "consolidation.",
                  kMetaPrefix = "meta.";

tl::unexpected<Error> misfit(std::string what, std::string got, std::string expected) {
  return fail(
      ErrorKind::InvalidInput,
      {.where = "training run", .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

/// `virtual_tokens`: those that every document begins with.
Result<void> check_length(const Decoder& decoder, std::int64_t virtual_tokens, const text::TokenizedRows& rows) {
  std::int64_t longest = 0;
  for (std::int64_t row = 0; row < rows.size(); ++row) longest = std::max(longest, rows.length(row));
  const std::int64_t most = decoder.config().positions - virtual_tokens;
  if (longest <= most) return {};
  return misfit(
      "sequences are longer than the model knows positions",
      virtual_tokens > 0 ? fmt::format("{} and {} virtual tokens", longest, virtual_tokens) : fmt::to_string(longest),
      fmt::format("a sequence_length of at most {}", most));
}

Result<void> check_fit(const BaseModel& model, const TrainConfig& config, const text::TokenizedRows& train,
                       bool has_teacher) {
  if (config.distill_weight > 0 && !has_teacher)
    return misfit("nobody is there to learn from",
                  fmt::format("distill_weight {} and no teacher", config.distill_weight),
                  "a `teacher`: the folder of a model, or distill_weight 0");
  if (method_needs_base(config.method) && model.weights.empty())
    return misfit(fmt::format("method {} needs a base model", config.method), "none", "a model folder");
  PEGBOX_CHECK(check_length(*model.decoder, 0, train));
  if (train.ids.empty()) return misfit("there is no training data", "0 tokens", "at least one row");
  return check_tokens(train.ids, model.decoder->config().vocabulary);
}

bool alike(const Tensor& a, const Tensor& b) { return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type(); }

/// A copy of a snapshot's tensor that is like another; undefined if there is none.
Tensor kept_in(const Snapshot& snapshot, const std::string& name, const Tensor& like) {
  const auto found = snapshot.tensors.find(name);
  return found != snapshot.tensors.end() && alike(found->second, like) ? found->second.clone() : Tensor();
}

/// What runs that have begun will take again in their steps: gradients, and state that is not there yet.
double promised_bytes(std::span<TrainingRun* const> pool) {
  double bytes = 0;
  for (TrainingRun* const run : pool)
    bytes += std::max(0.0, run->memory_need().parameters_bytes() - static_cast<double>(run->bytes()));
  return bytes;
}

}  // namespace

TrainingRun::TrainingRun(const BaseModel& model, const TrainConfig& config, const text::TokenizedRows& train,
                         Lanes& lanes, const RunMemory& memory, std::shared_ptr<Teacher::Answers> teacher)
    : model_(model),
      config_(config),
      train_(train),
      lanes_(lanes),
      teacher_(config.distill_weight > 0 ? std::move(teacher) : nullptr),
      correction_(memory.correction),
      lengths_(RowLengths::of(train)),
      total_tokens_(total_tokens_of(config, train)),
      watch_(config),
      spikes_(config),
      consolidation_(config) {
  lengths_.evaluation_tokens = memory.evaluation_tokens;
}

Result<std::unique_ptr<TrainingRun>> TrainingRun::create(const BaseModel& model, const TrainConfig& config,
                                                         const text::TokenizedRows& train, Lanes& lanes,
                                                         const RunMemory& memory,
                                                         std::shared_ptr<Teacher::Answers> teacher) {
  PEGBOX_CHECK(check_fit(model, config, train, teacher != nullptr));
  return guard("training run", [&]() -> Result<std::unique_ptr<TrainingRun>> {
    std::unique_ptr<TrainingRun> run(new TrainingRun(model, config, train, lanes, memory, std::move(teacher)));
    PEGBOX_CHECK(run->start(memory.pool));
    return run;
  });
}

Result<void> TrainingRun::start(std::span<TrainingRun* const> pool) {
  config_.learning_rate = peak_learning_rate(config_, model_.decoder->layout(), total_tokens_);
  PEGBOX_TRY(stages_, Stages::create(config_, train_));
  PEGBOX_TRY(learner_, Learner::create(model_, config_, train_));
  PEGBOX_CHECK(check_memory(pool));
  learner_->begin(lanes_.count());
  if (config_.meta != "none") {
    PEGBOX_TRY(meta_, MetaLearning::create(config_, train_, parameters()));
  }
  make_steps();
  return check_length(*model_.decoder, network().virtual_tokens(), train_);
}

Result<MemoryNeed> TrainingRun::memory_need(const BaseModel& model, const TrainConfig& config, int lanes,
                                            const RowLengths& rows, const MemoryCorrection& correction,
                                            const TeacherNeed& teacher) {
  PEGBOX_TRY(const auto method, make_method(config, model));
  const MemoryModel memory(config, *method, *model.decoder, lanes, rows, correction, teacher);
  return memory.need(memory.micro_batch(kFilledFraction * machine_memory().total_bytes));
}

RowLengths TrainingRun::pass_rows(double beside_rows) const {
  RowLengths rows = lengths_;
  rows.beside_rows = beside_rows;
  return rows;
}

MemoryModel TrainingRun::memory_model(double beside_rows) const {
  const TeacherNeed teacher = teacher_ ? teacher_->need(lanes_.count(), total_tokens_) : TeacherNeed{};
  return {config_, learner_->method(), *model_.decoder, lanes_.count(), pass_rows(beside_rows), correction_, teacher};
}

MemoryNeed TrainingRun::memory_need(double beside_rows) const { return memory_model(beside_rows).need(micro_batch()); }

double TrainingRun::beside_rows(std::span<TrainingRun* const> pool) const {
  double rows = 0;
  for (const TrainingRun* const other : pool)
    if (other != this && may_share_passes(config_, other->config_))
      rows += static_cast<double>(other->config_.batch_size);
  return rows;
}

bool TrainingRun::halve_micro_batch() {
  const LargestPass largest = largest_pass(config_, lengths_, lanes_.count(), micro_batch());
  if (largest.tokens <= lengths_.longest) return false;
  learner_->set_micro_batch(static_cast<std::int64_t>(std::max(largest.tokens / 2, lengths_.longest)));
  return true;
}

std::int64_t TrainingRun::bytes() {
  return learner_->method().own_bytes() + learner_->gradient_bytes() + bytes_of(live()) + bytes_of(copy_) +
         bytes_of(best_) + bytes_of(consolidation_.state(parameters()));
}

Result<void> TrainingRun::check_memory(std::span<TrainingRun* const> pool) {
  MachineMemory memory = machine_memory();
  if (teacher_ && memory.available_bytes > 0) memory.available_bytes += static_cast<double>(teacher_->bytes());
  if (memory.available_bytes > 0) memory.available_bytes = std::max(1.0, memory.available_bytes - promised_bytes(pool));
  room_bytes_ = memory.available_bytes > 0 ? memory.available_bytes : kInfinity;
  const double beside = beside_rows(pool);
  learner_->set_micro_batch(memory_model(beside).micro_batch(kFilledFraction * room_bytes_));
  MemoryNeed need = memory_need(beside);
  while (fit_of(need.total_bytes(), memory) != Fit::Fits && halve_micro_batch()) need = memory_need(beside);
  const Fit fit = fit_of(need.total_bytes(), memory);
  if (fit == Fit::Fits) return {};
  const bool never = fit == Fit::Never;
  return fail(ErrorKind::OutOfMemory,
              {.where = "training run",
               .what = "the run would not fit into memory",
               .got = fmt::format("a need of {} ({} for {} trainable parameters, {} for activations{})",
                                  format_bytes(need.total_bytes()), format_bytes(need.parameters_bytes()),
                                  format_count(static_cast<double>(learner_->method().parameter_count())),
                                  format_bytes(need.activations_bytes),
                                  need.teacher_bytes > 0
                                      ? fmt::format(", {} for what the teacher says", format_bytes(need.teacher_bytes))
                                      : ""),
               .expected = never ? fmt::format("at most the {} that there are", format_bytes(memory.total_bytes))
                                 : fmt::format("at most the {} that are free now, of {}",
                                               format_bytes(memory.available_bytes), format_bytes(memory.total_bytes)),
               .hint = "use a smaller model, method lora, a smaller sequence_length, or recompute layers"});
}

std::int64_t TrainingRun::trainable_parameters() const {
  return std::accumulate(parameters().begin(), parameters().end(), std::int64_t{0},
                         [](std::int64_t sum, const Parameter& parameter) { return sum + parameter.value.numel(); });
}

/// Each row with a key of its own for dropout: a function of the seed, the step and the row's place.
StepBatch TrainingRun::batch_of(std::vector<std::int64_t> rows) const {
  StepBatch batch{.longest = longest_piece_at(config_, progress())};
  if (teacher_) batch.taught = teacher_->of(rows, lanes_);
  Rng rng({static_cast<std::uint64_t>(config_.seed), stream_id("dropout"), static_cast<std::uint64_t>(steps_)});
  for (const std::int64_t row : rows) {
    batch.keys.push_back(rng.next_u64());
    batch.tokens += train_.length(row);
    batch.label_tokens += text::label_tokens(train_, row, batch.longest);
  }
  batch.rows = std::move(rows);
  return batch;
}

/// What takes the steps of a stage, as it is at first.
void TrainingRun::make_steps() {
  optimizer_ = make_optimizer(config_, learner_->parameters());
  average_ = std::make_unique<WeightAverage>(config_, learner_->parameters());
  spikes_.restore({{"skipped", spikes_.skipped()}});  // other data have other losses
  copy_.clear();
}

/// A stage begins with what the last one would be judged by.
void TrainingRun::begin_next_stage() {
  const Tensors values = averages();
  for (std::size_t i = 0; i < values.size(); ++i) learner_->parameters()[i].value.copy_(values[i]);
  if (consolidation_.is_wanted()) consolidation_.learn(*learner_, stages_->sample(config_.fisher_rows));
  stages_->advance();
  make_steps();
  if (config_.spike_rollback > 0) keep_copy();
}

StepBatch TrainingRun::begin_step() {
  if (stages_->is_over(tokens_)) begin_next_stage();
  if (spikes_.copy_is_due(steps_)) keep_copy();
  const std::int64_t count = batch_rows_at(config_, progress());
  return batch_of(meta_ ? meta_->next(count) : stages_->next(count));
}

Result<StepReport> TrainingRun::end_step(const StepBatch& batch, double loss) {
  StepReport report{.loss = loss, .tokens = batch.tokens, .label_tokens = batch.label_tokens};
  const Tensors gradients = learner_->summed_gradients();
  consolidation_.add_gradients(learner_->parameters(), gradients);
  report.gradient_norm = clip_all(config_, learner_->parameters(), gradients);
  const SpikeGuard::Advice advice = spikes_.judge(report.loss, report.gradient_norm);
  if (advice == SpikeGuard::Advice::GiveUp)
    return fail(ErrorKind::Diverged, {.where = fmt::format("step {}", steps_ + 1),
                                      .what = "the training diverged",
                                      .got = fmt::format("loss {}, gradient norm {}", loss, report.gradient_norm),
                                      .hint = "use a lower learning_rate, or more warmup"});
  report.taken = advice == SpikeGuard::Advice::Step;
  if (advice == SpikeGuard::Advice::RollBack) go_back();
  take_step(gradients, report);
  return report;
}

Result<StepReport> TrainingRun::step() {
  TrainingRun* const alone = this;
  return step_together({&alone, 1}, lanes_).front();
}

/// Changes the weights if the report says so, and counts what the step consumed.
void TrainingRun::take_step(const Tensors& gradients, StepReport& report) {
  const double middle = static_cast<double>(tokens_) + 0.5 * static_cast<double>(report.tokens);
  const double factor =
      watch_.rate_factor() * schedule_factor(config_.schedule, stages_->progress(middle), ScheduleShape::of(config_));
  report.learning_rate = config_.learning_rate * (meta_ ? 1 : factor);
  tokens_ += report.tokens;
  ++steps_;
  if (report.taken && !(meta_ && meta_->is_query())) optimizer_->step(gradients, report.learning_rate);
  if (meta_) end_task_step(report.taken ? gradients : Tensors(), factor);
  if (!report.taken) return;
  average_->update(stages_->progress(static_cast<double>(tokens_)));
  interval_loss_ += report.loss * static_cast<double>(report.label_tokens);
  interval_labels_ += report.label_tokens;
}

/// A task begins with an optimizer of its own.
void TrainingRun::end_task_step(const Tensors& gradients, double factor) {
  if (meta_->end_step(gradients, factor)) optimizer_ = make_optimizer(config_, learner_->parameters());
}

Result<void> TrainingRun::train_until(std::int64_t tokens, const std::function<bool()>& before_step,
                                      const std::function<void(const StepReport&)>& after_step) {
  while (!finished() && tokens_ < tokens) {
    if (before_step && !before_step()) return {};
    PEGBOX_TRY(const StepReport report, step());
    if (after_step) after_step(report);
  }
  return {};
}

double TrainingRun::take_train_loss() {
  const double loss = interval_labels_ > 0 ? interval_loss_ / static_cast<double>(interval_labels_)
                                           : std::numeric_limits<double>::quiet_NaN();
  interval_loss_ = 0;
  interval_labels_ = 0;
  return loss;
}

Result<Evaluation> TrainingRun::evaluate(const EvaluationRows& rows) {
  PEGBOX_CHECK(check_length(*model_.decoder, network().virtual_tokens(), rows.data()));
  return guard("evaluation", [&]() -> Result<Evaluation> {
    if (meta_ && config_.adapt_steps > 0) return evaluate_tasks(rows);
    Evaluation evaluation;
    PEGBOX_CHECK(with_shown([&](const Network& shown) -> Result<void> {
      evaluation = train::evaluate(*model_.decoder, shown, rows, lanes_, learner_->micro_batch_tokens());
      return {};
    }));
    return evaluation;
  });
}

Evaluation TrainingRun::evaluate_tasks(const EvaluationRows& rows) {
  const Tensors values = averages();
  const Adaptation adaptation{meta_->tasks(), values,
                              [this](std::vector<std::int64_t> batch) { return batch_of(std::move(batch)); }};
  return evaluate_adapted(*learner_, adaptation, rows, lanes_);
}

Result<void> TrainingRun::with_shown(const std::function<Result<void>(const Network&)>& use) const {
  const Tensors means = averages();
  const auto averaged = means.empty() ? nullptr : learner_->method().network(means);
  return use(averaged ? *averaged : network());
}

std::int64_t TrainingRun::shown_bytes() const { return bytes_of(shown()); }

Result<NamedTensors> TrainingRun::gradients(const std::vector<std::int64_t>& rows) {
  return guard("gradients", [&]() -> Result<NamedTensors> {
    const StepBatch batch = batch_of(rows);
    const Lesson lesson{learner_.get(), &batch};
    leave_gradients({&lesson, 1}, lanes_);
    const Tensors sums = learner_->summed_gradients();
    NamedTensors named;
    for (std::size_t i = 0; i < sums.size(); ++i) named[parameters()[i].name] = sums[i].clone();
    return named;
  });
}

/// The values to evaluate and save where they are not the parameters; else empty.
Tensors TrainingRun::averages() const {
  if (best_taken_) return best_;
  if (meta_) return meta_->initialization();
  Tensors means = average_->values();
  return means.empty() ? optimizer_->averages() : means;
}

/// The values to evaluate and save.
Tensors TrainingRun::shown() const {
  Tensors values = averages();
  if (values.empty())
    for (const Parameter& parameter : parameters()) values.push_back(parameter.value);
  return values;
}

bool TrainingRun::observe(double validation_loss) {
  const bool lowest = watch_.observe(tokens_, validation_loss, finished());
  if (!lowest || !config_.restore_best) return lowest;
  Tensors values = shown();
  for (Tensor& value : values) value = value.clone();
  best_ = std::move(values);
  return true;
}

bool TrainingRun::take_best() {
  best_taken_ = !best_.empty();
  return best_taken_;
}

/// All tensors that steps change, by the names that a snapshot gives them.
NamedTensors TrainingRun::live() {
  NamedTensors live;
  for (const Parameter& parameter : parameters()) live["parameter." + parameter.name] = parameter.value;
  for (const auto& [name, tensor] : optimizer_->state()) live["optimizer." + name] = tensor;
  for (const auto& [name, tensor] : average_->state()) live["average." + name] = tensor;
  if (meta_)
    for (const auto& [name, tensor] : meta_->state()) live[kMetaPrefix + name] = tensor;
  return live;
}

void TrainingRun::keep_copy() {
  for (const auto& [name, tensor] : live()) copy_[name] = tensor.clone();
}

void TrainingRun::go_back() {
  if (copy_.empty()) return;
  for (const auto& [name, tensor] : live()) tensor.copy_(copy_.at(name));
}

Snapshot TrainingRun::snapshot() {
  Snapshot snapshot = state();
  for (auto& [name, tensor] : snapshot.tensors) tensor = tensor.clone();
  return snapshot;
}

Result<void> TrainingRun::save_checkpoint(const Path& path) { return save_snapshot(path, state()); }

/// A snapshot whose tensors are the run's own.
Snapshot TrainingRun::state() {
  Snapshot snapshot{.tensors = live(), .state = {}};
  for (const auto& [name, tensor] : copy_) snapshot.tensors[kCopyPrefix + name] = tensor;
  for (std::size_t i = 0; i < best_.size(); ++i) snapshot.tensors[kBestPrefix + parameters()[i].name] = best_[i];
  for (const auto& [name, tensor] : consolidation_.state(parameters()))
    snapshot.tensors[kConsolidationPrefix + name] = tensor;
  const auto position = stages_->position();
  snapshot.state = {{"format", kSnapshotFormat},
                    {"tokens", tokens_},
                    {"steps", steps_},
                    {"epoch", position.epoch},
                    {"index", position.index},
                    {"stages", stages_->state()},
                    {"meta", meta_ ? meta_->position() : Json()},
                    {"interval_loss", json_number(interval_loss_)},
                    {"interval_labels", interval_labels_},
                    {"micro_batch", micro_batch()},
                    {"validation", watch_.state()},
                    {"spikes", spikes_.state()},
                    {"data", fmt::format("{:016x}", train_.data_hash())},
                    {"rows", fmt::format("{:016x}", train_.content_hash)},
                    {"config", train_fields().write(config_)}};
  return snapshot;
}

Result<void> TrainingRun::restore(const Snapshot& snapshot) {
  return guard("restoring a run", [&]() -> Result<void> {
    const Json& state = snapshot.state;
    const std::string data = fmt::format("{:016x}", train_.data_hash());
    const std::string rows = fmt::format("{:016x}", train_.content_hash);
    for (const char* key : {"tokens", "steps", "epoch", "index", "interval_loss", "interval_labels", "data"})
      if (!state.is_object() || !state.contains(key))
        return fail(ErrorKind::Corrupt, {.where = "snapshot", .what = fmt::format("{} is missing", key)});
    if (state.value("format", std::int64_t{0}) > kSnapshotFormat)
      return fail(ErrorKind::Unsupported, {.where = "snapshot",
                                           .what = "it was written by a newer version of pegbox",
                                           .got = fmt::format("format {}", state["format"].dump()),
                                           .expected = fmt::format("at most {}", kSnapshotFormat)});
    if (state["data"] != data)
      return misfit("the snapshot is of other training data", to_line(state["data"]), "\"" + data + "\"");
    std::vector<std::pair<Tensor, const Tensor*>> copies;
    const auto plan = [&](const std::string& name, const Tensor& target) -> Result<void> {
      const auto found = snapshot.tensors.find(name);
      if (found == snapshot.tensors.end() || !alike(found->second, target))
        return misfit(fmt::format("the snapshot has no {} of the shape and type that this run has", name),
                      "another method, rank, model, optimizer or state_precision", "a snapshot of the same parameters");
      copies.emplace_back(target, &found->second);
      return {};
    };
    const NamedTensors own = live();
    for (const auto& [name, tensor] : own) PEGBOX_CHECK(plan(name, tensor));
    NamedTensors copy;
    for (const auto& [name, tensor] : own)
      if (const Tensor kept = kept_in(snapshot, kCopyPrefix + name, tensor); kept.defined()) copy[name] = kept;
    NamedTensors held;
    for (const auto& [name, tensor] : snapshot.tensors)
      if (name.starts_with(kConsolidationPrefix)) held[name.substr(kConsolidationPrefix.size())] = tensor;
    Tensors best;
    for (const Parameter& parameter : parameters())
      if (const Tensor kept = kept_in(snapshot, kBestPrefix + parameter.name, parameter.value); kept.defined())
        best.push_back(kept);
    for (auto& [target, source] : copies) target.copy_(*source);
    tokens_ = state["tokens"].get<std::int64_t>();
    steps_ = state["steps"].get<std::int64_t>();
    const text::RowOrder::Position position{state["epoch"].get<std::int64_t>(), state["index"].get<std::int64_t>()};
    const bool has_same_rows = state.value("rows", data) == rows;  // else a clone with other forms of the data
    stages_->restore(state.value("stages", Json::object()),
                     has_same_rows ? position : text::RowOrder::Position{position.epoch + 1, 0});
    read_json_number(state["interval_loss"], interval_loss_);
    interval_labels_ = state["interval_labels"].get<std::int64_t>();
    // The same split of batches gives the same bits.
    if (config_.micro_batch == 0)
      learner_->set_micro_batch(std::min(micro_batch(), state.value("micro_batch", micro_batch())));
    watch_.restore(state.value("validation", Json::object()));
    spikes_.restore(state.value("spikes", Json::object()));
    copy_ = copy.size() == own.size() ? std::move(copy) : NamedTensors();
    best_ = best.size() == parameters().size() ? std::move(best) : Tensors();
    best_taken_ = false;
    consolidation_.restore(held, parameters());
    if (meta_) meta_->restore(state.value("meta", Json()));
    return {};
  });
}

Result<void> TrainingRun::save(const Path& folder) const { return learner_->method().save(folder, shown()); }

}  // namespace pegbox::train
