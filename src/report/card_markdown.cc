// Card: as a model card in Markdown, written from the JSON.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "report/card.h"
#include "report/html.h"

namespace pegbox {
namespace {

constexpr std::size_t kMostListed = 200, kMostFindings = 50;

/// Plain text that Markdown and HTML leave as it is.
std::string plain(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (std::string_view("\\`*_[]|#~$").find(c) != std::string_view::npos) safe += '\\';
    safe += c;
  }
  return escape(safe);
}

std::string text_of(const Json& value) {
  double number = 0;
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float() && read_json_number(value, number)) return show_number(number);
  return to_line(value);
}

/// "a=1, b=2"
std::string members_of(const Json& object) {
  std::string text;
  for (const auto& [name, value] : object.items())
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, text_of(value));
  return text;
}

std::string table_row(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) row += " " + plain(cell) + " |";
  return row + "\n";
}

std::string table_head(const std::vector<std::string>& heads) {
  std::string rule = "|";
  for (std::size_t i = 0; i < heads.size(); ++i) rule += " --- |";
  return table_row(heads) + rule + "\n";
}

std::string bullet(const std::string& text) { return "- " + plain(text) + "\n"; }

bool has_trainer(const Json& card) {
  const Json& file = card["repeat"]["study_file"];
  return file.contains("trial") && file["trial"].is_object() && file["trial"].contains("trainer");
}

std::string data_name(const Json& card) {
  const Json& trainer = card["repeat"]["study_file"]["trial"]["trainer"];
  if (!trainer.is_object() || !trainer.contains("data")) return "data of the study";
  const Json& data = trainer["data"];
  return text_of(data.is_object() && data.contains("train") ? data["train"] : data);
}

/// What the hub reads. Results are listed where the study trained language models and has a single best one.
std::string metadata(const Json& card) {
  std::string text = "---\ntags:\n- pegbox\n- hyperparameter-tuning\n";
  if (has_trainer(card) && card["best"].is_object() && card["best"].contains("trial")) {
    text += "pipeline_tag: text-generation\n";
    text += fmt::format("model-index:\n- name: {}\n  results:\n  - task:\n      type: text-generation\n",
                        to_line(card["study"]));
    text += fmt::format("    dataset:\n      name: {0}\n      type: {0}\n    metrics:\n", to_line(data_name(card)));
    for (const auto& [name, value] : card["best"]["metrics"].items())
      if (value.is_number())
        text += fmt::format("    - type: {0}\n      name: {0}\n      value: {1}\n", to_line(name), to_line(value));
  }
  return text + "---\n";
}

std::string best_text(const Json& card) {
  const Json& best = card["best"];
  if (best.is_null()) return "None: " + plain(text_of(card["why_no_best"])) + ".\n";
  if (best.contains("front")) {
    std::string text =
        "No trial beats these in every objective.\n\n" + table_head({"trial", "metrics", "configuration"});
    for (const Json& each : best["front"])
      text += table_row({text_of(each["trial"]), members_of(each["metrics"]), members_of(each["config"])});
    return text;
  }
  std::string text = fmt::format("Trial {}.\n\n", best["trial"].get<std::int64_t>());
  text += table_head({"hyperparameter", "value"});
  for (const auto& [name, value] : best["config"].items()) text += table_row({name, text_of(value)});
  text += "\n" + table_head({"metric", "value", "expected, 95 %"});
  const Json interval = best.value("interval", Json::object());
  for (const auto& [name, value] : best["metrics"].items()) {
    const bool has_interval = interval.value("metric", "") == name && !interval["low"].is_null();
    const std::string range =
        has_interval ? fmt::format("{} to {}", text_of(interval["low"]), text_of(interval["high"])) : "";
    text += table_row({name, text_of(value), range});
  }
  if (best.contains("no_expectation")) text += "\nNo interval: " + plain(text_of(best["no_expectation"])) + ".\n";
  return text;
}

std::string search_text(const Json& card) {
  std::string text = "- strategy: " + plain(text_of(card["search"]["strategy"])) + "\n";
  text += "- stopping: " + plain(text_of(card["search"]["stopping"])) + "\n";
  text += "- seed: " + text_of(card["search"]["seed"]) + "\n";
  for (const Json& each : card["objectives"])
    text += bullet(text_of(each["direction"]) + " " + text_of(each["metric"]));
  for (const Json& each : card["gates"]) text += bullet("gate: " + text_of(each));
  if (const Json& refused = card["refused"]; !refused.empty())
    text += bullet(fmt::format("refused: {} trials, such as trial {}: {}", refused.size(),
                               text_of(refused.front()["trial"]), text_of(refused.front()["reasons"].front())));
  for (const Json& each : card["search"]["tried_first"]) text += bullet("tried first: " + members_of(each));
  for (const Json& each : card["transfer"])
    text += bullet(fmt::format("started from {} trials of {}", text_of(each["trials"]), text_of(each["study"])));
  return text;
}

std::string space_text(const Json& card) {
  std::string text = table_head({"hyperparameter", "values", "prior", "its source"});
  for (const Json& each : card["space"]) {
    const Json& prior = each["prior"];
    text +=
        table_row({text_of(each["name"]), text_of(each["values"]),
                   prior.is_null() ? "" : fmt::format("{}, spread {}", text_of(prior["at"]), text_of(prior["spread"])),
                   prior.is_null() ? "" : text_of(prior["source"])});
  }
  return text;
}

