// evaluation_view: see evaluation_view.h.
#include "app/evaluation/evaluation_view.h"

#include <fmt/format.h>

#include "app/event_line.h"
#include "app/text_table.h"

namespace pegbox {

namespace {

std::string show(const math::Interval& interval) {
  return fmt::format("{} to {}", show_metric(interval.low), show_metric(interval.high));
}

std::vector<std::string> cells_of(const std::string& rows_of, std::size_t rows, const Score& score, bool compares) {
  std::vector<std::string> cells = {rows_of, fmt::format("{}", rows), std::string(score.metric->name),
                                    show_metric(score.value), score.interval ? show(*score.interval) : ""};
  if (!compares) return cells;
  if (const auto& difference = score.difference) {
    cells.push_back(
        fmt::format("{}{}", difference->paired.difference > 0 ? "+" : "", show_metric(difference->paired.difference)));
    cells.push_back(show(difference->paired.interval));
    cells.push_back(fmt::format("{:.3g}", difference->paired.p_value));
  } else {
    cells.insert(cells.end(), 3, "");
  }
  return cells;
}

std::string show_speed(const Json& speed) {
  std::string text;
  for (const auto& [name, value] : speed.items()) {
    double number = 0;
    if (read_json_number(value, number)) text += fmt::format("{:<18} {}\n", name, show_metric(number));
  }
  return text;
}

}  // namespace

std::string evaluation_text(const TaskReport& report, int width, bool has_unicode) {
  const bool compares = !report.compared_with.empty();
  std::vector<TextTable::Column> columns = {
      {"of"}, {"rows", Align::Right}, {"metric"}, {"value", Align::Right}, {"95 % interval"}};
  if (compares) {
    columns.push_back({"difference", Align::Right});
    columns.push_back({"95 % interval"});
    columns.push_back({"p", Align::Right});
  }
  TextTable table(columns);
  for (const Score& score : report.scores)
    table.add(cells_of(report.task.name, report.measured.results.rows.size(), score, compares));
  for (const SliceScores& slice : report.slices)
    for (const Score& score : slice.scores)
      table.add(cells_of(slice.slice.field + "=" + slice.slice.value, slice.slice.rows.size(), score, compares));
  std::string text = table.render(width, has_unicode);
  if (compares) text += "difference: from " + report.compared_with + "\n";
  if (report.measured.summary.contains("speed")) text += show_speed(report.measured.summary["speed"]);
  return text;
}

}  // namespace pegbox
