// Local upper bounds of a front, updated point by point, and the boxes that follow from their defining points.
#include "math/local_upper_bounds.h"

#include <algorithm>
#include <functional>

#include "base/number.h"

namespace pegbox::math {

LocalUpperBounds::LocalUpperBounds(std::vector<double> reference) : reference_(std::move(reference)) {
  const std::size_t m = reference_.size();
  Bound whole{reference_, std::vector<double>(m * m, -kInfinity)};
  for (std::size_t j = 0; j < m; ++j) whole.defining[j * m + j] = reference_[j];
  bounds_.push_back(std::move(whole));
}

void LocalUpperBounds::add(std::span<const double> point) {
  const std::size_t m = reference_.size();
  std::vector<Bound> parts;
  const auto cut = [&](const Bound& bound) {
    if (!std::ranges::equal(point, bound.at, std::less<>())) return false;
    for (std::size_t j = 0; j < m; ++j) {
      double largest = -kInfinity;  // of the other defining points, in this coordinate
      for (std::size_t k = 0; k < m; ++k)
        if (k != j) largest = std::max(largest, bound.defining[k * m + j]);
      if (point[j] < largest) continue;
      Bound part = bound;
      part.at[j] = point[j];
      std::ranges::copy(point, part.defining.begin() + static_cast<std::ptrdiff_t>(j * m));
      parts.push_back(std::move(part));
    }
    return true;
  };
  std::erase_if(bounds_, cut);
  bounds_.insert(bounds_.end(), std::make_move_iterator(parts.begin()), std::make_move_iterator(parts.end()));
}

std::vector<Box> LocalUpperBounds::dominated_boxes() const {
  const std::size_t m = reference_.size();
  std::vector<Box> boxes;
  for (const Bound& bound : bounds_) {
    Box box{bound.at, bound.at};
    box.high[0] = reference_[0];
    for (std::size_t j = 1; j < m; ++j) {
      box.low[j] = -kInfinity;
      for (std::size_t k = 0; k < j; ++k) box.low[j] = std::max(box.low[j], bound.defining[k * m + j]);
    }
    if (std::ranges::equal(box.low, box.high, std::less<>())) boxes.push_back(std::move(box));
  }
  return boxes;
}

std::vector<Box> LocalUpperBounds::free_boxes() const {
  const auto mirror = [](std::vector<double> numbers) {
    for (double& number : numbers) number = -number;
    return numbers;
  };
  LocalUpperBounds mirrored(std::vector<double>(reference_.size(), kInfinity));
  for (const Bound& bound : bounds_) mirrored.add(mirror(bound.at));
  std::vector<Box> boxes;
  for (const Box& box : mirrored.dominated_boxes()) boxes.push_back({mirror(box.high), mirror(box.low)});
  return boxes;
}

}  // namespace pegbox::math
