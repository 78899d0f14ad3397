// evaluate: the loss of a network on tokenized rows, and how often a classifier is right.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "text/tokenized.h"
#include "train/classes.h"
#include "train/lanes.h"
#include "train/model/decoder.h"
#include "train/model/network.h"

namespace pegbox::train {

struct Evaluation {
  double loss = 0;  ///< mean negative log-likelihood over label tokens, in nats
  std::int64_t label_tokens = 0;
  std::map<std::string, double> set_losses{};  ///< of each set of a mixture that has a label; empty if it is none
  ClassCounts classes;                         ///< of a classifier, whose label tokens are the rows' classes
  double perplexity() const;                   ///< e^loss
};

/// Evaluates the rows up to `most_tokens` tokens (0: all; of a mixture as many of each set), in batches of about
/// `batch_tokens`. The sum does not depend on the number of lanes. Throws what libtorch throws.
Evaluation evaluate(const Decoder& decoder, const Network& network, const text::TokenizedRows& data, Lanes& lanes,
                    std::int64_t batch_tokens, std::int64_t most_tokens = 0);

/// The same of each text apart: by the index of the row of text that tokenized rows are pieces of (data.sources).
/// `label_tokens` is 0, and the loss NaN, for a text without a row.
std::vector<Evaluation> evaluate_each(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                                      Lanes& lanes, std::int64_t batch_tokens);

}  // namespace pegbox::train