std::string importance_text(const Json& card) {
  std::string text;
  for (const Json& each : card["importance"]) {
    text += fmt::format("\n{} ({}, {} trials):\n\n", plain(text_of(each["metric"])), text_of(each["method"]),
                        text_of(each["trials"]));
    for (const Json& sentence : each["words"]) text += bullet(text_of(sentence));
  }
  return text;
}

std::string compute_text(const Json& card) {
  const Json& compute = card["compute"];
  std::string text = bullet("time: " + format_duration(compute["time_s"].get<double>()));
  if (compute["tokens"] != 0) text += bullet("training tokens: " + format_count(compute["tokens"].get<double>()));
  const Json& energy = compute["energy"];
  if (!energy.is_null())
    text +=
        bullet(fmt::format("energy: {:.2g} Wh ({})", energy["joules"].get<double>() / 3600, text_of(energy["how"])));
  if (!card["hardware"].is_null()) text += bullet("machine that wrote this card: " + members_of(card["hardware"]));
  return text + bullet(fmt::format("pegbox {} (study), {} (card)", text_of(card["versions"]["study"]),
                                   text_of(card["versions"]["card"])));
}

std::string data_text(const Json& card) {
  const Json& data = card["data"];
  if (data.is_null()) return "The study checked no data (`checks:` in a study file).\n";
  std::string text = table_head({"part", "file", "SHA-256"});
  for (const Json& part : data.value("parts", Json::array()))
    for (const Json& file : part.value("files", Json::array()))
      text += table_row({text_of(part["name"]), file.value("name", ""), file.value("sha256", "")});
  text += "\n";
  const Json findings = data.value("findings", Json::array());
  if (findings.empty()) text += "Nothing was found.\n";
  for (std::size_t i = 0; i < findings.size() && i < kMostFindings; ++i) {
    Json finding = findings[i];
    for (const char* long_winded : {"examples", "hint"}) finding.erase(long_winded);
    text += bullet(members_of(finding));
  }
  return text;
}

std::string failures_text(const Json& card) {
  std::string text = table_head({"kind", "how many"});
  for (const Json& each : card["failures"]) text += table_row({text_of(each["kind"]), text_of(each["count"])});
  return text;
}

/// The best first, by the first objective.
std::string trials_text(const Json& card) {
  const std::string metric = text_of(card["objectives"][0]["metric"]);
  const double sign = card["objectives"][0]["direction"] == "minimize" ? 1 : -1;
  const auto loss_of = [&](const Json* trial) {
    double value = NAN;
    if ((*trial)["metrics"].contains(metric)) read_json_number((*trial)["metrics"][metric], value);
    return std::isfinite(value) ? sign * value : INFINITY;
  };
  std::vector<const Json*> trials;
  for (const Json& trial : card["trials"]) trials.push_back(&trial);
  std::ranges::stable_sort(trials, {}, loss_of);
  std::string text = table_head({"trial", "state", "metrics", "configuration", "step", "seed", "chosen by"});
  for (std::size_t i = 0; i < trials.size() && i < kMostListed; ++i) {
    const Json& trial = *trials[i];
    const Json& reason = trial["reason"];
    const std::string failure = trial.contains("failure") ? " (" + text_of(trial["failure"]) + ")" : "";
    text += table_row({text_of(trial["number"]), text_of(trial["state"]) + failure, members_of(trial["metrics"]),
                       members_of(trial["config"]), text_of(trial["step"]), text_of(trial["seed"]),
                       reason.is_object() && reason.contains("by") ? text_of(reason["by"]) : ""});
  }
  if (trials.size() > kMostListed)
    text += fmt::format("\nThe {} others are in the card's JSON.\n", trials.size() - kMostListed);
  return text;
}

/// A block of code that its content cannot end.
std::string repeat_text(const Json& card) {
  const std::string name = text_of(card["study"]);
  const std::string file = card["repeat"]["study_file"].dump(2, ' ', false, Json::error_handler_t::replace);
  std::string fence = "```";
  while (file.find(fence) != std::string::npos) fence += "`";
  return fmt::format("`{}`, where {}.json is:\n\n{}json\n{}\n{}\n", text_of(card["repeat"]["command"]), name, fence,
                     file, fence);
}

}  // namespace

std::string card_markdown(const Json& card) {
  std::string text = metadata(card);
  const auto add = [&](const char* title, const std::string& body) {
    if (!body.empty()) text += fmt::format("\n## {}\n\n{}", title, body);
  };
  text += fmt::format("\n# {}\n\nA study of hyperparameters by pegbox: {}, {}.\n", plain(text_of(card["study"])),
                      text_of(card["standing"]), members_of(card["counts"]));
  add("The best", best_text(card));
  add("How it was searched", search_text(card));
  add("Space", space_text(card));
  add("What mattered", importance_text(card));
  add("Compute", compute_text(card));
  add("Data", data_text(card));
  if (!card["failures"].empty()) add("Failures", failures_text(card));
  add("Again", repeat_text(card));
  if (!card["trials"].empty()) add("All trials", trials_text(card));
  return text;
}

}  // namespace pegbox
