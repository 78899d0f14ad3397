// Alarm: see alarm.h.
#include "watch/alarm.h"

#include <fmt/format.h>

namespace pegbox::watch {

namespace {

std::string describe(const ColumnDrift& drift) {
  if (!drift.words.empty()) {
    std::string text;
    for (const WordChange& word : drift.words)
      text += fmt::format("{}{}: {:.3g} % to {:.3g} %", text.empty() ? "" : ", ", word.word, 100 * word.before,
                          100 * word.now);
    return fmt::format("{} ({})", drift.column, text);
  }
  if (drift.test == "presence")
    return fmt::format("{} (present in {:+.3g} % of the records, p {:.2g})", drift.column, 100 * drift.statistic,
                       *drift.adjusted);
  if (drift.threshold)
    return fmt::format("{} ({} {:.3g}, limit {:.3g})", drift.column, drift.test, drift.statistic, *drift.threshold);
  return fmt::format("{} ({}, p {:.2g})", drift.column, drift.test, *drift.adjusted);
}

}  // namespace

std::string describe_drift(const std::vector<ColumnDrift>& drifts) {
  std::string text;
  for (const ColumnDrift& drift : drifts)
    if (drift.has_drifted) text.append(text.empty() ? "" : "; ").append(describe(drift));
  return text;
}

Json to_json(const Alarm& alarm) {
  return {{"alarm", alarm.kind}, {"text", alarm.text}, {"record", alarm.record}, {"detail", alarm.detail}};
}

Json to_json(const WindowReport& report) {
  Json columns = Json::array(), rates = Json::object();
  for (const ColumnDrift& drift : report.drifts) columns.push_back(to_json(drift));
  for (std::size_t i = 0; i < kRates; ++i)
    if (report.rates[i].known > 0)
      rates[std::string(kRateNames[i])] = {{"yes", report.rates[i].yes}, {"of", report.rates[i].known}};
  Json json = {{"window", report.number}, {"records", {report.first_record, report.last_record}}};
  if (!report.first_time.empty()) json["times"] = {report.first_time, report.last_time};
  json["columns"] = std::move(columns);
  json["rates"] = std::move(rates);
  return json;
}

}  // namespace pegbox::watch
