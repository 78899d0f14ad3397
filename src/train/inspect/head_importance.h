// Head importance: how much a model's loss depends on each of its heads.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenized.h"
#include "train/lanes.h"
#include "train/model/decoder.h"
#include "train/model/network.h"

namespace pegbox::train {

/// From one backward pass over each document.
struct GradientView {
  /// [layers][H]: the mean over documents of |d loss / d gate|, the gate being a factor 1 of what the head says and the
  /// loss the mean over the document's labels (Michel et al. 2019, arXiv 1905.10650), not yet normalized.
  std::vector<std::vector<double>> heads;
  /// [layers]: root mean square of the gradients of these losses by the residual stream behind each layer.
  std::vector<double> streams;
  std::int64_t documents = 0;  ///< that have labels

  /// `heads` of a layer divided by their Euclidean norm, as Michel et al. compare them; 0 where all are.
  std::vector<double> normalized(std::size_t layer) const;
};

GradientView gradient_view(const Decoder& decoder, const Network& network, const text::TokenizedRows& data,
                           std::span<const std::int64_t> rows, Lanes& lanes, std::int64_t batch_tokens);

/// What the loss grows by without a head.
struct Removal {
  double loss = 0;   ///< nats for each label token
  double error = 0;  ///< its standard error, documents being the sample; infinite with a single one
};

/// [layers][H], on the same rows with and without.
std::vector<std::vector<Removal>> removals(const Decoder& decoder, const Network& network,
                                           const text::TokenizedRows& data, std::span<const std::int64_t> rows,
                                           Lanes& lanes, std::int64_t batch_tokens);

}  // namespace pegbox::train
