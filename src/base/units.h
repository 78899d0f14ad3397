// Units: sizes, durations and counts as people write and read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace pegbox {

Result<double> parse_bytes(std::string_view text);     ///< "20GiB", "512 MB", "1e9"; binary and decimal prefixes
Result<double> parse_duration(std::string_view text);  ///< seconds of "20m", "1h30m", "90s", "250ms", "2d", "90"

std::string format_bytes(double bytes);       ///< "1.5 GiB"
std::string format_duration(double seconds);  ///< "850 ms", "42 s", "3 m 20 s", "2 h 5 m"
std::string format_count(double count);       ///< "950", "12.3 k", "4.1 M", "2 G"
std::string format_number(double value);      ///< the shortest decimal that reads back as the same double

}  // namespace pegbox
