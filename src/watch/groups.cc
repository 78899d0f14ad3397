// Groups: see groups.h.
#include "watch/groups.h"

#include "math/contingency.h"
#include "math/multiple_tests.h"
#include "math/proportion.h"
#include "watch/sample.h"

namespace pegbox::watch {

Groups::Groups(const std::vector<Column>& columns) {
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (columns[i].kind == ColumnKind::Category)
      fields_.push_back({.name = columns[i].name, .column = i, .groups = {}});
}

void Groups::add(const Record& record) {
  for (Field& field : fields_) {
    const auto* value = std::get_if<std::string>(&record.values[field.column]);
    if (value == nullptr) continue;
    const bool has_place = field.groups.contains(*value) || field.groups.size() < kMostValues;
    Group& group = field.groups[has_place ? *value : std::string(kOther)];
    for (std::size_t i = 0; i < kRates; ++i)
      if (record.flags[i]) group.rates[i].add(*record.flags[i]);
    if (!record.rating) continue;
    ++group.ratings;
    group.rating_sum += *record.rating;
  }
}

void Groups::add_rate(const Field& field, std::size_t rate, Json& report) {
  RateCount all;
  for (const auto& [value, group] : field.groups) all.add(group.rates[rate]);
  std::vector<double> p_values;
  for (const auto& [value, group] : field.groups) {
    const RateCount& own = group.rates[rate];
    if (own.known > 0)
      p_values.push_back(math::fisher_p_value(own.yes, own.known, all.yes - own.yes, all.known - own.known));
  }
  p_values = math::adjust_holm(p_values);
  std::size_t next = 0;
  for (const auto& [value, group] : field.groups) {
    const RateCount& own = group.rates[rate];
    if (own.known == 0) continue;
    const auto interval = math::proportion_interval(own.yes, own.known);
    report[value][std::string(kRateNames[rate])] = {{"yes", own.yes},         {"of", own.known},
                                                    {"rate", own.rate()},     {"low", interval->low},
                                                    {"high", interval->high}, {"p_value", p_values[next++]}};
  }
}

Json Groups::report_of(const Field& field) {
  Json report = Json::object();
  for (const auto& [value, group] : field.groups) {
    Json& entry = report[value];
    entry["ratings"] = group.ratings;
    if (group.ratings > 0) entry["mean_rating"] = group.rating_sum / static_cast<double>(group.ratings);
  }
  for (std::size_t rate = 0; rate < kRates; ++rate) add_rate(field, rate, report);
  return report;
}

Json Groups::report() const {
  Json report = Json::object();
  for (const Field& field : fields_) report[field.name] = report_of(field);
  return report;
}

Json Groups::to_json() const {
  Json json = Json::object();
  for (const Field& field : fields_) {
    Json& groups = json[field.name] = Json::object();
    for (const auto& [value, group] : field.groups)
      groups[value] = {watch::to_json(group.rates), group.ratings, group.rating_sum};
  }
  return json;
}

void Groups::load(const Json& json) {
  for (Field& field : fields_)
    for (const auto& [value, group] : json.at(field.name).items())
      field.groups[value] = {.rates = rates_from_json(group.at(0)),
                             .ratings = group.at(1).get<std::int64_t>(),
                             .rating_sum = group.at(2).get<double>()};
}

}  // namespace pegbox::watch
