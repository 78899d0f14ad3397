// Folds: how rows are dealt out for cross-validation, those of each kind evenly.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/rng.h"

namespace pegbox::text {

inline constexpr std::size_t kFolds = 5;

/// A fold below kFolds for each row: the rows of each kind (a class, from 0) are dealt out in turn, in an order that is
/// drawn. A kind of at least kFolds rows is in every fold.
std::vector<std::size_t> even_folds(std::span<const std::size_t> kinds, const RngKey& key);

}  // namespace pegbox::text
