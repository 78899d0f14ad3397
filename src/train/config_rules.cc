// config_rules: see config_rules.h. A field that nothing reads would be searched in vain: it is an error, not a
// warning.
#include "train/config_rules.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "train/augmented_rows.h"
#include "train/method/merge_rule.h"
#include "train/method/method.h"
#include "train/method/scratch_model.h"
#include "train/optim/optimizer.h"

namespace pegbox::train {

namespace {

constexpr std::string_view kMerge = "merge";

/// `field` is read only where `chooser` has one of `values`.
struct Reader {
  std::string_view field, chooser;
  std::vector<std::string_view> values;
};

std::vector<std::string_view> optimizers_with(double OptimizerDefaults::* field) {
  std::vector<std::string_view> names;
  for (const std::string_view name : optimizer_names())
    if (optimizer_defaults(name).*field != -1) names.push_back(name);
  return names;
}

std::vector<std::string_view> quantizing_optimizers() {
  std::vector<std::string_view> names;
  for (const std::string_view name : optimizer_names())
    if (optimizer_defaults(name).quantizes) names.push_back(name);
  return names;
}

std::vector<std::string_view> merge_rules_where(bool (*reads)(const MergeRule&)) {
  std::vector<std::string_view> names;
  for (const std::string_view name : merge_rule_names())
    if (reads(merge_rule(name))) names.push_back(name);
  return names;
}

/// Not among them: rank, scale, target and dropout, which stand once for all methods where methods compete.
const std::vector<Reader>& readers() {
  static const std::vector<Reader> table{
      {"shape", "method", {"scratch"}},
      {"norm", "method", {"scratch"}},
      {"activation", "method", {"scratch"}},
      {"layers", "method", {"scratch"}},
      {"heads", "method", {"scratch"}},
      {"head_dim", "method", {"scratch"}},
      {"kv_heads", "method", {"scratch"}},
      {"width", "method", {"scratch"}},
      {"feed_forward", "method", {"scratch"}},
      {"positions", "method", {"scratch"}},
      {"window", "method", {"scratch"}},
      {"tie_embeddings", "method", {"scratch"}},
      {"beta1", "optimizer", optimizers_with(&OptimizerDefaults::beta1)},
      {"beta2", "optimizer", optimizers_with(&OptimizerDefaults::beta2)},
      {"momentum", "optimizer", optimizers_with(&OptimizerDefaults::momentum)},
      {"nesterov", "optimizer", optimizers_with(&OptimizerDefaults::momentum)},
      {"epsilon", "optimizer", optimizers_with(&OptimizerDefaults::epsilon)},
      {"muon_scale", "optimizer", {"muon"}},
      {"state_precision", "optimizer", quantizing_optimizers()},
      {"lora_b_rate", "method", {"lora", "qlora"}},
      {"rslora", "method", {"lora", "qlora"}},
      {"dora", "method", {"lora", "qlora"}},
      {"lora_start", "method", {"lora", "qlora"}},
      {"prompt_template", "method", {"none"}},
      {"precision", "method", {"none", "lora", "ia3", "adapter", "prompt", "prefix", "full", "scratch"}},
      {"last_layers", "method", {"last_k"}},
      {"adapter_width", "method", {"adapter"}},
      {"adapter_placement", "method", {"adapter"}},
      {"virtual_tokens", "method", {"prompt", "prefix"}},
      {"prompt_start", "method", {"prompt", "prefix"}},
      {"final_rate", "schedule", {"linear", "cosine", "cosine_restarts", "polynomial", "wsd"}},
      {"decay_fraction", "schedule", {"wsd"}},
      {"cycles", "schedule", {"cosine_restarts"}},
      {"decay_power", "schedule", {"polynomial"}},
      {"plateau_factor", "schedule", {"plateau"}},
      {"plateau_patience", "schedule", {"plateau"}},
      {"average_decay", "average", {"ema"}},
      {"average_fraction", "average", {"tail"}},
      {"initialization", "method", {"scratch"}},
      {"initial_deviation", "method", {"scratch"}},
      {"parametrization", "method", {"scratch"}},
      {"base_width", "parametrization", {"mup"}},
      {"base_head_dim", "parametrization", {"mup"}},
      {"window", "shape", shapes_with_windows()},
      {"head_dim", "shape", shapes_with_head_dim()},
      {"ewc_strength", "consolidation", {"ewc"}},
      {"ewc_decay", "consolidation", {"ewc"}},
      {"fisher_rows", "consolidation", {"ewc"}},
      {"adapter_weights", "method", {kMerge}},
      {"merge_scale", "method", {kMerge}},
      {kMerge, "method", {kMerge}},
      {"merge_density", kMerge,
       merge_rules_where([](const MergeRule& rule) { return rule.thinning != Thinning::None; })},
      {"merge_sign", kMerge, merge_rules_where([](const MergeRule& rule) { return rule.elects_sign; })},
      {"merge_rank", kMerge, merge_rules_where([](const MergeRule& rule) { return rule.part == MergedPart::Update; })},
      {"inner_steps", "meta", {"reptile", "fomaml"}},
      {"outer_rate", "meta", {"reptile", "fomaml"}},
      {"meta_batch", "meta", {"reptile", "fomaml"}},
      {"adapt_steps", "meta", {"reptile", "fomaml"}},
      {"class_weights", "task", {"classify"}},
      {"sequence_start", "task", {"language"}},
      {"class_weight_strength", "class_weights", {"balanced"}},
      {"distill_beta", "distill_divergence", {"jensen_shannon"}},
  };
  return table;
}

Result<void> check_readers(const TrainConfig& config, const std::string& where) {
  const Json set = train_fields().write(config), untouched = train_fields().write(TrainConfig{});
  for (const Reader& reader : readers()) {
    const std::string field(reader.field), chooser(reader.chooser), chosen = set[chooser].get<std::string>();
    if (set[field] == untouched[field] || std::ranges::find(reader.values, chosen) != reader.values.end()) continue;
    return refuse(where, fmt::format("{} {} has no {}", chooser, chosen, field),
                  fmt::format("{} {}", field, to_line(set[field])),
                  fmt::format("{} only with {} {}", field, chooser, fmt::join(reader.values, ", ")));
  }
  return {};
}

Result<void> check_optimizer(const TrainConfig& config, const std::string& where) {
  if (config.optimizer != "schedule_free") return {};
  if (config.beta1 <= 0) return refuse(where, "schedule_free needs an average", "beta1 0", "beta1 above 0");
  if (config.schedule != "constant")
    return refuse(where, "schedule_free takes the place of a schedule", "schedule " + config.schedule,
                  "schedule constant, which is its default then");
  if (config.average != "none")
    return refuse(where, "schedule_free keeps an average of its own", "average " + config.average, "average none");
  return {};
}

Result<void> check_steps(const TrainConfig& config, const std::string& where) {
  if (const std::string watching = watching_fields(config); !watching.empty() && config.evaluate_every == 0)
    return refuse(where, watching + " needs validation losses on the way", "evaluate_every 0",
                  "evaluate_every: training tokens between evaluations");
  if (config.batch_start > config.batch_size)
    return refuse(where, "a growing batch starts above its end", fmt::format("batch_start {}", config.batch_start),
                  fmt::format("at most batch_size, {}", config.batch_size));
  if (config.sequence_start == 1 || config.sequence_start > config.sequence_length)
    return refuse(where, "a growing sequence starts where it cannot",
                  fmt::format("sequence_start {}", config.sequence_start),
                  fmt::format("0, or 2 to sequence_length, {}", config.sequence_length));
  if (config.sequence_start > 0 && config.sequence_ramp_fraction == 0)
    return refuse(where, "a growing sequence has no time to grow", "sequence_ramp_fraction 0",
                  "sequence_ramp_fraction above 0, or no sequence_start");
  if (config.spike_rollback > 0 && config.spike_deviations <= 0)
    return refuse(where, "spike_rollback counts spikes, and nothing is called one", "spike_deviations 0",
                  "spike_deviations, such as 6");
  return {};
}

/// What acts on the run of all steps, one after another, does not fit steps that begin again and again.
Result<void> check_meta(const TrainConfig& config, const std::string& where) {
  if (config.meta == "none") return {};
  const std::string what = "meta " + config.meta + " begins again with each task";
  if (config.optimizer == "schedule_free")
    return refuse(where, what, "optimizer schedule_free, which averages all steps", "another optimizer");
  if (config.average != "none") return refuse(where, what, "average " + config.average, "average none");
  if (config.spike_deviations > 0)
    return refuse(where, what + ", and tasks have losses of their own",
                  fmt::format("spike_deviations {}", config.spike_deviations), "spike_deviations 0");
  if (config.task != "language")
    return refuse(where, "tasks of one model have the same classes", "meta and task " + config.task, "task language");
  if (!method_trains(config.method)) return refuse(where, "nothing is trained", "method " + config.method, "meta none");
  return {};
}

/// Factors that the frozen weights are without are no adapter's.
Result<void> check_first_values(const TrainConfig& config, const std::string& where) {
  if (config.start_adapter.empty()) return {};
  if (config.lora_start == "pissa" || config.lora_start == "olora")
    return refuse(where, "an adapter stands beside the base as it is",
                  "start_adapter and lora_start " + config.lora_start, "lora_start kaiming");
  return {};
}

/// arXiv 2203.03466 gives the rates of optimizers whose steps have one size, and of SGD, whose steps have not.
Result<void> check_parametrization(const TrainConfig& config, const std::string& where) {
  if (config.parametrization != "mup" || (config.optimizer != "sgd" && config.optimizer != "muon")) return {};
  return refuse(where, "mup's rates are those of Adam", "optimizer " + config.optimizer,
                "adamw, adafactor, lion or schedule_free, or parametrization standard");
}

}  // namespace

tl::unexpected<Error> refuse(std::string where, std::string what, std::string got, std::string expected) {
  return fail(
      ErrorKind::InvalidInput,
      {.where = std::move(where), .what = std::move(what), .got = std::move(got), .expected = std::move(expected)});
}

std::string watching_fields(const TrainConfig& config) {
  std::vector<std::string_view> names;
  if (config.schedule == "plateau") names.emplace_back("schedule plateau");
  if (config.early_stop > 0) names.emplace_back("early_stop");
  if (config.restore_best) names.emplace_back("restore_best");
  return fmt::format("{}", fmt::join(names, " and "));
}

Result<void> check_combinations(const TrainConfig& config, const std::string& where) {
  PEGBOX_CHECK(check_readers(config, where));
  PEGBOX_CHECK(DecayExclusions::read(config.decay_exclude));
  PEGBOX_CHECK(check_optimizer(config, where));
  PEGBOX_CHECK(check_steps(config, where));
  PEGBOX_CHECK(check_meta(config, where));
  PEGBOX_CHECK(check_first_values(config, where));
  PEGBOX_CHECK(augmentation_of(config));
  if (config.prompt_template.find(kPromptPlace) == std::string::npos)
    return refuse(where, "a prompt_template without its prompt", config.prompt_template,
                  "a text around {prompt}, such as \"Question: {prompt}\\nAnswer:\"");
  return check_parametrization(config, where);
}

bool may_share_passes(const TrainConfig& a, const TrainConfig& b) {
  const bool are_updates = a.method == "lora" || a.method == "qlora";
  return are_updates && a.method == b.method && a.recompute == b.recompute && !a.dora && !b.dora;
}

}  // namespace pegbox::train
