// EvaluationTask: see evaluation_task.h.
#include "evaluation/evaluation_task.h"

#include "evaluation/metric.h"

namespace pegbox {

namespace {

template <class Value, class Read>
Result<void> read_if_there(const Node& node, std::string_view key, Value& value, const Read& read) {
  if (!node.has(key)) return {};
  PEGBOX_TRY(const Node member, node.at(key));
  PEGBOX_TRY(value, read(member));
  return {};
}

Result<std::string> one_text(const Node& node) { return node.string(); }

Result<Json> mapping(const Node& node) {
  if (!node.is_object()) return node.fail("not a mapping", "{name: value}");
  return node.json();
}

}  // namespace

Result<std::vector<std::string>> text_or_texts(const Node& node) {
  std::vector<std::string> texts;
  const std::vector<Node> items = node.is_array() ? node.items() : std::vector<Node>{node};
  for (const Node& item : items) {
    PEGBOX_TRY(texts.emplace_back(), item.string());
  }
  return texts;
}

Result<EvaluationTask> EvaluationTask::read(const Node& node, const Path& folder, std::vector<std::string_view> more) {
  for (const std::string_view key : {"name", "data", "columns", "metrics", "slices", "delimiter", "set", "safety"})
    more.push_back(key);
  PEGBOX_CHECK(node.only(more));
  EvaluationTask task;
  PEGBOX_CHECK(read_if_there(node, "data", task.data, text_or_texts));
  PEGBOX_CHECK(read_if_there(node, "columns", task.columns, mapping));
  PEGBOX_CHECK(read_if_there(node, "metrics", task.metrics, text_or_texts));
  PEGBOX_CHECK(read_if_there(node, "slices", task.slices, text_or_texts));
  PEGBOX_CHECK(read_if_there(node, "delimiter", task.delimiter, one_text));
  PEGBOX_CHECK(read_if_there(node, "set", task.set, mapping));
  PEGBOX_CHECK(read_if_there(node, "safety", task.safety,
                             [&](const Node& member) { return text::SafetyRule::read(member, folder); }));
  if (!task.data.empty()) task.name = Path(task.data.front()).stem().string();
  PEGBOX_CHECK(read_if_there(node, "name", task.name, one_text));
  if (node.has("data") && task.data.empty()) {
    PEGBOX_TRY(const Node data, node.at("data"));
    return data.fail("no data are named", "a file or folder");
  }
  for (std::string& path : task.data)
    if (!path.empty()) path = (folder / path).lexically_normal().string();
  if (node.has("metrics")) {
    PEGBOX_TRY(const Node metrics, node.at("metrics"));
    PEGBOX_CHECK(check_metric_names(task.metrics, metrics.where()));
  }
  return task;
}

}  // namespace pegbox
