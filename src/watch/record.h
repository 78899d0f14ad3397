// Record: one line of a production log, with personal data replaced, as the values that are compared and counted.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "text/anonymize.h"
#include "text/output_checks.h"
#include "watch/column.h"
#include "watch/watch_config.h"

namespace pegbox::watch {

/// A number; a name; the different words of a text; or nothing, where the record has no such value.
using ColumnValue = std::variant<std::monostate, double, std::string, std::vector<std::string>>;

struct Record {
  std::string prompt, output, correction, time;  ///< empty where it has none
  std::optional<double> rating;
  std::vector<ColumnValue> values;  ///< by column
  RateFlags flags;
};

class RecordReader {
 public:
  /// Errors as OutputChecks; for a method of replacement without its secret.
  static Result<RecordReader> create(const WatchConfig& config);

  /// InvalidInput for a line that is not UTF-8, no JSON object, or has neither prompt nor output; the message holds no
  /// personal data either. A field of another type than its column counts as missing.
  Result<Record> read(std::string_view line, const std::string& place) const;

  /// `text` with personal data replaced.
  std::string without_personal_data(const std::string& text) const;

  const text::OutputChecks& checks() const { return checks_; }

 private:
  RecordReader(WatchConfig config, text::Anonymizer anonymizer, text::OutputChecks checks)
      : config_(std::move(config)),
        columns_(columns_of(config_)),
        anonymizer_(std::move(anonymizer)),
        checks_(std::move(checks)) {}
  Result<Json> parse(std::string_view line, const std::string& place) const;

  WatchConfig config_;
  std::vector<Column> columns_;
  text::Anonymizer anonymizer_;
  text::OutputChecks checks_;
};

}  // namespace pegbox::watch
