// TrainingRun: see run.h.
#include "train/run.h"

#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/number.h"
#include "base/rng.h"
#include "base/units.h"
#include "text/packing.h"
#include "train/batch.h"
#include "train/classes.h"
#include "train/guard.h"
#include "train/model/initialize.h"
#include "train/ops/loss.h"
#include "train/optim/clipping.h"
#include "train/optim/schedule.h"
#include "train/row_order.h"

namespace pegbox::train {

namespace {

constexpr std::int64_t kSnapshotFormat = 1;
const std::string kCopyPrefix = "copy.", kBestPrefix = "best.";  // of tensors that are kept beside what is live

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

Result<void> check_fit(const BaseModel& model, const TrainConfig& config, const text::TokenizedRows& train) {
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

}  // namespace

std::int64_t total_tokens_of(const TrainConfig& config, const text::TokenizedRows& train) {
  if (config.tokens > 0) return config.tokens;
  return std::max<std::int64_t>(1, std::llround(config.epochs * static_cast<double>(train.total_tokens())));
}

double peak_learning_rate(const TrainConfig& config, const ModelLayout& layout, std::int64_t tokens) {
  if (config.learning_rate > 0) return config.learning_rate;
  const auto parameters = static_cast<double>(layout.parameters_without_tables());
  return step_law_learning_rate(parameters, static_cast<double>(tokens)) *
         optimizer_defaults(config.optimizer).rate_factor;
}

double step_law_learning_rate(double parameters, double tokens) {
  return std::min(5e-3, 1.79 * std::pow(parameters, -0.713) * std::pow(tokens, 0.307));
}

std::vector<std::vector<std::int64_t>> balanced_batches(const text::TokenizedRows& data,
                                                        const std::vector<std::int64_t>& rows, std::int64_t count) {
  std::vector<std::int64_t> by_length = rows;
  std::ranges::stable_sort(by_length, std::greater(), [&](std::int64_t row) { return data.length(row); });
  std::vector<std::vector<std::int64_t>> batches(static_cast<std::size_t>(std::max<std::int64_t>(1, count)));
  std::vector<std::int64_t> load(batches.size());
  for (const std::int64_t row : by_length) {  // each to the emptiest, the longest first
    const auto emptiest = static_cast<std::size_t>(std::ranges::min_element(load) - load.begin());
    batches[emptiest].push_back(row);
    load[emptiest] += data.length(row);
  }
  return batches;
}

TrainingRun::TrainingRun(const BaseModel& model, const TrainConfig& config, const text::TokenizedRows& train,
                         Lanes& lanes, const RunMemory& memory)
    : model_(model),
      config_(config),
      train_(train),
      lanes_(lanes),
      memory_(memory),
      lengths_(RowLengths::of(train)),
      total_tokens_(total_tokens_of(config, train)),
      watch_(config),
      spikes_(config) {}

Result<std::unique_ptr<TrainingRun>> TrainingRun::create(const BaseModel& model, const TrainConfig& config,
                                                         const text::TokenizedRows& train, Lanes& lanes,
                                                         const RunMemory& memory) {
  PEGBOX_CHECK(check_fit(model, config, train));
  return guard("training run", [&]() -> Result<std::unique_ptr<TrainingRun>> {
    std::unique_ptr<TrainingRun> run(new TrainingRun(model, config, train, lanes, memory));
    PEGBOX_CHECK(run->start());
    return run;
  });
}

Result<void> TrainingRun::start() {
  config_.learning_rate = peak_learning_rate(config_, model_.decoder->layout(), total_tokens_);
  PEGBOX_TRY(order_, make_row_order(config_, train_));
  PEGBOX_TRY(method_, make_method(config_, model_));
  PEGBOX_CHECK(check_memory());
  parameters_ = method_->initial_parameters(static_cast<std::uint64_t>(config_.seed));
  if (model_.weights.empty()) set_initial_weights();
  if (config_.class_weights == "balanced")
    class_weights_ = class_weights(train_, static_cast<std::int64_t>(model_.decoder->config().labels.size()),
                                   config_.class_weight_strength);
  complete_parameters(config_, model_.decoder->layout(), parameters_);
  optimizer_ = make_optimizer(config_, parameters_);
  average_ = std::make_unique<WeightAverage>(config_, parameters_);
  for (int lane = 0; lane < lanes_.count(); ++lane) {
    LaneState state;
    for (const Parameter& parameter : parameters_)
      state.leaves.push_back(parameter.value.detach().set_requires_grad(true));
    state.network = method_->network(state.leaves);
    lanes_state_.push_back(std::move(state));
  }
  return check_length(*model_.decoder, network().virtual_tokens(), train_);
}

/// A method starts from the usual weights; here they become those that the config asks for.
void TrainingRun::set_initial_weights() {
  const Weights weights =
      initialize_weights(model_.decoder->config(), model_.decoder->layout(), static_cast<std::uint64_t>(config_.seed),
                         {config_.initialization, config_.initial_deviation, config_.mup_base_width});
  for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].value.copy_(weights[i]);
}

Result<MemoryNeed> TrainingRun::memory_need(const BaseModel& model, const TrainConfig& config, int lanes,
                                            const RowLengths& rows, const MemoryCorrection& correction) {
  PEGBOX_TRY(const auto method, make_method(config, model));
  const MemoryModel memory(config, *method, *model.decoder, lanes, rows, correction);
  return memory.need(memory.micro_batch(kFilledFraction * machine_memory().total_bytes));
}

MemoryModel TrainingRun::memory_model() const {
  RowLengths rows = lengths_;
  rows.evaluation_tokens = memory_.evaluation_tokens;
  return {config_, *method_, *model_.decoder, lanes_.count(), rows, memory_.correction};
}

MemoryNeed TrainingRun::memory_need() const { return memory_model().need(micro_batch_); }

std::int64_t TrainingRun::bytes() {
  std::int64_t sum = method_->own_bytes() + bytes_of(live()) + bytes_of(copy_) + bytes_of(best_);
  for (const LaneState& state : lanes_state_)
    for (const Tensor& leaf : state.leaves)
      if (leaf.grad().defined()) sum += static_cast<std::int64_t>(leaf.grad().nbytes());
  return sum;
}

Result<void> TrainingRun::check_memory() {
  const MachineMemory memory = machine_memory();
  room_bytes_ = memory.available_bytes > 0 ? memory.available_bytes : kInfinity;
  micro_batch_ = memory_model().micro_batch(kFilledFraction * room_bytes_);
  MemoryNeed need = memory_need();
  while (fit_of(need.total_bytes(), memory) != Fit::Fits && halve_micro_batch()) need = memory_need();
  const Fit fit = fit_of(need.total_bytes(), memory);
  if (fit == Fit::Fits) return {};
  const bool never = fit == Fit::Never;
  return fail(ErrorKind::OutOfMemory,
              {.where = "training run",
               .what = "the run would not fit into memory",
               .got = fmt::format("a need of {} ({} for {} trainable parameters, {} for activations)",
                                  format_bytes(need.total_bytes()), format_bytes(need.parameters_bytes()),
                                  format_count(static_cast<double>(method_->parameter_count())),
                                  format_bytes(need.activations_bytes)),
               .expected = never ? fmt::format("at most the {} that there are", format_bytes(memory.total_bytes))
                                 : fmt::format("at most the {} that are free now, of {}",
                                               format_bytes(memory.available_bytes), format_bytes(memory.total_bytes)),
               .hint = "use a smaller model, method lora, a smaller sequence_length, or recompute layers"});
}

std::int64_t TrainingRun::trainable_parameters() const {
  return std::accumulate(parameters_.begin(), parameters_.end(), std::int64_t{0},
                         [](std::int64_t sum, const Parameter& parameter) { return sum + parameter.value.numel(); });
}

bool TrainingRun::halve_micro_batch() {
  const MicroBatch largest = largest_micro_batch(config_, lengths_, lanes_.count(), micro_batch_);
  if (largest.tokens <= lengths_.longest) return false;
  micro_batch_ = std::max(static_cast<std::int64_t>(largest.tokens / 2), static_cast<std::int64_t>(lengths_.longest));
  return true;
}

void TrainingRun::work(int lane, const std::vector<std::vector<std::int64_t>>& batches, std::int64_t label_tokens,
                       const std::vector<std::uint64_t>& keys) {
  LaneState& state = lanes_state_[static_cast<std::size_t>(lane)];
  const kernels::LossTerms terms{static_cast<float>(config_.label_smoothing), static_cast<float>(config_.z_loss)};
  state.loss = 0;
  for (Tensor& leaf : state.leaves) leaf.mutable_grad().reset();
  for (std::size_t i = static_cast<std::size_t>(lane); i < batches.size();
       i += static_cast<std::size_t>(lanes_.count())) {
    const Batch batch = to_batch(text::pack(train_, batches[i]));
    if (batch.label_tokens() == 0) continue;
    DropoutSource dropout(keys[i]);
    const Tensor hidden = model_.decoder->hidden(*state.network, batch, dropout, method_->model_dropout(),
                                                 /*all_rows=*/false, config_.recompute == "layers");
    const Tensor row_weights = class_weights_.defined() ? class_weights_.index_select(0, batch.labels) : Tensor();
    const Tensor loss =
        label_loss(hidden, state.network->weight(model_.decoder->layout().head), batch.labels,
                   1.0 / static_cast<double>(label_tokens), terms, model_.decoder->config().logit_cap, row_weights);
    loss.backward();
    state.loss += loss.item<double>();
  }
}

/// Leaves the gradients of the mean loss over `label_tokens` labels in the lanes; returns the loss.
double TrainingRun::accumulate(const std::vector<std::int64_t>& rows, std::int64_t label_tokens) {
  std::int64_t tokens = 0;
  for (const std::int64_t row : rows) tokens += train_.length(row);
  const std::int64_t lanes = lanes_.count(), each = lanes * micro_batch_;
  const auto batches = balanced_batches(train_, rows, lanes * ((tokens + each - 1) / each));
  Rng rng({static_cast<std::uint64_t>(config_.seed), stream_id("dropout"), static_cast<std::uint64_t>(steps_)});
  std::vector<std::uint64_t> keys(batches.size());
  for (std::uint64_t& key : keys) key = rng.next_u64();
  lanes_.run([&](int lane) { work(lane, batches, label_tokens, keys); });
  double loss = 0;
  for (const LaneState& state : lanes_state_) loss += state.loss;
  return loss;
}

/// A pass changes nothing but the lanes' gradients, so it can begin again.
Result<double> TrainingRun::accumulate_within_memory(const std::vector<std::int64_t>& rows, std::int64_t label_tokens) {
  while (true) {
    Result<double> loss = guard("training step", [&]() -> Result<double> { return accumulate(rows, label_tokens); });
    if (loss || loss.error().kind != ErrorKind::OutOfMemory || !halve_micro_batch()) return loss;
  }
}

Tensors TrainingRun::summed_gradients() {
  Tensors sums;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor sum;
    for (LaneState& state : lanes_state_) {
      const Tensor& gradient = state.leaves[i].grad();
      if (!gradient.defined()) continue;
      if (sum.defined())
        sum.add_(gradient);
      else
        sum = gradient;
    }
    sums.push_back(sum.defined() ? sum : at::zeros_like(parameters_[i].value));
  }
  return sums;
}

