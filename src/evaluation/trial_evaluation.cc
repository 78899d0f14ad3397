// TrialEvaluation: see trial_evaluation.h.
#include "evaluation/trial_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "evaluation/metric.h"

namespace pegbox {

namespace {

/// What is reported by the side of metrics, of outputs.
constexpr std::array<std::string_view, 2> kSpeeds = {"output_tokens_per_second", "first_token_s"};

std::vector<Node> items_of(const Node& node) { return node.is_array() ? node.items() : std::vector<Node>{node}; }

Result<bool> read_time(const Node& node) {
  PEGBOX_TRY(const std::string time, node.string());
  if (time != "rungs" && time != "end") return node.fail("not a time to evaluate at", "end or rungs");
  return time == "rungs";
}

Result<TrialEvaluation> read_one(const Node& node, const Path& folder) {
  if (!node.is_object()) return node.fail("not an evaluation", "{metrics: [exact_match], data: FILE, ...}");
  TrialEvaluation evaluation;
  PEGBOX_TRY(evaluation.task, EvaluationTask::read(node, folder, {"at", "rows"}));
  if (evaluation.task.metrics.empty()) return node.fail("no metrics are named", "metrics: [exact_match, ...]");
  if (node.has("name")) evaluation.prefix = evaluation.task.name + ".";
  if (node.has("at")) {
    PEGBOX_TRY(const Node at, node.at("at"));
    PEGBOX_TRY(evaluation.at_rungs, read_time(at));
  }
  if (node.has("rows")) {
    PEGBOX_TRY(const Node rows, node.at("rows"));
    PEGBOX_TRY(evaluation.most_rows, rows.integer());
    if (evaluation.most_rows < 1) return rows.fail("no rows", "1 or more");
  }
  if (std::ranges::find(evaluation.task.metrics, "all") != evaluation.task.metrics.end())
    return node.fail("a trial's metrics have names", "metrics: [exact_match, ...]", "name them instead of `all`");
  return evaluation;
}

/// A path, a list of them, or something that is neither and is refused elsewhere.
void make_absolute(Json& json, const Path& folder) {
  if (json.is_string() && !json.get<std::string>().empty())
    json = (folder / json.get<std::string>()).lexically_normal().string();
  if (json.is_array())
    for (Json& item : json) make_absolute(item, folder);
}

}  // namespace

Result<std::vector<TrialEvaluation>> TrialEvaluation::read(const Node& node, const Path& folder) {
  std::vector<TrialEvaluation> evaluations;
  std::set<std::string> names;
  for (const Node& item : items_of(node)) {
    PEGBOX_TRY(TrialEvaluation evaluation, read_one(item, folder));
    for (const std::string& metric : evaluation.task.metrics)
      if (!names.insert(evaluation.metric_name(metric)).second)
        return item.fail("two evaluations report " + evaluation.metric_name(metric), "a `name` for one of them");
    evaluations.push_back(std::move(evaluation));
  }
  return evaluations;
}

std::string TrialEvaluation::metric_name(std::string_view metric, std::string_view suffix) const {
  const bool is_of_all = metric == "loss" && prefix.empty() && task.data.empty();
  return fmt::format("{}{}{}", prefix, is_of_all ? "validation_loss" : metric, suffix);
}

bool TrialEvaluation::measures(std::string_view metric) const {
  const std::string_view whole = metric.substr(0, metric.find('['));
  const bool is_metric = std::ranges::any_of(task.metrics, [&](const std::string& name) {
    return whole == metric_name(name) || whole == metric_name(name, "_error");
  });
  const auto is_speed = [&](std::string_view name) { return metric == prefix + std::string(name); };
  return is_metric || (need_outputs(task.metrics) && std::ranges::any_of(kSpeeds, is_speed));
}

std::string slice_name(std::string_view field, std::string_view value) { return fmt::format("[{}={}]", field, value); }

Json with_paths_from(const Node& node, const Path& folder) {
  Json resolved = node.json();
  const auto resolve = [&](Json& task) {
    if (!task.is_object()) return;
    if (task.contains("data")) make_absolute(task["data"], folder);
    if (!task.contains("safety") || !task["safety"].is_object()) return;
    Json& safety = task["safety"];
    if (safety.contains("training")) make_absolute(safety["training"], folder);
    if (safety.contains("offensive") && safety["offensive"].is_object() && safety["offensive"].contains("data"))
      make_absolute(safety["offensive"]["data"], folder);
  };
  if (resolved.is_array())
    for (Json& task : resolved) resolve(task);
  else
    resolve(resolved);
  return resolved;
}

}  // namespace pegbox
