// balanced_lists: items distributed over lists, such as rows over lanes, so that each list has about the same load.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pegbox::train {

/// Distributes items with these loads over `count` lists so that the sums are nearly equal; no list is empty unless
/// items are few.
std::vector<std::vector<std::size_t>> balanced_lists(std::span<const std::int64_t> loads, std::size_t count);

}  // namespace pegbox::train
