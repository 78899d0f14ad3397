// EvaluationPlan: see evaluation_plan.h.
#include "app/evaluation/evaluation_plan.h"

#include <algorithm>
#include <array>

namespace pegbox {

namespace {

template <class Value, class Read>
Result<void> read_member(const Node& node, std::string_view key, Value& value, const Read& read) {
  if (!node.has(key)) return {};
  PEGBOX_TRY(const Node member, node.at(key));
  PEGBOX_TRY(value, read(member));
  return {};
}

Result<std::string> text_of(const Node& node) { return node.string(); }

/// A path as it is from `folder`; nothing stays nothing.
std::string path_from(const Path& folder, const std::string& path) {
  return path.empty() ? path : (folder / path).lexically_normal().string();
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
    PEGBOX_CHECK(node.at("data"));
    PEGBOX_TRY(EvaluationTask task, EvaluationTask::read(node, folder));
    if (std::ranges::find(plan.tasks, task.name, &EvaluationTask::name) != plan.tasks.end())
      return node.fail("two tasks have the name " + task.name, "a name for each");
    plan.tasks.push_back(std::move(task));
  }
  if (plan.tasks.empty()) return tasks.fail("there is no task", "a list of tasks, each with its data");
  return plan;
}

}  // namespace pegbox
