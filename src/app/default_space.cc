// Default spaces: what to search for each method of the trainer.
//
// Rates and the batch from scratch follow published laws (search/published_law.h). Sources of the rest: "LoRA Without
// Regret" (batch, scale), PEFT and QLoRA (arXiv 2305.14314: rank, dropout), the methods' papers, common practice.
#include "app/default_space.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cassert>

#include "app/yaml_document.h"
#include "base/document.h"

namespace pegbox {

namespace {

// Rows of several methods.
constexpr DefaultParameter kBatchSize{"batch_size", "{choice: [4, 8, 16, 32], ordered: true}", "sequences", "16"};
constexpr DefaultParameter kWarmup{"warmup_fraction", "{choice: [0, 0.02, 0.05, 0.1], ordered: true}", "", "0.02"};
constexpr DefaultParameter kDropout{"dropout", "{choice: [0, 0.05, 0.1], ordered: true}", "helps where data are few",
                                    "0"};
constexpr DefaultParameter kVirtualTokens{"virtual_tokens", "{choice: [5, 10, 20, 50, 100], ordered: true}",
                                          "trained tokens before each text", "20"};
constexpr DefaultParameter kPromptStart{"prompt_start", "{choice: [vocabulary, gaussian]}", "what they are at first",
                                        "vocabulary"};

constexpr DefaultParameter kLora[] = {
    {"learning_rate", "{range: [2e-5, 1e-2], scale: log, prior: lora_rate}", "by the model's width; matters most",
     "2e-4"},
    {"rank", "{choice: [4, 8, 16, 32, 64], ordered: true}", "capacity of the update", "16"},
    {"scale", "{choice: [0.5, 1, 2, 4], ordered: true}", "alpha / rank", "2"},
    {"dropout", "{choice: [0, 0.05, 0.1], ordered: true}", "helps where data are few", "0.05"},
    {"batch_size", "{choice: [4, 8, 16, 32], ordered: true}", "sequences; low-rank updates like small ones", "16"},
    kWarmup,
    {"weight_decay", "{choice: [0, 0.01, 0.1], ordered: true}", "", "0"},
};

constexpr DefaultParameter kFull[] = {
    {"learning_rate", "{range: [1e-6, 1e-3], scale: log, prior: full_rate}",
     "about a tenth of a LoRA rate; matters most", "2e-5"},
    kBatchSize,
    kWarmup,
    {"weight_decay", "{choice: [0, 0.01, 0.1], ordered: true}", "", "0.01"},
    kDropout,
};

constexpr DefaultParameter kScratch[] = {
    {"learning_rate", "{range: [1e-4, 5e-2], scale: log, prior: step_law_rate}",
     "Step Law: by the model's size and tokens; matters most", "2e-3"},
    {"batch_size", "{choice: [4, 8, 16, 32, 64], ordered: true, prior: step_law_batch}",
     "sequences; grows with the tokens", "16"},
    {"warmup_fraction", "{choice: [0.01, 0.02, 0.05, 0.1], ordered: true}", "", "0.02"},
    {"weight_decay", "{choice: [0.01, 0.03, 0.1, 0.3], ordered: true}", "", "0.1"},
    {"beta2", "{choice: [0.95, 0.98, 0.99], ordered: true}", "", "0.95"},
};

constexpr DefaultParameter kLastK[] = {
    {"learning_rate", "{range: [1e-6, 1e-3], scale: log, prior: full_rate}", "as for full fine-tuning", "5e-5"},
    {"last_layers", "{choice: [1, 2], ordered: true}", "how many layers are trained", "2"},
    kBatchSize,
    kWarmup,
    {"weight_decay", "{choice: [0, 0.01, 0.1], ordered: true}", "", "0.01"},
    kDropout,
};

constexpr DefaultParameter kBias[] = {
    {"learning_rate", "{range: [1e-4, 1e-2], scale: log, prior: {at: 1e-3, spread: 3}}",
     "far above a full one; matters most", "1e-3"},
    kBatchSize,
    kWarmup,
};

constexpr DefaultParameter kIa3[] = {
    {"learning_rate", "{range: [3e-4, 3e-2], scale: log, prior: {at: 3e-3, spread: 3}}", "T-Few's is 3e-3", "3e-3"},
    kBatchSize,
    kWarmup,
};

constexpr DefaultParameter kAdapter[] = {
    {"learning_rate", "{range: [3e-5, 1e-2], scale: log, prior: {at: 3e-4, spread: 3}}",
     "Houlsby's sweep is 3e-5 to 3e-3; matters most", "3e-4"},
    {"adapter_width", "{choice: [16, 32, 64, 128], ordered: true}", "capacity of an adapter", "64"},
    {"adapter_placement", "{choice: [houlsby, pfeiffer, parallel]}", "where they are in a layer", "pfeiffer"},
    {"scale", "{choice: [0.5, 1, 2, 4], ordered: true, when: {adapter_placement: parallel}}", "of parallel ones", ""},
    kDropout,
    kBatchSize,
    kWarmup,
};

constexpr DefaultParameter kPrompt[] = {
    {"learning_rate", "{range: [1e-3, 1], scale: log, prior: {at: 3e-2, spread: 4}}", "large ones; matters most",
     "3e-2"},
    kVirtualTokens,
    kPromptStart,
    kBatchSize,
    kWarmup,
};

constexpr DefaultParameter kPrefix[] = {
    {"learning_rate", "{range: [1e-4, 0.1], scale: log, prior: {at: 1e-2, spread: 4}}", "matters most", "1e-2"},
    kVirtualTokens,
    kPromptStart,
    kBatchSize,
    kWarmup,
};

struct Row {
  std::string_view method;
  std::span<const DefaultParameter> parameters;
};
constexpr Row kTable[] = {{"lora", kLora},     {"qlora", kLora},   {"full", kFull}, {"scratch", kScratch},
                          {"last_k", kLastK},  {"bias", kBias},    {"ia3", kIa3},   {"adapter", kAdapter},
                          {"prompt", kPrompt}, {"prefix", kPrefix}};

/// Our own text, so it can be read.
Json read_own(std::string_view text) {
  auto document = parse_yaml(text, "default space");
  assert(document);
  return std::move(document->json);
}

}  // namespace

std::vector<std::string> methods_with_default_space() {
  std::vector<std::string> names;
  for (const Row& row : kTable) names.emplace_back(row.method);
  return names;
}

Result<std::span<const DefaultParameter>> default_space(const std::string& method) {
  std::vector<std::string_view> names;
  for (const Row& row : kTable) {
    if (row.method == method) return row.parameters;
    names.push_back(row.method);
  }
  const std::string near = nearest_name(method, names);
  return fail(ErrorKind::InvalidInput, {.where = "method",
                                        .what = "no space is known for this method",
                                        .got = method,
                                        .expected = fmt::format("{}", fmt::join(names, ", ")),
                                        .hint = near.empty() ? "write a study file" : "did you mean " + near + "?"});
}

Json space_json(std::span<const DefaultParameter> parameters) {
  Json space = Json::object();
  for (const DefaultParameter& parameter : parameters) space[std::string(parameter.name)] = read_own(parameter.values);
  return space;
}

Json first_config_json(std::span<const DefaultParameter> parameters) {
  Json config = Json::object();
  for (const DefaultParameter& parameter : parameters)
    if (!parameter.first.empty()) config[std::string(parameter.name)] = read_own(parameter.first);
  return config;
}

}  // namespace pegbox
