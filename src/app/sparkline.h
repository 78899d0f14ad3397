// Sparkline: a curve in one line of text.
#pragma once

#include <span>
#include <string>

namespace pegbox {

/// `values` in their order as at most `width` characters, low to high between the smallest and the largest finite one:
/// ▁▂▃▄▅▆▇█, or _.-=+*#@ without Unicode. More values than characters are averaged in groups; one that is not finite
/// shows as a space. Equal values are drawn low. Empty for no values.
std::string sparkline(std::span<const double> values, int width, bool has_unicode);

}  // namespace pegbox
