// Groups: how rates and ratings differ between the values of a field, over all records.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "watch/rate.h"
#include "watch/record.h"

namespace pegbox::watch {

class Groups {
 public:
  /// Values of a field beyond so many are one group, kOther.
  static constexpr std::size_t kMostValues = 100;
  static constexpr std::string_view kOther = "(other)";

  /// One for each column of categories.
  explicit Groups(const std::vector<Column>& columns);

  void add(const Record& record);

  /// {field: {value: {"ratings", "mean_rating", rate: {"yes", "of", "rate", "low", "high", "p_value"}}}}: the interval
  /// is the exact one of 95 %; the p-value is Fisher's that the group has the rate of all others of the field together,
  /// with Holm's correction for the field's groups.
  Json report() const;

  Json to_json() const;
  void load(const Json& json);  ///< throws nlohmann's exceptions

 private:
  struct Group {
    RateCounts rates;
    std::int64_t ratings = 0;
    double rating_sum = 0;
  };
  struct Field {
    std::string name;
    std::size_t column = 0;
    std::map<std::string, Group> groups;
  };
  static Json report_of(const Field& field);
  static void add_rate(const Field& field, std::size_t rate, Json& report);

  std::vector<Field> fields_;
};

}  // namespace pegbox::watch
