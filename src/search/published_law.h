// PublishedLaw: the best value of a hyperparameter as studies of many models found it, for a prior.
//
// A law needs facts about the run ("parameters", "tokens") and gives a value with a spread that says how far it can be
// trusted there: the scatter of the study's own optima around it, and what the uncertainty of its exponents grows to
// away from the models that were studied.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/document.h"
#include "base/field_table.h"

namespace pegbox {

/// What a law may ask about a run. 0: not said.
struct RunFacts {
  double parameters = 0;       ///< of the model, without its tables of embeddings
  double tokens = 0;           ///< of one full training
  double width = 0;            ///< of the model's hidden state
  double sequence_length = 0;  ///< tokens; where it is said, a batch counts sequences, else tokens
  std::string optimizer = "adamw";
};

const FieldTable<RunFacts>& run_fact_fields();

/// What a law says of one run.
struct LawValue {
  double at = 0;
  double factor = 1;  ///< one standard deviation, as a factor
};

struct LawRow {
  std::string_view name;  ///< "step_law_rate"
  std::string_view help;  ///< what it gives, in a line
  std::string_view source;
  std::vector<std::string_view> needs;  ///< names of facts
  LawValue (*value)(const RunFacts& facts) = nullptr;
};

std::span<const LawRow> law_table();

/// A law by name, and what it is applied to: {law: step_law_rate, parameters: 1e8, tokens: 2e9}. InvalidInput with the
/// nearest name for an unknown law, fact or optimizer, and for a fact that the law needs and nobody has said.
struct AppliedLaw {
  const LawRow* law = nullptr;
  RunFacts facts;

  static Result<AppliedLaw> read(const Node& node);
  LawValue value() const { return law->value(facts); }
};

}  // namespace pegbox
