// MetaLearning: see meta.h.
#include "train/meta.h"

#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/rng.h"
#include "train/config_rules.h"
#include "train/row_order.h"

namespace pegbox::train {

namespace {

std::uint64_t meta_seed(const TrainConfig& config, const char* what, std::uint64_t number) {
  return Rng({static_cast<std::uint64_t>(config.seed), stream_id(what), number}).next_u64();
}

Json json_of(text::RowOrder::Position position) { return {position.epoch, position.index}; }

void seek(text::DataOrder& order, const Json& position) {
  order.seek({position.at(0).get<std::int64_t>(), position.at(1).get<std::int64_t>()});
}

/// Which sets are held out [sets]: those of weight 0; all others weigh the same.
Result<std::vector<bool>> held_out(const TrainConfig& config, const text::TokenizedRows& rows) {
  std::vector<bool> result(rows.group_names.size());
  if (config.mixture.empty() && rows.group_weights.empty()) return result;
  PEGBOX_TRY(const std::vector<double> shares, set_shares(config, rows));
  const double most = std::ranges::max(shares);
  for (std::size_t set = 0; set < shares.size(); ++set) {
    if (shares[set] != 0 && shares[set] != most)
      return refuse("meta", "tasks come in turn, all alike", fmt::format("{}: {}", rows.group_names[set], shares[set]),
                    "weights that are 0 (held out) or the same");
    result[set] = shares[set] == 0;
  }
  return result;
}

}  // namespace

Result<std::vector<Task>> tasks_of(const TrainConfig& config, const text::TokenizedRows& rows) {
  const std::string got = fmt::format("meta {}", config.meta);
  if (rows.groups_in_turn)
    return refuse("meta", "a stream is learned set by set", got + " and a stream", "data: [{path: FILE}, ...]");
  if (rows.groups.empty() || rows.groups_are_classes)
    return refuse("meta", "tasks are sets of the training data, and there are none", got,
                  "data: [{path: FILE}, {path: FILE}, ...]");
  PEGBOX_TRY(const std::vector<bool> held, held_out(config, rows));
  std::vector<Task> tasks;
  for (std::size_t set = 0; set < rows.group_names.size(); ++set)
    tasks.push_back({.name = rows.group_names[set], .rows = {}, .is_held_out = held[set]});
  for (std::int64_t row = 0; row < rows.size(); ++row)
    tasks[static_cast<std::size_t>(rows.groups[row])].rows.push_back(row);
  std::erase_if(tasks, [](const Task& task) { return task.rows.empty(); });
  const auto learned = std::ranges::count(tasks, false, &Task::is_held_out);
  if (learned < 2)
    return refuse("meta", "an initialization is learned over several tasks", fmt::format("{} to learn", learned),
                  "two sets at least with a weight above 0");
  return tasks;
}

Result<std::unique_ptr<MetaLearning>> MetaLearning::create(const TrainConfig& config, const text::TokenizedRows& rows,
                                                           const std::vector<Parameter>& parameters) {
  PEGBOX_TRY(std::vector<Task> tasks, tasks_of(config, rows));
  return std::unique_ptr<MetaLearning>(new MetaLearning(config, std::move(tasks), parameters));
}

MetaLearning::MetaLearning(const TrainConfig& config, std::vector<Task> tasks, const std::vector<Parameter>& parameters)
    : learning_rate_(config.learning_rate),
      outer_rate_(config.outer_rate),
      inner_steps_(config.inner_steps),
      meta_batch_(config.meta_batch),
      query_(config.meta == "fomaml"),
      tasks_(std::move(tasks)),
      parameters_(parameters),
      order_(std::ranges::count(tasks_, false, &Task::is_held_out), meta_seed(config, "tasks", 0)) {
  for (const Parameter& parameter : parameters_) {
    initialization_.push_back(parameter.value.detach().clone());
    sum_.push_back(at::zeros_like(initialization_.back()));
  }
  if (query_) outer_ = make_optimizer(config, parameters_);
  for (std::size_t task = 0; task < tasks_.size(); ++task) {
    if (tasks_[task].is_held_out) continue;
    learned_.push_back(task);
    orders_.emplace_back(std::ssize(tasks_[task].rows), meta_seed(config, "rows of a task", task));
  }
  begin_task();
}

void MetaLearning::begin_task() {
  task_ = static_cast<std::size_t>(order_.next(1).front());
  step_ = 0;
}

std::vector<std::int64_t> MetaLearning::next(std::int64_t count) {
  std::vector<std::int64_t> rows = orders_[task_].next(count);
  for (std::int64_t& row : rows) row = tasks_[learned_[task_]].rows[static_cast<std::size_t>(row)];
  return rows;
}

bool MetaLearning::end_step(const Tensors& gradients, double factor) {
  const bool was_query = is_query();
  ++step_;
  if (!was_query && (query_ || step_ < inner_steps_)) return false;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor& value = parameters_[i].value;
    if (!query_)
      sum_[i].add_(value).sub_(initialization_[i]);
    else if (!gradients.empty())
      sum_[i].add_(gradients[i]);
    value.copy_(initialization_[i]);
  }
  if (++turn_ == meta_batch_) move(factor);
  begin_task();
  return true;
}

/// The parameters are the initialization.
void MetaLearning::move(double factor) {
  const double rate = outer_rate_ * factor, share = 1.0 / static_cast<double>(meta_batch_);
  if (query_) {
    for (Tensor& sum : sum_) sum.mul_(share);
    outer_->step(sum_, rate * learning_rate_);
  }
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!query_) parameters_[i].value.add_(sum_[i], rate * share);
    initialization_[i].copy_(parameters_[i].value);
    sum_[i].zero_();
  }
  turn_ = 0;
}

NamedTensors MetaLearning::state() {
  NamedTensors state;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    state["initialization." + parameters_[i].name] = initialization_[i];
    state["sum." + parameters_[i].name] = sum_[i];
  }
  if (outer_)
    for (const auto& [name, tensor] : outer_->state()) state["outer." + name] = tensor;
  return state;
}

Json MetaLearning::position() const {
  Json rows = Json::array();
  for (const text::DataOrder& order : orders_) rows.push_back(json_of(order.position()));
  return {{"task", task_}, {"step", step_}, {"turn", turn_}, {"order", json_of(order_.position())}, {"rows", rows}};
}

void MetaLearning::restore(const Json& position) {
  if (!position.is_object() || position.value("rows", Json()).size() != orders_.size()) return;
  task_ = position.at("task").get<std::size_t>();
  step_ = position.at("step").get<std::int64_t>();
  turn_ = position.at("turn").get<std::int64_t>();
  seek(order_, position.at("order"));
  for (std::size_t i = 0; i < orders_.size(); ++i) seek(orders_[i], position.at("rows").at(i));
}

double meta_bytes(const TrainConfig& config, double values_bytes, double state_bytes) {
  if (config.meta == "none") return 0;
  return 2 * values_bytes + (config.meta == "fomaml" ? state_bytes : 0);
}

}  // namespace pegbox::train
