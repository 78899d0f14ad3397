// PublishedLaw: the table of laws.
#include "search/published_law.h"

#include <algorithm>
#include <cmath>

namespace pegbox {
namespace {

/// What an optimizer's best rate is, relative to AdamW's, and how surely.
struct OptimizerRate {
  std::string_view name;
  double times, factor;
};

constexpr OptimizerRate kOptimizers[] = {
    {"adamw", 1, 1},
    {"adafactor", 1, 2},          // steps of AdamW's size: their root mean square is 1 at most, arXiv 1804.04235
    {"muon", 1, 1.5},             // its updates are scaled so that AdamW's rates serve: arXiv 2502.16982
    {"lion", 0.18, 1.8},          // 3 to 10 times smaller: arXiv 2302.06675
    {"schedule_free", 3.2, 3.2},  // 1 to 10 times larger: arXiv 2405.15682
};

/// Independent uncertainties, each the logarithm of a factor, as one factor.
double combined(std::initializer_list<double> logs) {
  double squares = 0;
  for (const double each : logs) squares += each * each;
  return std::exp(std::sqrt(squares));
}

LawValue with_optimizer(LawValue value, const RunFacts& facts) {
  const OptimizerRate& optimizer = *std::ranges::find(kOptimizers, facts.optimizer, &OptimizerRate::name);
  return {value.at * optimizer.times, combined({std::log(value.factor), std::log(optimizer.factor)})};
}

// Step Law. The scatter is that of the best grid points of 17 sizes of its dense models around the law; away from their
// geometric mean the published deviations of the exponents count (bootstrap: 0.030, 0.019 and 0.019).
constexpr double kStepLawParameters = 3.8e8, kStepLawTokens = 2.2e10;

LawValue step_law_rate(const RunFacts& facts) {
  const double at = 1.79 * std::pow(facts.parameters, -0.713) * std::pow(facts.tokens, 0.307);
  const double factor = combined({std::log(1.25), 0.030 * std::log(facts.parameters / kStepLawParameters),
                                  0.019 * std::log(facts.tokens / kStepLawTokens)});
  return with_optimizer({at, factor}, facts);
}

LawValue step_law_batch(const RunFacts& facts) {
  const double tokens = 0.58 * std::pow(facts.tokens, 0.571);
  const double factor = combined({std::log(1.3), 0.019 * std::log(facts.tokens / kStepLawTokens)});
  return {facts.sequence_length > 0 ? tokens / facts.sequence_length : tokens, factor};
}

// tinker-cookbook, hyperparam_utils: 10 * 5e-5 * (2000 / width)^p with p 0.781 for Llamas and 0.0775 for Qwens: here p
// is 0.43 give or take 0.35. The best rates of 20 models in the same project's sweep scatter by a factor of 1.84.
LawValue lora_rate(const RunFacts& facts) {
  const double narrower = std::log(2000 / facts.width);
  return with_optimizer({5e-4 * std::exp(0.43 * narrower), combined({std::log(1.84), 0.35 * narrower})}, facts);
}

LawValue full_rate(const RunFacts& facts) {
  const LawValue lora = lora_rate(facts);
  return {lora.at / 10, combined({std::log(lora.factor), std::log(2)})};
}

double fact(const RunFacts& facts, std::string_view name) {
  if (name == "parameters") return facts.parameters;
  if (name == "tokens") return facts.tokens;
  return facts.width;
}

}  // namespace

const FieldTable<RunFacts>& run_fact_fields() {
  static const FieldTable<RunFacts> table(std::vector<Field<RunFacts>>{
      {.name = "parameters",
       .member = &RunFacts::parameters,
       .minimum = 0,
       .help = "of the model, without its tables of embeddings"},
      {.name = "tokens", .member = &RunFacts::tokens, .minimum = 0, .help = "of one full training"},
      {.name = "width", .member = &RunFacts::width, .minimum = 0, .help = "of the model's hidden state"},
      {.name = "sequence_length",
       .member = &RunFacts::sequence_length,
       .minimum = 0,
       .help = "tokens in a sequence; where it is said, a batch counts sequences, else tokens"},
      {.name = "optimizer",
       .member = &RunFacts::optimizer,
       .choices = {"adamw", "adafactor", "muon", "lion", "schedule_free"},
       .help = "each has best rates of its own; no law knows those of others"}});
  return table;
}

std::span<const LawRow> law_table() {
  static const std::vector<LawRow> table{
      {"step_law_rate",
       "peak learning rate of a training from scratch",
       "Step Law, arXiv 2503.04715",
       {"parameters", "tokens"},
       step_law_rate},
      {"step_law_batch", "batch of a training from scratch", "Step Law, arXiv 2503.04715", {"tokens"}, step_law_batch},
      {"lora_rate", "learning rate of LoRA", "tinker-cookbook, by the model's width", {"width"}, lora_rate},
      {"full_rate",
       "learning rate of full fine-tuning",
       "a tenth of LoRA's: \"LoRA Without Regret\"",
       {"width"},
       full_rate}};
  return table;
}

Result<AppliedLaw> AppliedLaw::read(const Node& node) {
  PEGBOX_TRY(const Node name_node, node.at("law"));
  PEGBOX_TRY(const std::string name, name_node.string());
  std::vector<std::string_view> names;
  for (const LawRow& row : law_table()) names.push_back(row.name);
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) {
    std::string expected;
    for (const auto each : names) expected += (expected.empty() ? "" : ", ") + std::string(each);
    const std::string nearest = nearest_name(name, names);
    return name_node.fail("no law of this name is known", "one of " + expected,
                          nearest.empty() ? "" : "did you mean '" + nearest + "'?");
  }
  AppliedLaw applied{&law_table()[static_cast<std::size_t>(found - names.begin())], {}};
  PEGBOX_TRY(applied.facts, run_fact_fields().read_known(node));
  std::vector<std::string_view> keys{"law"};
  for (const FieldRow& row : run_fact_fields().rows()) keys.push_back(row.name);
  PEGBOX_CHECK(node.only(keys));
  for (const std::string_view need : applied.law->needs)
    if (!(fact(applied.facts, need) > 0))
      return node.fail(name + " needs to know " + std::string(need), std::string(need) + ": a number");
  return applied;
}

}  // namespace pegbox
