// Downsample: which points of a long curve are enough to draw it.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pegbox::math {

/// The indices, ascending, of at most `most` points (at least 4, else 4 are meant) that draw the curve `y` over the
/// ascending `x` as all of them do: of each of most / 4 columns of equal width the first, the last, the lowest and the
/// highest. A line over so many columns of pixels has the same pixels then, spikes included (M4: Jugel, Jerzak,
/// Hackenbroich, Markl, "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014). All indices where
/// there are no more than `most`. A `y` that is not finite is neither lowest nor highest; it stays where it is first or
/// last.
std::vector<std::size_t> curve_outline(std::span<const double> x, std::span<const double> y, std::size_t most);

}  // namespace pegbox::math