/// Sequences of the next batch: a function of the tokens behind, so that a pause changes nothing.
std::int64_t TrainingRun::batch_rows() const {
  if (config_.batch_start == 0) return config_.batch_size;
  const double progress = static_cast<double>(tokens_) / static_cast<double>(total_tokens_);
  const double part = progress < config_.batch_ramp_fraction ? progress / config_.batch_ramp_fraction : 1;
  return config_.batch_start + std::llround(part * static_cast<double>(config_.batch_size - config_.batch_start));
}

Result<StepReport> TrainingRun::step() {
  return guard("training step", [&]() -> Result<StepReport> {
    if (spikes_.copy_is_due(steps_)) keep_copy();
    const std::vector<std::int64_t> rows = order_->next(batch_rows());
    StepReport report;
    for (const std::int64_t row : rows) {
      report.tokens += train_.length(row);
      report.label_tokens += train_.label_tokens(row);
    }
    PEGBOX_TRY(report.loss, accumulate_within_memory(rows, report.label_tokens));
    const Tensors gradients = summed_gradients();
    report.gradient_norm = clip_all(config_, parameters_, gradients);
    const SpikeGuard::Advice advice = spikes_.judge(report.loss, report.gradient_norm);
    if (advice == SpikeGuard::Advice::GiveUp)
      return fail(ErrorKind::Diverged,
                  {.where = fmt::format("step {}", steps_ + 1),
                   .what = "the training diverged",
                   .got = fmt::format("loss {}, gradient norm {}", report.loss, report.gradient_norm),
                   .hint = "use a lower learning_rate, or more warmup"});
    report.taken = advice == SpikeGuard::Advice::Step;
    if (advice == SpikeGuard::Advice::RollBack) go_back();
    take_step(gradients, report);
    return report;
  });
}

