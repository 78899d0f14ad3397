// evaluate: the loss of a network on tokenized rows, and how often a classifier is right.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "text/tokenized.h"
#include "train/classes.h"
#include "train/evaluation_rows.h"
#include "train/lanes.h"
#include "train/model/decoder.h"
#include "train/model/network.h"

namespace pegbox::train {

struct Evaluation {
  double loss = 0;   ///< mean negative log-likelihood over label tokens, in nats
  double error = 0;  ///< standard error of `loss` as an estimate of that of texts like these; 0 of a single row
  std::int64_t label_tokens = 0;
  std::map<std::string, double> set_losses{};  ///< of each set of a mixture that has a label; empty if it is none
  ClassCounts classes;                         ///< of a classifier, whose label tokens are the rows' classes
  double perplexity() const;                   ///< e^loss
};

/// Evaluates rows in batches of about `batch_tokens` at most, spread evenly over the lanes; only rounding depends on
/// the number of lanes. Throws what libtorch throws.
Evaluation evaluate(const Decoder& decoder, const Network& network, const EvaluationRows& rows, Lanes& lanes,
                    std::int64_t batch_tokens);

/// The same with a network for each set, asked for when its turn comes.
Evaluation evaluate_sets(const Decoder& decoder, const EvaluationRows& rows, Lanes& lanes, std::int64_t batch_tokens,
                         const std::function<const Network&(const RowSet&)>& network_for);

/// The sums of the negative log-likelihoods over the label tokens of each of `rows` [rows]; 0 without a label.
std::vector<double> row_losses(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                               std::span<const std::int64_t> rows, Lanes& lanes, std::int64_t batch_tokens);

/// The evaluation of each text apart: by the index of the row of text that tokenized rows are pieces of (data.sources).
/// `label_tokens` is 0, and the loss NaN, for a text without a row. Without the counts of classes.
std::vector<Evaluation> evaluate_each(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                                      Lanes& lanes, std::int64_t batch_tokens);

}  // namespace pegbox::train
