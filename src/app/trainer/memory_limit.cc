// memory_limit: see memory_limit.h.
#include "app/trainer/memory_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "train/memory.h"
#include "train/method/method.h"
#include "train/method/scratch_model.h"
#include "train/optim/optimizer.h"

namespace pegbox::trainer {

namespace {

/// What a run trains and what a token of it leaves behind, as expressions.
struct Sizes {
  std::string parameters, bytes_per_token;
  std::string own_bytes = "0";     ///< that a method keeps besides
  std::string virtual_rows = "0";  ///< before every text
};

/// A number, or one of two by whether a field says so.
std::string chosen(const std::string& condition, double yes, double no) {
  if (yes == no) return fmt::format("{:.0f}", yes);
  return fmt::format("({:.0f} + ({}) * {:.0f})", no, condition, yes - no);
}

std::string activation_bytes(const train::ModelConfig& model) {
  return chosen("recompute == 'layers'", train::activation_bytes_per_token(model, true),
                train::activation_bytes_per_token(model, false));
}

std::int64_t parameters_of(const train::BaseModel& base, train::TrainConfig run, const char* method) {
  run.method = method;
  const auto made = train::make_method(run, base);
  return made ? (*made)->parameter_count() : 0;
}

/// The parameters of a method whose number grows with a field, as an expression.
std::string linear_in(const train::BaseModel& base, train::TrainConfig run, const char* method,
                      std::int64_t train::TrainConfig::* field, const char* name) {
  run.*field = 1;
  const std::int64_t one = parameters_of(base, run, method);
  run.*field = 2;
  const std::int64_t slope = std::max<std::int64_t>(0, parameters_of(base, run, method) - one);
  return fmt::format("({} + {} * {})", one - slope, name, slope);
}

/// Parameters of LoRA as an expression over target and rank, or, if `magnitudes`, of DoRA's lengths over target.
std::string lora_parameters(const train::BaseModel& base, train::TrainConfig run, bool magnitudes) {
  const char* const method = base.is_nf4_alone() ? "qlora" : "lora";
  run.rank = 1;
  const auto of_target = [&](const std::string& target) {
    train::TrainConfig with = run;
    with.target = target;
    with.dora = magnitudes;
    const std::int64_t all = parameters_of(base, with, method);
    with.dora = false;
    return magnitudes ? all - parameters_of(base, with, method) : all;
  };
  const std::int64_t all = of_target("all");
  std::string text = fmt::format("{}", all);  // lists of names are taken for all of them, but for the config's own
  std::vector<std::string> targets{"attention", "feed_forward"};
  if (run.target != "all" && std::ranges::find(targets, run.target) == targets.end()) targets.push_back(run.target);
  for (const std::string& target : targets)
    if (const std::int64_t of_it = of_target(target); of_it > 0)
      text += fmt::format(" - (target == '{}') * {}", target, all - of_it);
  return fmt::format("({})", text);
}

Sizes sizes_on(const train::BaseModel& base, const train::TrainConfig& run) {
  const std::string is_lora = "((method == 'lora') + (method == 'qlora'))";
  const std::string factors = fmt::format("{} * rank * {}", is_lora, lora_parameters(base, run, false));
  std::string all_methods = fmt::format("{} + {} * dora * {}", factors, is_lora, lora_parameters(base, run, true));
  const auto add = [&](const char* method, const std::string& count) {
    all_methods += fmt::format(" + (method == '{}') * {}", method, count);
  };
  for (const char* method : {"full", "bias", "ia3"}) add(method, fmt::format("{}", parameters_of(base, run, method)));
  add("last_k", linear_in(base, run, "last_k", &train::TrainConfig::last_layers, "last_layers"));
  for (const char* method : {"prompt", "prefix"})
    add(method, linear_in(base, run, method, &train::TrainConfig::virtual_tokens, "virtual_tokens"));
  for (const char* placement : {"houlsby", "pfeiffer", "parallel"}) {
    train::TrainConfig changed = run;
    changed.adapter_placement = placement;
    add("adapter",
        fmt::format("(adapter_placement == '{}') * {}", placement,
                    linear_in(base, changed, "adapter", &train::TrainConfig::adapter_width, "adapter_width")));
  }
  return {
      .parameters = fmt::format("({})", all_methods),
      .bytes_per_token = activation_bytes(base.decoder->config()),
      .own_bytes = fmt::format("((lora_start == 'pissa') + (lora_start == 'olora')) * {} * {}", sizeof(float), factors),
      .virtual_rows = "((method == 'prompt') + (method == 'prefix')) * virtual_tokens"};
}

/// Norms and biases are left out, and grouped keys are counted whole: it is about right, and rather too much.
Sizes sizes_from_scratch(std::int64_t vocabulary) {
  const std::string gpt2 = "(shape == 'gpt2')";
  std::string plain = "(0";
  for (const std::string_view shape : train::shapes_without_gate()) plain += fmt::format(" + (shape == '{}')", shape);
  plain += ")";
  const std::string gated = fmt::format("(1 - {})", plain);
  const std::string inner =
      fmt::format("(feed_forward + (feed_forward == 0) * width * ({} * 4 + {} * 8 / 3))", plain, gated);
  const std::string heads = "(heads * head_dim + (head_dim == 0) * width)";
  const std::string of_layer = fmt::format("(8 * width + 6 * {} + 4 * {})", heads, inner);
  return {
      .parameters = fmt::format("(width * ({} * (2 - tie_embeddings) + {} * max(positions, sequence_length, 512)) + "
                                "layers * width * (4 * {} + (2 + {}) * {}))",
                                vocabulary, gpt2, heads, gated, inner),
      .bytes_per_token =
          fmt::format("({} * ((recompute == 'none') * layers * {} + (recompute != 'none') * (layers * 2 * "
                      "width + {})))",
                      sizeof(float), of_layer, of_layer)};
}

/// Bytes of the optimizer's state, of averages and of copies, for each byte that is trained: measured on the run's own
/// parameters, with each optimizer and precision.
std::string state_factor(const Workplace& workplace, const train::TrainConfig& run) {
  std::string text;
  for (const std::string_view optimizer : train::optimizer_names()) {
    const train::OptimizerDefaults& defaults = train::optimizer_defaults(optimizer);
    train::TrainConfig with = run;
    with.optimizer = optimizer;
    if (with.optimizer != run.optimizer)
      std::tie(with.beta1, with.momentum) = std::tie(defaults.beta1, defaults.momentum);
    const auto factor = [&](const char* precision) {
      if (defaults.quantizes) with.state_precision = precision;
      const auto need = memory_need_of(workplace, with);
      return need ? (need->state_bytes + need->copies_bytes) / need->values_bytes : 2;
    };
    const double fp32 = factor("fp32");
    text += fmt::format("{}(optimizer == '{}') * ({:.4f}", text.empty() ? "" : " + ", optimizer, fp32);
    if (defaults.quantizes)
      for (const char* precision : {"bf16", "int8"})
        text += fmt::format(" - (state_precision == '{}') * {:.4f}", precision, fp32 - factor(precision));
    text += ")";
  }
  return fmt::format("({})", text);
}

}  // namespace

std::optional<std::string> peak_memory_limit(const Workplace& workplace, const train::TrainConfig& run,
                                             double tokens_per_row, Json& values) {
  const bool from_scratch = !train::method_needs_base(run.method), has_base = workplace.base.decoder != nullptr;
  if (from_scratch == has_base) return std::nullopt;
  const Json config = train::train_fields().write(run);
  std::vector<std::string> names{"method",        "rank",        "target",        "dora",
                                 "lora_start",    "last_layers", "adapter_width", "adapter_placement",
                                 "virtual_tokens"};
  if (from_scratch)
    names = {"shape",        "layers",    "width",          "heads",          "head_dim",
             "feed_forward", "positions", "tie_embeddings", "sequence_length"};
  for (const char* name : {"batch_size", "micro_batch", "sequence_length", "recompute", "optimizer", "state_precision"})
    names.emplace_back(name);
  for (const std::string& name : names)
    if (!values.contains(name)) values[name] = config[name];
  const Sizes sizes = from_scratch ? sizes_from_scratch(workplace.vocabulary) : sizes_on(workplace.base, run);
  const int lanes = workplace.lanes->count();
  const std::string most =
      fmt::format("(micro_batch + (micro_batch == 0) * min({}, max({}, {:.0f} / {})))", train::kMostMicroBatchTokens,
                  train::kLeastMicroBatchTokens, train::kActivationBytes, sizes.bytes_per_token);
  const std::string batch =
      fmt::format("batch_size * {:.1f} * max(1, sequence_length / {})", tokens_per_row, run.sequence_length);
  // A checkpoint is a snapshot, and the bytes of its file: values and state are there three times.
  constexpr int kWithCheckpoint = 3;
  const std::string of_values =
      fmt::format("({} + {} * (1 + {}))", lanes, kWithCheckpoint, state_factor(workplace, run));
  return fmt::format("{:.0f} + {} * {} * {} + {} + {} * min({}, {} / {}) * (1 + {} / {:.1f}) * {}",
                     train::resident_bytes(), of_values, sizeof(float), sizes.parameters, sizes.own_bytes, lanes, most,
                     batch, lanes, sizes.virtual_rows, tokens_per_row, sizes.bytes_per_token);
}

}  // namespace pegbox::trainer
