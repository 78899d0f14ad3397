// memory_limit: see memory_limit.h.
#include "app/trainer/memory_limit.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "train/memory.h"
#include "train/method/method.h"
#include "train/method/scratch_model.h"

namespace pegbox::trainer {

namespace {

constexpr int kCheckpointCopies = 6;  // of what is trained: a snapshot of values and two moments, and its file's bytes

/// What a run trains and what a token of it leaves behind, as expressions.
struct Sizes {
  std::string parameters, bytes_per_token;
};

std::int64_t parameters_of(const train::BaseModel& base, train::TrainConfig run, const char* method,
                           const std::string& target) {
  run.method = method;
  run.target = target;
  run.rank = 1;
  const auto made = train::make_method(run, base);
  return made ? (*made)->parameter_count() : 0;
}

/// The parameters of a method whose number grows with a field, as an expression.
std::string linear_in(const train::BaseModel& base, train::TrainConfig run, const char* method,
                      std::int64_t train::TrainConfig::* field, const char* name) {
  run.*field = 1;
  const std::int64_t one = parameters_of(base, run, method, "all");
  run.*field = 2;
  const std::int64_t slope = std::max<std::int64_t>(0, parameters_of(base, run, method, "all") - one);
  return fmt::format("({} + {} * {})", one - slope, name, slope);
}

Sizes sizes_on(const train::BaseModel& base, const train::TrainConfig& run) {
  const char* const any_lora = base.is_nf4_alone() ? "qlora" : "lora";
  const auto of_target = [&](const std::string& target) { return parameters_of(base, run, any_lora, target); };
  const std::int64_t all = of_target("all");
  std::string lora = fmt::format("{}", all);  // lists of names are taken for all of them, but for the config's own
  std::vector<std::string> targets{"attention", "feed_forward"};
  if (run.target != "all" && std::ranges::find(targets, run.target) == targets.end()) targets.push_back(run.target);
  for (const std::string& target : targets)
    if (const std::int64_t of_it = of_target(target); of_it > 0)
      lora += fmt::format(" - (target == '{}') * {}", target, all - of_it);
  const auto with = [&](const char* placement) {
    train::TrainConfig changed = run;
    changed.adapter_placement = placement;
    return linear_in(base, changed, "adapter", &train::TrainConfig::adapter_width, "adapter_width");
  };
  std::string all_methods = fmt::format("((method == 'lora') + (method == 'qlora')) * rank * ({})", lora);
  const auto add = [&](const char* method, const std::string& count) {
    all_methods += fmt::format(" + (method == '{}') * {}", method, count);
  };
  for (const char* method : {"full", "bias", "ia3"})
    add(method, fmt::format("{}", parameters_of(base, run, method, "all")));
  add("last_k", linear_in(base, run, "last_k", &train::TrainConfig::last_layers, "last_layers"));
  for (const char* method : {"prompt", "prefix"})
    add(method, linear_in(base, run, method, &train::TrainConfig::virtual_tokens, "virtual_tokens"));
  for (const char* placement : {"houlsby", "pfeiffer", "parallel"})
    add("adapter", fmt::format("(adapter_placement == '{}') * {}", placement, with(placement)));
  return {.parameters = fmt::format("({})", all_methods),
          .bytes_per_token = fmt::format("{:.0f}", train::activation_bytes_per_token(base.decoder->config()))};
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
  return {
      .parameters = fmt::format("(width * ({} * (2 - tie_embeddings) + {} * max(positions, sequence_length, 512)) + "
                                "layers * width * (4 * width + (2 + {}) * {}))",
                                vocabulary, gpt2, gated, inner),
      .bytes_per_token = fmt::format("(layers * {} * (14 * width + 4 * {}))", sizeof(float), inner)};
}

}  // namespace

std::optional<std::string> peak_memory_limit(const Workplace& workplace, const train::TrainConfig& run,
                                             double tokens_per_row, Json& values) {
  const bool from_scratch = !train::method_needs_base(run.method), has_base = workplace.base.decoder != nullptr;
  if (from_scratch == has_base) return std::nullopt;
  const Json config = train::train_fields().write(run);
  std::vector<std::string> names{"method",         "rank",          "target",           "last_layers",
                                 "virtual_tokens", "adapter_width", "adapter_placement"};
  if (from_scratch)
    names = {"shape", "layers", "width", "feed_forward", "positions", "tie_embeddings", "sequence_length"};
  for (const char* name : {"batch_size", "micro_batch", "sequence_length"}) names.emplace_back(name);
  for (const std::string& name : names)
    if (!values.contains(name)) values[name] = config[name];
  const Sizes sizes = from_scratch ? sizes_from_scratch(workplace.corpus->text().tokenizer.vocabulary_size())
                                   : sizes_on(workplace.base, run);
  const int lanes = workplace.lanes->count();
  const std::string most =
      fmt::format("(micro_batch + (micro_batch == 0) * min({}, max({}, {:.0f} / {})))", train::kMostMicroBatchTokens,
                  train::kLeastMicroBatchTokens, train::kActivationBytes, sizes.bytes_per_token);
  const std::string batch =
      fmt::format("batch_size * {:.1f} * max(1, sequence_length / {})", tokens_per_row, run.sequence_length);
  return fmt::format("{:.0f} + {} * {} + {} * min({}, {} / {}) * {}", train::resident_bytes(),
                     (3 + lanes + kCheckpointCopies) * static_cast<int>(sizeof(float)), sizes.parameters, lanes, most,
                     batch, lanes, sizes.bytes_per_token);
}

}  // namespace pegbox::trainer
