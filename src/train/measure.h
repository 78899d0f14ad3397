// measure: what a model makes of each text of a data set: how likely it finds it, where it would have said the same,
// and of a classifier the probabilities of its classes.
#pragma once

#include <cstdint>
#include <vector>

#include "text/tokenized.h"
#include "train/classes.h"
#include "train/lanes.h"
#include "train/model/decoder.h"
#include "train/model/network.h"

namespace pegbox::train {

/// Of one label token, in nats.
struct TokenMeasure {
  double loss = 0;
  bool is_right = false;  ///< it is the likeliest token
};

/// Of label rows `hidden` [L, C] with `labels` [L], a chunk of logits at a time.
std::vector<TokenMeasure> measure_tokens(const Decoder& decoder, const Network& network, const Tensor& hidden,
                                         const Tensor& labels);

/// Of one text: sums over its label tokens, in nats.
struct TextMeasure {
  double loss = 0;
  std::int64_t label_tokens = 0;
  std::int64_t right_tokens = 0;        ///< labels that are the likeliest token
  double end_loss = 0;                  ///< the part of `loss` that is of end tokens
  std::int64_t end_tokens = 0;          ///< labels that are these
  std::vector<text::TokenId> scored{};  ///< the labels themselves but for the end tokens, in order
  std::vector<double> probabilities{};  ///< of a classifier's classes
  ClassCounts classes{};                ///< of a classifier
};

/// By the index of the row of text that tokenized rows are pieces of (data.sources), at least up to the last. A text of
/// which no label remains has no label tokens. Sums do not depend on the number of lanes. Throws what libtorch throws.
std::vector<TextMeasure> measure(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                                 Lanes& lanes, std::int64_t batch_tokens, text::TokenId end_token);

}  // namespace pegbox::train
