// PayloadWriter: one line of JSON, member by member, without a tree of values in between.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "search/config.h"
#include "search/trial.h"

namespace pegbox {

/// Writes one object. Members stand in the order of the calls; numbers and texts as `to_line` and `json_number` would
/// write them, but for the notation of some reals (1e+05 for 100000.0).
class PayloadWriter {
 public:
  PayloadWriter& member(std::string_view key, std::int64_t value);
  PayloadWriter& member(std::string_view key, std::uint64_t value);
  PayloadWriter& member(std::string_view key, double value);
  PayloadWriter& member(std::string_view key, std::string_view value);
  PayloadWriter& member(std::string_view key, const std::string& value) { return member(key, std::string_view(value)); }
  PayloadWriter& json(std::string_view key, const Json& value);
  PayloadWriter& value(std::string_view key, const Value& value);
  PayloadWriter& member(std::string_view key, const Metrics& value);
  PayloadWriter& member(std::string_view key, const Config& value);
  PayloadWriter& member(std::string_view key, const CheckpointRef& value);

  /// The line; the writer is done.
  std::string finish() &&;

 private:
  void begin(std::string_view key);
  void write_text(std::string_view text);
  void write_real(double value);

  std::string line_ = "{";
};

}  // namespace pegbox
