// evaluation_json: see evaluation_json.h.
#include "app/evaluation/evaluation_json.h"

#include <fmt/format.h>

namespace pegbox {

namespace {

/// lm-evaluation-harness names a value by its metric and the filter of outputs that it is of, of which we have none.
std::string key_of(const Metric& metric, std::string_view suffix = "") {
  return fmt::format("{}{},none", metric.name, suffix);
}

Json results_json(const TaskReport& report) {
  Json json = {{"alias", report.task.name}};
  for (const Score& score : report.scores) {
    json[key_of(*score.metric)] = json_number(score.value);
    json[key_of(*score.metric, "_stderr")] =
        score.standard_error ? json_number(*score.standard_error) : Json("N/A");  // as there
  }
  return json;
}

Json interval_json(const math::Interval& interval) {
  return {{"low", json_number(interval.low)}, {"high", json_number(interval.high)}};
}

Json difference_json(const MetricDifference& difference) {
  Json json = {{"difference", json_number(difference.paired.difference)}};
  json.update(interval_json(difference.paired.interval));
  json["p_value"] = difference.paired.p_value;
  json["test"] = difference.test;
  return json;
}

Json scores_json(const std::vector<Score>& scores) {
  Json json = Json::object();
  for (const Score& score : scores) {
    Json& entry = json[std::string(score.metric->name)] = {{"value", json_number(score.value)}};
    if (score.interval) entry.update(interval_json(*score.interval));
    if (score.difference) entry["compared"] = difference_json(*score.difference);
  }
  return json;
}

Json slices_json(const TaskReport& report) {
  Json json = Json::object();
  for (const SliceScores& slice : report.slices) {
    Json entry = {{"rows", slice.slice.rows.size()}};
    entry.update(scores_json(slice.scores));
    json[slice.slice.field][slice.slice.value] = std::move(entry);
  }
  return json;
}

Json comparison_json(const TaskReport& report) {
  Json json = {{"with", report.compared_with}};
  for (const Score& score : report.scores)
    if (score.difference) json[std::string(score.metric->name)] = difference_json(*score.difference);
  return json;
}

/// Rows by class and answer.
Json confusion_json(const RowResults& results) {
  std::vector<std::vector<std::int64_t>> counts(results.classes.size(),
                                                std::vector<std::int64_t>(results.classes.size()));
  for (const RowResult& row : results.rows)
    if (row.classes) ++counts[row.classes->label][row.classes->answer];
  return {{"classes", results.classes}, {"rows_by_label_and_answer", counts}};
}

Json config_json(const EvaluationTask& task) {
  return {{"task", task.name},
          {"dataset_path", task.data},
          {"metric_list", task.metrics},
          {"target_delimiter", task.delimiter},
          {"num_fewshot", 0},
          {"metadata", task.set}};
}

void add_task(const TaskReport& report, Json& json) {
  const std::string& name = report.task.name;
  json["results"][name] = results_json(report);
  json["group_subtasks"][name] = Json::array();
  json["configs"][name] = config_json(report.task);
  json["versions"][name] = "Yaml";
  json["n-shot"][name] = 0;
  for (const Score& score : report.scores)
    json["higher_is_better"][name][std::string(score.metric->name)] = score.metric->higher_is_better;
  const std::size_t rows = report.measured.results.rows.size();
  json["n-samples"][name] = {{"original", rows}, {"effective", rows}};
}

/// What lm-evaluation-harness has no place for.
void add_more(const TaskReport& report, Json& json) {
  const std::string& name = report.task.name;
  for (const Score& score : report.scores) {
    const std::string metric(score.metric->name);
    if (score.interval) json["intervals"][name][metric] = interval_json(*score.interval);
    if (!score.metric->signature.empty()) json["signatures"][metric] = score.metric->signature;
  }
  if (!report.slices.empty()) json["slices"][name] = slices_json(report);
  if (!report.compared_with.empty()) json["comparisons"][name] = comparison_json(report);
  if (report.measured.summary.contains("speed")) json["speed"][name] = report.measured.summary["speed"];
  if (!report.measured.results.classes.empty()) json["confusion"][name] = confusion_json(report.measured.results);
}

}  // namespace

Json evaluation_json(const EvaluationPlan& plan, std::span<const TaskReport> reports) {
  Json json = Json::object();
  if (reports.size() == 1) {
    json = reports.front().measured.summary;
    json.erase("speed");
  }
  for (const TaskReport& report : reports) add_task(report, json);
  std::string arguments = "pretrained=" + plan.model;
  if (!plan.adapter.empty()) arguments += ",peft=" + plan.adapter;
  json["config"] = {{"model", "pegbox"}, {"model_args", arguments}, {"random_seed", plan.seed}};
  for (const TaskReport& report : reports) add_more(report, json);
  return json;
}

}  // namespace pegbox
