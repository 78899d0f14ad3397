// TrainConfig: see train_config.h.
#include "train/train_config.h"

#include <algorithm>
#include <sstream>

#include "train/config_rules.h"
#include "train/kernels/divergence.h"
#include "train/method/merge.h"
#include "train/method/method.h"
#include "train/method/method_fields.h"
#include "train/method/scratch_model.h"
#include "train/model/family.h"
#include "train/named_numbers.h"
#include "train/optim/optim_fields.h"
#include "train/optim/optimizer.h"
#include "train/set_fields.h"
#include "train/writing_fields.h"

namespace pegbox::train {

namespace {

using Row = Field<TrainConfig>;
using Rows = std::vector<Row>;

constexpr double kOneCycleRise = 0.3;  // OneCycleLR's

Rows search_rows() {
  return Rows{
      Row{.name = "method",
          .member = &TrainConfig::method,
          .choices = method_names(),
          .help =
              "which parameters are trained: lora (low-rank updates), qlora (the same beside weights in 4 bits), full "
              "(all), scratch (all, from random weights), "
              "last_k (the last layers), bias (biases), ia3 (gains), adapter (bottlenecks), prompt and prefix (tokens "
              "before the text), merge (none: `adapters` become one), none (nothing: the model is measured as it is)"},
      Row{.name = "learning_rate",
          .member = &TrainConfig::learning_rate,
          .minimum = 0,
          .maximum = 10,
          .help = "peak learning rate; 0: 2e-4 for lora and qlora, 2e-5 for full, 5e-5 for last_k, 1e-3 for bias, 3e-3 "
                  "for ia3, "
                  "3e-4 for adapter, 3e-2 for prompt, 1e-2 for prefix, the Step Law for scratch",
          .source = "LoRA: tinker-cookbook's sweep (3e-4 best for most of 27 models), QLoRA (2e-4); full: 1e-5 to 5e-5 "
                    "in common use; scratch: arXiv 2503.04715"},
      Row{.name = "batch_size",
          .member = &TrainConfig::batch_size,
          .minimum = 1,
          .maximum = 1 << 20,
          .help = "sequences in an effective batch; how many are computed at once does not change the result",
          .source = "LoRA Without Regret: low-rank updates lose more at large batches"},
      Row{.name = "rank",
          .member = &TrainConfig::rank,
          .minimum = 1,
          .maximum = 4096,
          .help = "rank of LoRA's updates",
          .source = "PEFT and tinker-cookbook: 8 to 128"},
      Row{.name = "scale",
          .member = &TrainConfig::scale,
          .minimum = 0,
          .maximum = 1000,
          .help =
              "factor of LoRA's updates, alpha / rank: with it fixed the best rate hardly depends on the rank; factor "
              "of parallel adapters",
          .source = "PEFT and tinker-cookbook: 0.5 to 4"},
      Row{.name = "dropout",
          .member = &TrainConfig::dropout,
          .minimum = 0,
          .maximum = 0.9,
          .help = "lora, qlora and adapter: of what the updates see; full, scratch, last_k and bias: of embeddings, "
                  "attention and "
                  "residual branches"},
      Row{.name = "target",
          .member = &TrainConfig::target,
          .help =
              "linear layers with an update: all, attention, feed_forward (or mlp), or names such as \"q_proj,v_proj\"",
          .source = "tinker-cookbook: all linear layers; attention alone is worse at equal size"},
      Row{.name = "rslora",
          .member = &TrainConfig::rslora,
          .help = "LoRA: the update's factor is alpha / sqrt(rank), that is scale * sqrt(rank)",
          .source = "arXiv 2312.03732"},
      Row{.name = "dora",
          .member = &TrainConfig::dora,
          .help = "LoRA: the lengths of the updated rows are trained apart from their directions",
          .source = "arXiv 2402.09353"},
      Row{.name = "lora_start",
          .member = &TrainConfig::lora_start,
          .choices = {"kaiming", "gaussian", "pissa", "olora"},
          .help =
              "LoRA's first values: A random and B 0 (kaiming, gaussian), or the weight's principal part (pissa), or "
              "a part of its QR decomposition (olora), which the frozen weight is then without",
          .source = "PEFT; arXiv 2404.02948; arXiv 2406.01775"},
  };
}

Rows task_rows() {
  return Rows{
      Row{.name = "task",
          .member = &TrainConfig::task,
          .choices = {"language", "classify"},
          .help = "language: the next token of texts; classify: the label of texts, for rows with `text` and `label`"},
      Row{.name = "class_weights",
          .member = &TrainConfig::class_weights,
          .choices = {"none", "balanced"},
          .help = "classify: factors of the rows' losses by class: all 1, or larger where a class has fewer rows",
          .source = "scikit-learn's class_weight"},
      Row{.name = "class_weight_strength",
          .member = &TrainConfig::class_weight_strength,
          .minimum = 0,
          .maximum = 2,
          .help = "balanced: power of the factors: 0 is none, at 1 every class counts the same"},
  };
}

Rows run_rows() {
  constexpr double kMany = 1e18;
  return Rows{
      Row{.name = "tokens",
          .member = &TrainConfig::tokens,
          .minimum = 0,
          .maximum = kMany,
          .help = "training tokens of the whole run, prompts included; 0: from epochs"},
      Row{.name = "epochs",
          .member = &TrainConfig::epochs,
          .minimum = 0,
          .maximum = 1e9,
          .help = "passes over the training data, where tokens is 0"},
      Row{.name = "sequence_length",
          .member = &TrainConfig::sequence_length,
          .minimum = 2,
          .maximum = 1 << 24,
          .help = "longer texts are cut into sequences, longer completions are truncated"},
      Row{.name = "sequence_start",
          .member = &TrainConfig::sequence_start,
          .minimum = 0,
          .maximum = 1 << 24,
          .help =
              "tokens of the longest sequence at first, which grows linearly to sequence_length; longer ones are cut "
              "into pieces that do not see each other; 0: sequence_length from the beginning",
          .source = "Shortformer, arXiv 2012.15832; arXiv 2108.06084"},
      Row{.name = "sequence_ramp_fraction",
          .member = &TrainConfig::sequence_ramp_fraction,
          .minimum = 0,
          .maximum = 1,
          .help = "part of the run in which a sequence_start grows"},
      Row{.name = "mixture",
          .member = &TrainConfig::mixture,
          .help = "shares of the training sets in the tokens, {books: 0.7, code: 0.3}; a search names them "
                  "{simplex: [books, code]}; empty: the weights of the data, else all rows alike"},
      Row{.name = "mixture_temperature",
          .member = &TrainConfig::mixture_temperature,
          .minimum = 0.1,
          .maximum = 1e6,
          .help = "sets without shares: a set of n tokens is read as n^(1 / mixture_temperature): 1 as the sets are, "
                  "more: nearer to all alike",
          .source = "T5, arXiv 1910.10683: 2; mT5, arXiv 2010.11934: 3.3"},
      Row{.name = "balance",
          .member = &TrainConfig::balance,
          .minimum = 0,
          .maximum = 1,
          .help =
              "rows with labels: a class of n rows is read as often as n^(1 - balance) says: 0 as the data are, 1 all "
              "classes alike"},
      Row{.name = "augment_strength",
          .member = &TrainConfig::augment_strength,
          .minimum = 0,
          .maximum = 1,
          .help = "training rows are read with copies of them in other forms, drawn by the seed: the part of the words "
                  "of prompts and texts that changes; 0: no copies. An epoch counts the tokens of the rows alone, so "
                  "that all trials train on as many",
          .source = "EDA, arXiv 1901.11196: 0.05 to 0.1, more hurts"},
      Row{.name = "augment_methods",
          .member = &TrainConfig::augment_methods,
          .help =
              "augment_strength: how copies are made, each by one of them, drawn: typos, swap_characters, "
              "delete_characters, delete_words, swap_words, synonyms, insert_synonyms, mix (of texts of one class), "
              "or eda for synonyms, insert_synonyms, swap_words and delete_words; what they do is in docs/data.md"},
      Row{.name = "augment_copies",
          .member = &TrainConfig::augment_copies,
          .minimum = 1,
          .maximum = 1000,
          .help = "augment_strength: copies of each row",
          .source = "EDA: 16 of 500 rows, 4 of 5,000 and more"},
      Row{.name = "micro_batch",
          .member = &TrainConfig::micro_batch,
          .minimum = 0,
          .maximum = 1 << 30,
          .help = "tokens that a thread takes at once; 0: as many as are fast and fit into memory. Halved where memory "
                  "runs "
                  "out: it changes no result"},
      Row{.name = "evaluate_every",
          .member = &TrainConfig::evaluate_every,
          .minimum = 0,
          .maximum = kMany,
          .help = "training tokens between evaluations; 0: only where a run ends or waits"},
      Row{.name = "evaluate_tokens",
          .member = &TrainConfig::evaluate_tokens,
          .minimum = 0,
          .maximum = kMany,
          .help = "validation tokens of an evaluation, from the data's beginning; 0: all"},
      Row{.name = "evaluate_fraction",
          .member = &TrainConfig::evaluate_fraction,
          .minimum = 0,
          .maximum = 1000,
          .help = "validation tokens of an evaluation on the way, as a part of the training tokens before it, so that "
                  "a young run is judged by a sample; its end, and what a loss changes on the way, by all; 0: always "
                  "all"},
      Row{.name = "seed", .member = &TrainConfig::seed, .help = "of initial values, the order of data and dropout"},
      Row{.name = "precision",
          .member = &TrainConfig::precision,
          .choices = {"fp32", "bf16"},
          .help =
              "bf16: the products of linear layers have factors and results in bf16 and sums in fp32; a base that "
              "stays as it is is kept in bf16, what is trained in fp32 (full, scratch); all else is fp32. The same for "
              "all trials; needs AMX or AVX-512 BF16"},
      Row{.name = "recompute",
          .member = &TrainConfig::recompute,
          .choices = {"none", "layers"},
          .help = "activation checkpointing: layers keeps what goes into each layer alone, and computes the rest again "
                  "in the backward pass; the same numbers, less memory, about a third more time",
          .source = "arXiv 1604.06174"},
  };
}

Rows distillation_rows() {
  return Rows{
      Row{.name = "distill_weight",
          .member = &TrainConfig::distill_weight,
          .minimum = 0,
          .maximum = 1,
          .help = "part of the loss that is the divergence from the `teacher`; the labels' cross-entropy has the rest; "
                  "0: no teacher",
          .source = "arXiv 1503.02531: most of it"},
      Row{.name = "distill_temperature",
          .member = &TrainConfig::distill_temperature,
          .minimum = 0.1,
          .maximum = 100,
          .help = "what the logits of both are divided by; the divergence counts times its square, so that gradients "
                  "keep their size. Each temperature asks the teacher again",
          .source = "arXiv 1503.02531: 1 to 20; 1 where language models are distilled, arXiv 2306.13649"},
      Row{.name = "distill_divergence",
          .member = &TrainConfig::distill_divergence,
          .choices = {kernels::kDivergenceNames.begin(), kernels::kDivergenceNames.end()},
          .help = "forward_kl (the student covers all that the teacher does), reverse_kl (it keeps to what the teacher "
                  "does), jensen_shannon (between the two, by distill_beta)",
          .source = "arXiv 1503.02531, 2306.08543, 2306.13649"},
      Row{.name = "distill_beta",
          .member = &TrainConfig::distill_beta,
          .minimum = 0.001,
          .maximum = 0.999,
          .help = "jensen_shannon: the teacher's part of the mean; small values are like forward_kl times it, large "
                  "ones like reverse_kl times what is left",
          .source = "arXiv 2306.13649: 0.1, 0.5 or 0.9"},
      Row{.name = "distill_top",
          .member = &TrainConfig::distill_top,
          .minimum = 0,
          .maximum = 1 << 20,
          .help = "tokens of the teacher that are told apart, its likeliest, the others being one; 0: all",
          .source = "arXiv 2410.16215: at most 100"},
  };
}

Rows architecture_rows() {
  return Rows{
      Row{.name = "shape",
          .member = &TrainConfig::shape,
          .choices = family_names(),
          .help = "scratch: the family of the model"},
      Row{.name = "norm",
          .member = &TrainConfig::norm,
          .choices = {"auto", "rms", "layer"},
          .help = "scratch: of the layers' inputs: root mean square or layer norm; a shape has one of them, which is "
                  "auto"},
      Row{.name = "activation",
          .member = &TrainConfig::activation,
          .choices = activation_choices(),
          .help = "scratch: of the feed-forward network, gated or plain as the shape has it; auto: the shape's own"},
      Row{.name = "layers",
          .member = &TrainConfig::layers,
          .minimum = 1,
          .maximum = 10000,
          .help = "scratch: number of layers"},
      Row{.name = "heads",
          .member = &TrainConfig::heads,
          .minimum = 1,
          .maximum = 10000,
          .help = "scratch: attention heads; they divide the width, or head_dim is given"},
      Row{.name = "kv_heads",
          .member = &TrainConfig::kv_heads,
          .minimum = 0,
          .maximum = 10000,
          .help = "scratch: key-value heads, which divide the heads; 0, and for gpt2: as many as heads"},
      Row{.name = "head_dim",
          .member = &TrainConfig::head_dim,
          .minimum = 0,
          .maximum = 1 << 16,
          .help = "scratch: width of a head; 0: width / heads"},
      Row{.name = "width",
          .member = &TrainConfig::width,
          .minimum = 1,
          .maximum = 1 << 20,
          .help = "scratch: width of the residual stream"},
      Row{.name = "feed_forward",
          .member = &TrainConfig::feed_forward,
          .minimum = 0,
          .maximum = 1 << 22,
          .help = "scratch: width of the feed-forward network; 0: 8/3 of the width, rounded up to 32, where it is "
                  "gated, else 4 widths"},
      Row{.name = "positions",
          .member = &TrainConfig::positions,
          .minimum = 0,
          .maximum = 1 << 24,
          .help = "scratch: longest sequence the model will know; 0: the sequence length, at least 512"},
      Row{.name = "window",
          .member = &TrainConfig::window,
          .minimum = 0,
          .maximum = 1 << 24,
          .help =
              "scratch: tokens that a token sees, itself included, in the layers to which the shape gives a window; "
              "0: all"},
      Row{.name = "tie_embeddings",
          .member = &TrainConfig::tie_embeddings,
          .help = "scratch: one matrix for embedding and head"},
  };
}

struct Section {
  std::string_view title;
  Rows rows;
};

const std::vector<Section>& sections() {
  static const std::vector<Section> table{{"Method, rate and batch", search_rows()},
                                          {"Task", task_rows()},
                                          {"Other methods", method_rows()},
                                          {"Merging adapters", merge_rows()},
                                          {"Optimizer", optimizer_rows()},
                                          {"Schedule", schedule_rows()},
                                          {"Stability and first values", stability_rows()},
                                          {"Distillation", distillation_rows()},
                                          {"Length, evaluation and memory", run_rows()},
                                          {"Learning on: sets in a stream", stream_rows()},
                                          {"Learning to learn: sets as tasks", meta_rows()},
                                          {"Writing: of predict, and of what is evaluated", writing_fields()},
                                          {"Architecture, from scratch", architecture_rows()}};
  return table;
}

/// Fills what depends on the method and the optimizer. Fields that the optimizer does not have stay at -1.
void resolve(TrainConfig& config) {
  const MethodDefaults& by_method = method_defaults(config.method);
  const OptimizerDefaults& by_optimizer = optimizer_defaults(config.optimizer);
  if (config.learning_rate == 0) config.learning_rate = by_method.learning_rate * by_optimizer.rate_factor;
  if (config.weight_decay < 0) config.weight_decay = by_method.weight_decay;
  if (config.beta1 < 0) config.beta1 = by_optimizer.beta1;
  if (config.beta2 < 0) config.beta2 = by_optimizer.beta2 == kByMethod ? by_method.beta2 : by_optimizer.beta2;
  if (config.momentum < 0) config.momentum = by_optimizer.momentum;
  if (config.epsilon < 0) config.epsilon = by_optimizer.epsilon;
}

}  // namespace

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream stream(list);
  for (std::string name; std::getline(stream, name, ',');) {
    const auto first = name.find_first_not_of(' '), last = name.find_last_not_of(' ');
    if (first != std::string::npos) names.push_back(name.substr(first, last - first + 1));
  }
  return names;
}

