// MeanLoss: see mean_loss.h.
#include "train/mean_loss.h"

#include <cmath>
#include <limits>

namespace pegbox::train {

MeanLoss mean_loss_of(std::span<const double> losses, std::span<const double> labels) {
  double sum = 0, count = 0, squares = 0, documents = 0;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    sum += losses[i];
    count += labels[i];
    documents += labels[i] > 0;
  }
  if (count == 0) return {.loss = std::numeric_limits<double>::quiet_NaN()};
  const double mean = sum / count;
  for (std::size_t i = 0; i < losses.size(); ++i) {
    const double residual = losses[i] - mean * labels[i];
    squares += residual * residual;
  }
  const double error = documents < 2 ? std::numeric_limits<double>::infinity()
                                     : std::sqrt(documents / (documents - 1) * squares) / count;
  return {.loss = mean, .error = error, .labels = static_cast<std::int64_t>(count)};
}

}  // namespace pegbox::train
