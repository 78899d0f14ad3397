// Sample: see sample.h.
#include "watch/sample.h"

namespace pegbox::watch {

namespace {

Json column_json(const ColumnSample& column) {
  Json names = Json::array(), counts = Json::array();
  for (const auto& [name, count] : column.counts) {
    names.push_back(name);
    counts.push_back(count);
  }
  return {{"present", column.present},
          {"numbers", column.numbers},
          {"names", std::move(names)},
          {"counts", std::move(counts)}};
}

ColumnSample column_from_json(const Json& json) {
  ColumnSample column{.numbers = json.at("numbers").get<std::vector<double>>(),
                      .present = json.at("present").get<std::int64_t>()};
  const Json &names = json.at("names"), &counts = json.at("counts");
  for (std::size_t i = 0; i < names.size(); ++i)
    column.counts.emplace(names.at(i).get<std::string>(), counts.at(i).get<std::int64_t>());
  return column;
}

void add_value(const ColumnValue& value, ColumnSample& column) {
  column.present += !std::holds_alternative<std::monostate>(value);
  if (const auto* number = std::get_if<double>(&value)) column.numbers.push_back(*number);
  if (const auto* name = std::get_if<std::string>(&value)) ++column.counts[*name];
  if (const auto* words = std::get_if<std::vector<std::string>>(&value))
    for (const std::string& word : *words) ++column.counts[word];
}

}  // namespace

void Sample::add(const Record& record) {
  ++records;
  for (std::size_t i = 0; i < columns.size(); ++i) add_value(record.values[i], columns[i]);
  for (std::size_t i = 0; i < kRates; ++i)
    if (record.flags[i]) rates[i].add(*record.flags[i]);
  if (record.time.empty()) return;
  if (first_time.empty()) first_time = record.time;
  last_time = record.time;
}

Json to_json(const RateCounts& rates) {
  Json json = Json::array();
  for (const RateCount& rate : rates) json.push_back({rate.yes, rate.known});
  return json;
}

RateCounts rates_from_json(const Json& json) {
  RateCounts rates;
  for (std::size_t i = 0; i < kRates; ++i)
    rates[i] = {.yes = json.at(i).at(0).get<std::int64_t>(), .known = json.at(i).at(1).get<std::int64_t>()};
  return rates;
}

Json Sample::to_json() const {
  Json of_columns = Json::array();
  for (const ColumnSample& column : columns) of_columns.push_back(column_json(column));
  return {{"records", records},
          {"columns", std::move(of_columns)},
          {"rates", watch::to_json(rates)},
          {"times", {first_time, last_time}}};
}

Result<Sample> Sample::from_json(const Json& json, std::size_t columns, const std::string& where) {
  try {
    Sample sample(columns);
    sample.records = json.at("records").get<std::int64_t>();
    for (std::size_t i = 0; i < columns; ++i) sample.columns[i] = column_from_json(json.at("columns").at(i));
    sample.rates = rates_from_json(json.at("rates"));
    sample.first_time = json.at("times").at(0).get<std::string>();
    sample.last_time = json.at("times").at(1).get<std::string>();
    return sample;
  } catch (const Json::exception& error) {
    return fail(ErrorKind::Corrupt, {.where = where, .what = "no state of a watch", .got = error.what()});
  }
}

}  // namespace pegbox::watch
