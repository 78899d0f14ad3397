// Augmented rows: training rows in other forms, as a run's config asks for.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "text/augmenter.h"
#include "text/dataset.h"
#include "train/train_config.h"

namespace pegbox::train {

/// By `augment_strength`, `augment_methods`, `augment_copies` and the seed; nothing at strength 0. InvalidInput for
/// methods that are none, and for `mix` without classes.
Result<std::optional<text::Augmentation>> augmentation_of(const TrainConfig& config);

/// The copies of all rows that differ from them; none is of plain text, all of which is learned.
std::vector<text::Row> copies_of(std::span<const text::Row> rows, const text::Augmenter& augmenter);

}  // namespace pegbox::train
