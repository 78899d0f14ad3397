// MessageFields: how counts and metrics are read, in the trial protocol and in the server's API alike.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/document.h"
#include "base/protocol.h"

namespace pegbox {

/// A member that is an integer of at least 0. InvalidInput, naming it, if it is missing or another thing.
Result<std::int64_t> count_at(const Node& body, std::string_view key);

/// Metric names with numbers, "nan", "inf" or "-inf". InvalidInput, naming what is none.
Result<Metrics> read_metrics(const Node& metrics);

}  // namespace pegbox
