// Levels: the places on an axis of the unit cube that stand for its values, where they can be counted.
#pragma once

#include <cstdint>

#include "search/space.h"

namespace pegbox {

/// The place of the index-th value of an axis with levels: the middle of its cell.
double level_place(const Space& space, int axis, std::int64_t index);

/// The index of the value at a place of an axis with levels.
std::int64_t level_index(const Space& space, int axis, double at);

}  // namespace pegbox
