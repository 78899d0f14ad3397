// EvaluationPlan: see evaluation_plan.h.
#include "app/evaluation/evaluation_plan.h"

#include <algorithm>
#include <array>

#include "app/evaluation/metric.h"

namespace pegbox {

namespace {

/// A text, or a list of texts.
Result<std::vector<std::string>> texts_of(const Node& node) {
  std::vector<std::string> texts;
  const std::vector<Node> items = node.is_array() ? node.items() : std::vector<Node>{node};
  for (const Node& item : items) {
    PEGBOX_TRY(texts.emplace_back(), item.string());
  }
  return texts;
}

template <class Value, class Read>
Result<void> read_member(const Node& node, std::string_view key, Value& value, const Read& read) {
  if (!node.has(key)) return {};
  PEGBOX_TRY(const Node member, node.at(key));
  PEGBOX_TRY(value, read(member));
  return {};
}

Result<std::string> text_of(const Node& node) { return node.string(); }

Result<Json> object_of(const Node& node) {
  if (!node.is_object()) return node.fail("not a mapping", "{name: value}");
  return node.json();
}

/// A path as it is from `folder`; nothing stays nothing.
std::string path_from(const Path& folder, const std::string& path) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
}

Result<EvaluationTask> read_task(const Node& node, const Path& folder) {
  constexpr std::array<std::string_view, 7> kKeys = {"name",   "data",      "columns", "metrics",
                                                     "slices", "delimiter", "set"};
  PEGBOX_CHECK(node.only(kKeys));
  EvaluationTask task;
  PEGBOX_TRY(const Node data, node.at("data"));
  PEGBOX_TRY(task.data, texts_of(data));
  PEGBOX_CHECK(read_member(node, "columns", task.columns, object_of));
  PEGBOX_CHECK(read_member(node, "metrics", task.metrics, texts_of));
  PEGBOX_CHECK(read_member(node, "slices", task.slices, texts_of));
  PEGBOX_CHECK(read_member(node, "delimiter", task.delimiter, text_of));
  PEGBOX_CHECK(read_member(node, "set", task.set, object_of));
  if (!task.data.empty()) task.name = Path(task.data.front()).stem().string();
  PEGBOX_CHECK(read_member(node, "name", task.name, text_of));
  if (task.data.empty()) return data.fail("no data are named", "a file or folder");
  for (std::string& path : task.data) path = path_from(folder, path);
  if (node.has("metrics")) {
    PEGBOX_TRY(const Node metrics, node.at("metrics"));
    PEGBOX_CHECK(check_metric_names(task.metrics, metrics.where()));
  }
  return task;
}

}  // namespace

Result<EvaluationPlan> EvaluationPlan::read(const Document& document, const Path& folder) {
  constexpr std::array<std::string_view, 6> kKeys = {"model", "adapter", "compare", "seed", "resamples", "tasks"};
  const Node root = document.root();
  PEGBOX_CHECK(root.only(kKeys));
  EvaluationPlan plan;
  const auto integer = [](const Node& node) { return node.integer(); };
  PEGBOX_CHECK(read_member(root, "model", plan.model, text_of));
  PEGBOX_CHECK(read_member(root, "adapter", plan.adapter, text_of));
  PEGBOX_CHECK(read_member(root, "compare", plan.compare, text_of));
  PEGBOX_CHECK(read_member(root, "seed", plan.seed, integer));
  PEGBOX_CHECK(read_member(root, "resamples", plan.resamples, integer));
  for (std::string* path : {&plan.model, &plan.adapter, &plan.compare}) *path = path_from(folder, *path);
  PEGBOX_TRY(const Node tasks, root.at("tasks"));
  for (const Node& node : tasks.items()) {
    PEGBOX_TRY(EvaluationTask task, read_task(node, folder));
    if (std::ranges::find(plan.tasks, task.name, &EvaluationTask::name) != plan.tasks.end())
      return node.fail("two tasks have the name " + task.name, "a name for each");
    plan.tasks.push_back(std::move(task));
  }
  if (plan.tasks.empty()) return tasks.fail("there is no task", "a list of tasks, each with its data");
  return plan;
}

}  // namespace pegbox
