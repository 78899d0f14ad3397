// Inspection: what a model does inside, on real text: its heads, its layers, and where its loss is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/token_kind.h"
#include "text/tokenized.h"
#include "train/inspect/adapter_norms.h"
#include "train/inspect/attention_view.h"
#include "train/inspect/head_importance.h"
#include "train/lanes.h"
#include "train/mean_loss.h"
#include "train/model/model_files.h"
#include "train/model/network.h"

namespace pegbox::train {

struct InspectedHead {
  HeadPattern pattern;
  double induction_share = 0;        ///< as InductionTest has it
  double gradient = 0;               ///< as GradientView, normalized within its layer
  std::optional<Removal> removal{};  ///< nothing: not measured
};

/// Root mean squares, over tokens and width.
struct InspectedLayer {
  std::vector<InspectedHead> heads;
  double rollout_first_share = 0, rollout_distance = 0;  ///< after the layer
  double stream = 0, stream_largest = 0;                 ///< that it meets
  double attended = 0, fed = 0;                          ///< what its halves add
  double stream_gradient = 0;                            ///< as GradientView::streams
  std::int64_t units = 0, dead_units = 0;                ///< see `dead_below`
  double dead_below = 0;                                 ///< the largest number of a dead unit on all tokens
};

/// A part of the label tokens.
struct LossPart {
  std::string name;
  MeanLoss mean;
};

/// What the last token of the first text is made of, by rollout.
struct RolloutSample {
  std::vector<text::TokenId> tokens;
  std::vector<double> relevance;
};

struct Inspection {
  std::int64_t documents = 0, tokens = 0;  ///< looked at
  MeanLoss loss;
  std::int64_t removal_tokens = 0;
  bool exact_zeros = false;  ///< the activation has an exact 0, so that dead units have it on all tokens
  std::vector<InspectedLayer> layers;
  std::vector<LossPart> by_kind;      ///< of the token; empty of classifiers
  std::vector<LossPart> by_position;  ///< tokens that the model sees before the label: "1", "2-3", "4-7", ...
  std::vector<AdapterNorm> adapter;
  RolloutSample rollout;
  std::vector<std::vector<std::int64_t>> induction_texts;
};

struct InspectOptions {
  std::int64_t tokens = 32768;         ///< of the data, taken evenly; all if there are fewer
  std::int64_t removal_tokens = 2048;  ///< of those, for the loss without each head; 0: it is not measured
  std::int64_t batch_tokens = 2048;
  std::uint64_t seed = 0;  ///< of the texts of the induction test
};

/// A unit of a smooth activation is dead if it stays below this part of the root mean square of its layer's units.
inline constexpr double kDeadFraction = 0.01;

/// Of a base with this network. `kinds` knows the tokenizer's tokens, `vocabulary` of them; nothing of a classifier.
/// Unsupported for networks with virtual tokens; throws what libtorch throws.
Result<Inspection> inspect(const BaseModel& base, const Network& network, const text::TokenizedRows& data,
                           text::TokenKinds* kinds, std::int64_t vocabulary, Lanes& lanes,
                           const InspectOptions& options);

/// docs/understanding.md says what is in it.
Json to_json(const Inspection& inspection);

}  // namespace pegbox::train
