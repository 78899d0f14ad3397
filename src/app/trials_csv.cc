// TrialsCsv: a study's trials as a table for spreadsheets and data frames.
#include "app/trials_csv.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/json.h"

namespace pegbox {

namespace {

std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char byte : text) {
    if (byte == '"') quoted += '"';
    quoted += byte;
  }
  return quoted + '"';
}

/// Digits enough to read the same number again.
std::string text_of(const Json& json) { return json.is_string() ? json.get<std::string>() : to_line(json); }

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (const std::string& each : fields) line += (&each == &fields.front() ? "" : ",") + field(each);
  return line + "\n";
}

struct Columns {
  std::vector<std::string> config;  ///< in the order of the space, then as trials bring them
  std::set<std::string> metrics;
};

Columns columns_of(const History& history) {
  Columns columns;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(columns.config, name) == columns.config.end()) columns.config.push_back(name);
  };
  for (const Parameter& parameter : history.spec.space.parameters())
    for (const std::string& name : parameter.config_names()) add(name);
  for (const Trial& trial : history.trials) {
    for (const auto& [name, value] : trial.config) add(name);
    for (const auto& [name, value] : trial.metrics) columns.metrics.insert(name);
  }
  return columns;
}

std::vector<std::string> names_of(const Columns& columns) {
  std::vector<std::string> names{"number", "state"};
  for (const std::string& name : columns.config) names.push_back("config." + name);
  for (const std::string& name : columns.metrics) names.push_back("metric." + name);
  for (const char* name : {"step", "seed", "created_s", "started_s", "ended_s", "failure", "detail"})
    names.emplace_back(name);
  return names;
}

std::vector<std::string> values_of(const Columns& columns, const Trial& trial) {
  std::vector<std::string> values{std::to_string(trial.number), std::string(name_of(trial.state))};
  for (const std::string& name : columns.config) {
    const Value* value = trial.config.find(name);
    values.push_back(value == nullptr ? "" : text_of(to_json(*value)));
  }
  for (const std::string& name : columns.metrics) {
    const auto value = trial.metric(name);
    values.push_back(value ? text_of(json_number(*value)) : "");
  }
  values.push_back(std::to_string(trial.step));
  values.push_back(std::to_string(trial.seed));
  for (const double time_s : {trial.created_s, trial.started_s, trial.ended_s})
    values.push_back(text_of(json_number(time_s)));
  values.push_back(trial.failure ? std::string(name_of(*trial.failure)) : "");
  values.push_back(trial.detail);
  return values;
}

}  // namespace

std::string trials_csv(const History& history) {
  const Columns columns = columns_of(history);
  std::string table = line_of(names_of(columns));
  for (const Trial& trial : history.trials) table += line_of(values_of(columns, trial));
  return table;
}

}  // namespace pegbox
