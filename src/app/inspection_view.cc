// inspection_view: see inspection_view.h.
#include "app/inspection_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "app/text_table.h"

namespace pegbox {

namespace {

double number_of(const Json& json, const char* name) {
  double value = NAN;
  if (json.contains(name)) read_json_number(json[name], value);
  return value;
}

/// A standard error for a table: "-" of one text, which has none.
std::string as_error(double error) { return std::isfinite(error) ? fmt::format("{:.2g}", error) : "-"; }

/// The same behind its value: " ± 0.1", or nothing.
std::string plus_minus(double error, int digits) {
  return std::isfinite(error) ? fmt::format(" ± {:.{}g}", error, digits) : "";
}

std::string as_percent(double fraction) { return fmt::format("{:.1f} %", 100 * fraction); }

/// The mean of a number over a layer's heads.
double head_mean(const Json& layer, const char* name) {
  double sum = 0;
  for (const Json& head : layer["heads"]) sum += number_of(head, name);
  return sum / static_cast<double>(layer["heads"].size());
}

/// The mean relative norm of a layer's updates; NaN without any.
double adapter_mean(const Json& inspection, std::size_t layer) {
  double sum = 0, count = 0;
  for (const Json& norm : inspection["adapter"]) {
    if (norm["layer"] != layer) continue;
    sum += number_of(norm, "relative_norm");
    ++count;
  }
  return sum / count;
}

TextTable layer_table(const Json& inspection) {
  const bool has_adapter = !inspection["adapter"].empty();
  std::vector<TextTable::Column> columns;
  for (const char* title : {"layer", "entropy", "distance", "first token", "rollout", "stream", "attention adds",
                            "feed-forward adds", "gradient", "dead units"})
    columns.push_back({title, Align::Right});
  if (has_adapter) columns.push_back({"adapter", Align::Right});
  TextTable table(columns);
  for (std::size_t i = 0; i < inspection["layers"].size(); ++i) {
    const Json& layer = inspection["layers"][i];
    const double stream = number_of(layer, "stream");
    std::vector<std::string> cells = {fmt::format("{}", i),
                                      fmt::format("{:.2f}", head_mean(layer, "relative_entropy")),
                                      fmt::format("{:.1f}", head_mean(layer, "distance")),
                                      as_percent(head_mean(layer, "first_share")),
                                      fmt::format("{:.1f}", number_of(layer, "rollout_distance")),
                                      fmt::format("{:.3g}", stream),
                                      as_percent(number_of(layer, "attention_adds") / stream),
                                      as_percent(number_of(layer, "feed_forward_adds") / stream),
                                      fmt::format("{:.2g}", number_of(layer, "stream_gradient")),
                                      as_percent(number_of(layer, "dead_units") / number_of(layer, "units"))};
    if (has_adapter) cells.push_back(as_percent(adapter_mean(inspection, i)));
    table.add(std::move(cells));
  }
  return table;
}

/// "first token: 0.3 (81 %), 1.0 (64 %)", a line for each kind.
std::string notable_text(const Json& inspection) {
  std::map<std::string, std::string> lines;
  for (const Json& head : inspection["notable_heads"]) {
    std::string& line = lines[head["kind"].get<std::string>()];
    line += fmt::format("{}{}.{} ({:.0f} %)", line.empty() ? "" : ", ", head["layer"].get<int>(),
                        head["head"].get<int>(), 100 * number_of(head, "share"));
  }
  std::string text;
  for (const auto& [kind, heads] : lines) text += fmt::format("{:<15} {}\n", kind, heads);
  return text;
}

/// The heads without which the loss grows most.
std::string removal_text(const Json& inspection) {
  struct Head {
    std::string name;
    double loss, error;
  };
  std::vector<Head> heads;
  for (std::size_t i = 0; i < inspection["layers"].size(); ++i) {
    const Json& layer = inspection["layers"][i]["heads"];
    for (std::size_t head = 0; head < layer.size(); ++head)
      if (layer[head].contains("removal"))
        heads.push_back({fmt::format("{}.{}", i, head), number_of(layer[head], "removal"),
                         number_of(layer[head], "removal_error")});
  }
  if (heads.empty()) return "";
  std::ranges::stable_sort(heads, std::greater(), &Head::loss);
  constexpr std::size_t kShown = 4;
  std::string text = "missed most    ";
  for (std::size_t i = 0; i < std::min(kShown, heads.size()); ++i)
    text += fmt::format("{} {} (loss {:+.3g}{} without it)", i == 0 ? "" : ",", heads[i].name, heads[i].loss,
                        plus_minus(heads[i].error, 1));
  return text + "\n";
}

std::string loss_table(const Json& parts, const std::string& title, int width, bool has_unicode) {
  if (parts.empty()) return "";
  TextTable table({{title}, {"tokens", Align::Right}, {"loss", Align::Right}, {"±", Align::Right}});
  for (const Json& part : parts)
    table.add({part["of"].get<std::string>(), fmt::format("{}", part["label_tokens"].get<std::int64_t>()),
               fmt::format("{:.4f}", number_of(part, "loss")), as_error(number_of(part, "error"))});
  return "\n" + table.render(width, has_unicode);
}

std::string joined(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : ", ") + name.get<std::string>();
  return text;
}

/// Whether anything is told without its standard error.
bool lacks_errors(const Json& inspection) {
  const auto lacks = [](const Json& part) { return !std::isfinite(number_of(part, "error")); };
  const auto removal_lacks = [](const Json& head) {
    return head.contains("removal") && !std::isfinite(number_of(head, "removal_error"));
  };
  return lacks(inspection) || std::ranges::any_of(inspection["loss_by_kind"], lacks) ||
         std::ranges::any_of(inspection["loss_by_position"], lacks) ||
         std::ranges::any_of(inspection["layers"],
                             [&](const Json& layer) { return std::ranges::any_of(layer["heads"], removal_lacks); });
}

}  // namespace

std::string inspection_text(const Json& inspection, int width, bool has_unicode) {
  const auto documents = inspection["documents"].get<std::int64_t>();
  std::string text = fmt::format("{} tokens of {} document{}, loss {:.4f}{}\n\n",
                                 inspection["tokens"].get<std::int64_t>(), documents, documents == 1 ? "" : "s",
                                 number_of(inspection, "loss"), plus_minus(number_of(inspection, "error"), 2));
  text += layer_table(inspection).render(width, has_unicode);
  const std::string heads = notable_text(inspection) + removal_text(inspection);
  if (!heads.empty()) text += "\nheads (layer.head)\n" + heads;
  text += loss_table(inspection["loss_by_kind"], "kind of token", width, has_unicode);
  text += loss_table(inspection["loss_by_position"], "tokens before it", width, has_unicode);
  if (lacks_errors(inspection)) text += "\nWhere no error is told, there was one text: an error needs two.\n";
  for (const Json& finding : inspection["findings"])
    text += fmt::format("\n{}\n  bears on: {}\n  {}\n", finding["what"].get<std::string>(), joined(finding["bears_on"]),
                        finding["try"].get<std::string>());
  if (inspection["findings"].empty()) text += "\nNothing stands out.\n";
  return text;
}

}  // namespace pegbox
