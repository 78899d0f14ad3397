// Watch view: see watch_view.h.
#include "app/watch_view.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/text_table.h"

namespace pegbox {

namespace {

std::string percent(double fraction) { return fmt::format("{:.3g} %", 100 * fraction); }

std::string rates_table(const Json& rates, const Terminal& terminal) {
  TextTable table({{"rate"}, {"of records", Align::Right}, {"share", Align::Right}, {"limit", Align::Right}});
  for (const auto& [name, rate] : rates.items()) {
    const auto yes = rate["yes"].get<std::int64_t>(), of = rate["of"].get<std::int64_t>();
    table.add({name, fmt::format("{} of {}", yes, of), percent(static_cast<double>(yes) / static_cast<double>(of)),
               rate["limit"].is_null() ? "-" : percent(rate["limit"].get<double>())});
  }
  return table.empty() ? "" : table.render(terminal.width, terminal.has_unicode);
}

std::string group_table(const std::string& field, const Json& groups, const Terminal& terminal) {
  TextTable table({{field}, {"rate"}, {"of records", Align::Right}, {"share", Align::Right}, {"95 %"}, {"p"}});
  for (const auto& [value, group] : groups.items())
    for (const std::string_view name : watch::kRateNames) {
      const auto found = group.find(std::string(name));
      if (found == group.end()) continue;
      const Json& rate = *found;
      table.add({clean_text(value), std::string(name),
                 fmt::format("{} of {}", rate["yes"].get<std::int64_t>(), rate["of"].get<std::int64_t>()),
                 percent(rate["rate"].get<double>()),
                 fmt::format("{} to {}", percent(rate["low"].get<double>()), percent(rate["high"].get<double>())),
                 fmt::format("{:.2g}", rate["p_value"].get<double>())});
    }
  return table.empty() ? "" : "\n" + table.render(terminal.width, terminal.has_unicode);
}

}  // namespace

std::string window_line(const watch::WindowReport& report) {
  const std::string drift = watch::describe_drift(report.drifts);
  const std::string times =
      report.first_time.empty() ? "" : fmt::format(", {} to {}", report.first_time, report.last_time);
  return fmt::format("window {}, records {} to {}{}: {}\n", report.number, report.first_record, report.last_record,
                     clean_text(times), drift.empty() ? "no drift" : "drift");
}

std::string window_table(const watch::WindowReport& report, const Terminal& terminal) {
  TextTable table({{"column"},
                   {"test"},
                   {"statistic", Align::Right},
                   {"p, corrected", Align::Right},
                   {"limit", Align::Right},
                   {""}});
  for (const watch::ColumnDrift& drift : report.drifts)
    table.add({drift.column, drift.test, fmt::format("{:.3g}", drift.statistic),
               drift.adjusted ? fmt::format("{:.2g}", *drift.adjusted) : "",
               drift.threshold ? fmt::format("{:.3g}", *drift.threshold) : "", drift.has_drifted ? "drift" : ""});
  return table.render(terminal.width, terminal.has_unicode);
}

std::string watch_summary_text(const Json& summary, const Terminal& terminal) {
  const auto count = [&](const char* name) { return summary[name].get<std::int64_t>(); };
  std::string text = fmt::format("{} records", count("records"));
  if (count("broken") > 0) text += fmt::format(", {} broken lines left out", count("broken"));
  text += summary["reference"].is_null()
              ? fmt::format("; all are of the reference, which is not whole yet ({} so far)\n", count("waiting"))
              : fmt::format("; {} windows, {} records wait for the next one to be full\n", count("windows"),
                            count("waiting"));
  if (const auto found = summary.find("offensive_classifier"); found != summary.end()) {
    const Json& quality = *found;
    text += fmt::format("offensive: ROC AUC {:.3f} ({:.3f} to {:.3f}) on {} labelled texts, cross-validated\n",
                        quality["roc_area"].get<double>(), quality["low"].get<double>(), quality["high"].get<double>(),
                        quality["texts"].get<std::int64_t>());
  }
  text += rates_table(summary["rates"], terminal);
  for (const auto& [field, groups] : summary["groups"].items()) text += group_table(field, groups, terminal);
  return text;
}

std::string examples_text(const watch::ExampleReport& report) {
  std::string text = fmt::format("{} records", report.records);
  if (report.broken > 0) text += fmt::format(", {} broken lines left out", report.broken);
  text += "\n";
  for (const auto& [set, what] :
       {std::pair(&report.corrections, "corrections"), std::pair(&report.kept, "outputs rated good")})
    text += set->rows == 0 ? fmt::format("no {}\n", what)
                           : fmt::format("{}: {} {}, weight {:.4g} in all\n", set->file, set->rows, what, set->weight);
  return text + fmt::format("{} outputs rated bad and not corrected are no examples\n", report.bad);
}

}  // namespace pegbox