const FieldTable<TrainConfig>& train_fields() {
  static const FieldTable<TrainConfig> table = [] {
    Rows rows;
    for (const Section& section : sections()) rows.insert(rows.end(), section.rows.begin(), section.rows.end());
    return FieldTable<TrainConfig>(std::move(rows));
  }();
  return table;
}

std::string_view section_of(std::string_view field) {
  for (const Section& section : sections())
    if (std::ranges::find(section.rows, field, &Row::name) != section.rows.end()) return section.title;
  return {};
}

void fold_fields(Json& fields) {
  for (const char* field : {"mixture", "adapter_weights"}) fold_named_numbers(fields, field);
  fold_adapters(fields);
}

Result<TrainConfig> read_train_config(const Json& defaults, const Json& json, const std::string& where) {
  Document document{.json = defaults.is_null() ? Json::object() : defaults, .name = where};
  if (!document.json.is_object() || !(json.is_object() || json.is_null()))
    return fail(ErrorKind::InvalidInput,
                {.where = where,
                 .what = "a training config is an object of fields",
                 .got = to_line(document.json.is_object() ? json : document.json).substr(0, 80)});
  Json own = json;
  fold_fields(document.json);
  fold_fields(own);
  for (const auto& [key, value] : own.items()) document.json[key] = value;
  PEGBOX_TRY(TrainConfig config, train_fields().read(document.root()));
  if (config.optimizer == "schedule_free" && !document.json.contains("schedule")) config.schedule = "constant";
  if (config.schedule == "one_cycle" && !document.json.contains("warmup_fraction"))
    config.warmup_fraction = kOneCycleRise;
  if (config.tokens == 0 && config.epochs <= 0)
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "the run has no length",
                                          .got = "tokens 0 and epochs 0",
                                          .expected = "tokens or epochs above 0"});
  resolve(config);
  PEGBOX_CHECK(check_combinations(config, where));
  return config;
}

}  // namespace pegbox::train
