// Sample: what is kept of a set of records: the values of each column, and counts.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "watch/rate.h"
#include "watch/record.h"

namespace pegbox::watch {

struct ColumnSample {
  std::vector<double> numbers;                           ///< of a column of numbers
  std::unordered_map<std::string, std::int64_t> counts;  ///< records by category; records that hold a word
  std::int64_t present = 0;                              ///< records that have a value
};

struct Sample {
  std::int64_t records = 0;
  std::vector<ColumnSample> columns;
  RateCounts rates;
  std::string first_time, last_time;  ///< of the records that say one

  explicit Sample(std::size_t columns = 0) : columns(columns) {}
  void add(const Record& record);

  Json to_json() const;
  /// Corrupt if it is none of so many columns.
  static Result<Sample> from_json(const Json& json, std::size_t columns, const std::string& where);
};

Json to_json(const RateCounts& rates);         ///< [[yes, known], ...] by rate
RateCounts rates_from_json(const Json& json);  ///< throws nlohmann's exceptions

}  // namespace pegbox::watch