/// Changes the weights if the report says so, and counts what the step consumed.
void TrainingRun::take_step(const Tensors& gradients, StepReport& report) {
  const double total = static_cast<double>(total_tokens_);
  const double middle = static_cast<double>(tokens_) + 0.5 * static_cast<double>(report.tokens);
  report.learning_rate = config_.learning_rate * watch_.rate_factor() *
                         schedule_factor(config_.schedule, std::min(1.0, middle / total), ScheduleShape::of(config_));
  tokens_ += report.tokens;
  ++steps_;
  if (!report.taken) return;
  optimizer_->step(gradients, report.learning_rate);
  average_->update(std::min(1.0, static_cast<double>(tokens_) / total));
  interval_loss_ += report.loss * static_cast<double>(report.label_tokens);
  interval_labels_ += report.label_tokens;
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

Result<Evaluation> TrainingRun::evaluate(const text::TokenizedRows& data) {
  PEGBOX_CHECK(check_length(*model_.decoder, network().virtual_tokens(), data));
  return guard("evaluation", [&]() -> Result<Evaluation> {
    const Tensors means = averages();
    const auto averaged = means.empty() ? nullptr : method_->network(means);
    return train::evaluate(*model_.decoder, averaged ? *averaged : network(), data, lanes_, micro_batch_,
                           config_.evaluate_tokens);
  });
}

Result<NamedTensors> TrainingRun::gradients(const std::vector<std::int64_t>& rows) {
  return guard("gradients", [&]() -> Result<NamedTensors> {
    std::int64_t label_tokens = 0;
    for (const std::int64_t row : rows) label_tokens += train_.label_tokens(row);
    accumulate(rows, label_tokens);
    const Tensors sums = summed_gradients();
    NamedTensors named;
    for (std::size_t i = 0; i < sums.size(); ++i) named[parameters_[i].name] = sums[i].clone();
    return named;
  });
}

/// The values to evaluate and save where they are not the parameters; else empty.
Tensors TrainingRun::averages() const {
  if (best_taken_) return best_;
  Tensors means = average_->values();
  return means.empty() ? optimizer_->averages() : means;
}

/// The values to evaluate and save.
Tensors TrainingRun::shown() const {
  Tensors values = averages();
  if (values.empty())
    for (const Parameter& parameter : parameters_) values.push_back(parameter.value);
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
  for (const Parameter& parameter : parameters_) live["parameter." + parameter.name] = parameter.value;
  for (const auto& [name, tensor] : optimizer_->state()) live["optimizer." + name] = tensor;
  for (const auto& [name, tensor] : average_->state()) live["average." + name] = tensor;
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
  Snapshot snapshot;
  for (const auto& [name, tensor] : live()) snapshot.tensors[name] = tensor.clone();
  for (const auto& [name, tensor] : copy_) snapshot.tensors[kCopyPrefix + name] = tensor.clone();
  for (std::size_t i = 0; i < best_.size(); ++i) snapshot.tensors[kBestPrefix + parameters_[i].name] = best_[i].clone();
  const auto position = order_->position();
  snapshot.state = {{"format", kSnapshotFormat},
                    {"tokens", tokens_},
                    {"steps", steps_},
                    {"epoch", position.epoch},
                    {"index", position.index},
                    {"interval_loss", json_number(interval_loss_)},
                    {"interval_labels", interval_labels_},
                    {"micro_batch", micro_batch_},
                    {"validation", watch_.state()},
                    {"spikes", spikes_.state()},
                    {"data", fmt::format("{:016x}", train_.content_hash)},
                    {"config", train_fields().write(config_)}};
  return snapshot;
}

Result<void> TrainingRun::restore(const Snapshot& snapshot) {
  const Json& state = snapshot.state;
  const std::string data = fmt::format("{:016x}", train_.content_hash);
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
  Tensors best;
  for (const Parameter& parameter : parameters_)
    if (const Tensor kept = kept_in(snapshot, kBestPrefix + parameter.name, parameter.value); kept.defined())
      best.push_back(kept);
  return guard("restoring a run", [&]() -> Result<void> {
    for (auto& [target, source] : copies) target.copy_(*source);
    tokens_ = state["tokens"].get<std::int64_t>();
    steps_ = state["steps"].get<std::int64_t>();
    order_->seek({state["epoch"].get<std::int64_t>(), state["index"].get<std::int64_t>()});
    read_json_number(state["interval_loss"], interval_loss_);
    interval_labels_ = state["interval_labels"].get<std::int64_t>();
    // The same split of batches gives the same bits.
    if (config_.micro_batch == 0) micro_batch_ = std::min(micro_batch_, state.value("micro_batch", micro_batch_));
    watch_.restore(state.value("validation", Json::object()));
    spikes_.restore(state.value("spikes", Json::object()));
    copy_ = copy.size() == own.size() ? std::move(copy) : NamedTensors();
    best_ = best.size() == parameters_.size() ? std::move(best) : Tensors();
    best_taken_ = false;
    return {};
  });
}

Result<void> TrainingRun::save(const Path& folder) const { return method_->save(folder, shown()); }

}  // namespace pegbox::train
