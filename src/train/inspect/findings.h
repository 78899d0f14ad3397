// Findings: what an inspection says in words, each with its evidence, and with the hyperparameters that it bears on. A
// suggestion is something to try, not a result.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "train/inspect/inspection.h"

namespace pegbox::train {

/// From when something is worth saying. Where no study of many models gives a number, it is one that a person would
/// call plain: half, a tenth, two orders of magnitude.
struct FindingThresholds {
  /// A head is notable if it gives more to one kind of token than to all others together.
  static constexpr double kNotableShare = 0.5;
  /// A head does not matter if the loss grows by less without it than it differs between seeds: about 0.002 nats at
  /// 124 million parameters. The upper end of the 95 % interval must lie below.
  static constexpr double kNoLoss = 0.002;
  static constexpr double kIdleHeads = 0.25;  ///< of all, from which fewer are worth a try
  /// Of the largest of its layer, below which a head's gradient says that it changes nothing.
  static constexpr double kDeadHead = 1e-3;
  static constexpr double kDeadUnits = 0.1;   ///< of a layer
  static constexpr double kGradients = 100;   ///< ratio of the layers' gradients
  static constexpr double kIdleLayer = 0.01;  ///< of the stream, less than which both halves of a layer add
  static constexpr double kOneKey = 0.1;      ///< mean relative entropy of a layer's heads: each sees one key
  static constexpr double kAllKeys = 0.97;    ///< the same of all layers: no head has learned where to look
  static constexpr double kLowRank = 0.5;     ///< of the rank that the updates use, at most
  static constexpr double kFullRank = 0.9;    ///< at least
  static constexpr double kFlatLoss = 0.01;   ///< by which more context would count; two standard errors less is flat
};

struct NotableHead {
  std::size_t layer = 0, head = 0;
  std::string_view kind;  ///< "first token", "previous token", "induction"
  double share = 0;
};

/// In the order of layers and heads.
std::vector<NotableHead> notable_heads(const Inspection& inspection);

struct InspectionFinding {
  std::string_view name;              ///< "dead-units"
  std::string what;                   ///< with numbers
  std::vector<std::string> bears_on;  ///< fields of the trainer
  std::string hint;                   ///< what to try
};

std::vector<InspectionFinding> findings_of(const Inspection& inspection);

/// Members "notable_heads" and "findings" of an inspection's JSON.
void add_findings(const Inspection& inspection, Json& json);

}  // namespace pegbox::train
