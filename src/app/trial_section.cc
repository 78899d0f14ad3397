// TrialSection: the part `trial:` of a study file: what runs a trial.
#include "app/trial_section.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "search/executors/command_executor.h"
#include "search/executors/program_output.h"

namespace pegbox {

namespace {

constexpr std::array<std::string_view, 4> kKinds = {"trainer", "command", "worker", "metric"};
constexpr std::string_view kColumns = "columns";
constexpr std::string_view kStream = "stream";
constexpr std::array<std::string_view, 5> kDataMembers = {"train", "validation", "test", kColumns, kStream};

Result<std::string> existing_path(const Node& node, const Path& folder) {
  PEGBOX_TRY(const std::string text, node.string());
  if (text.empty()) return node.fail("an empty path", "a file or folder");
  const Path path = (folder / text).lexically_normal();
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return path.string();
  return fail(ErrorKind::NotFound, {.where = node.where(),
                                    .what = "no such file or folder",
                                    .got = path.string(),
                                    .hint = "paths are relative to the study file"});
}

/// A path, or one with its weight and name in a mixture.
Result<Json> existing_set(const Node& node, const Path& folder) {
  if (!node.is_object()) return existing_path(node, folder);
  PEGBOX_TRY(const Node path, node.at("path"));
  Json set = node.json();
  PEGBOX_TRY(set["path"], existing_path(path, folder));
  return set;
}

/// A path or a list of paths.
Result<Json> existing_paths(const Node& node, const Path& folder) {
  if (!node.is_array()) return existing_set(node, folder);
  Json paths = Json::array();
  for (const Node& item : node.items()) {
    PEGBOX_TRY(Json path, existing_set(item, folder));
    paths.push_back(std::move(path));
  }
  if (paths.empty()) return node.fail("an empty list", "at least one file");
  return paths;
}

/// The sets of a stream, each with its files.
Result<Json> existing_stages(const Node& node, const Path& folder) {
  Json stages = Json::array();
  for (const Node& item : node.items()) {
    Json stage = item.json();
    for (const char* part : {"train", "validation"}) {
      if (!item.has(part)) continue;
      PEGBOX_TRY(const Node path, item.at(part));
      PEGBOX_TRY(stage[part], existing_path(path, folder));
    }
    stages.push_back(std::move(stage));
  }
  if (stages.empty()) return node.fail("not a list of sets", "a list of {name, train, validation}");
  return stages;
}

Result<Json> resolve_data(const Node& data, const Path& folder) {
  if (!data.is_object()) return existing_paths(data, folder);
  PEGBOX_CHECK(data.only(kDataMembers));
  Json resolved = Json::object();
  for (const auto& [part, node] : data.members()) {
    if (part == kColumns) {
      resolved[part] = node.json();
      continue;
    }
    PEGBOX_TRY(resolved[part], part == kStream ? existing_stages(node, folder) : existing_paths(node, folder));
  }
  return resolved;
}

/// Folders of adapters: one, a list of them, or an object {name: folder}.
Result<Json> existing_adapters(const Node& node, const Path& folder) {
  if (!node.is_array() && !node.is_object()) return existing_path(node, folder);
  Json resolved = node.json();
  if (node.is_object()) {
    for (const auto& [name, item] : node.members()) {
      PEGBOX_TRY(resolved[name], existing_path(item, folder));
    }
    return resolved;
  }
  std::size_t place = 0;
  for (const Node& item : node.items()) {
    PEGBOX_TRY(resolved[place++], existing_path(item, folder));
  }
  return resolved;
}

Result<void> read_patterns(const Node& metric, TrialSection& section) {
  if (!metric.is_object())
    return metric.fail("not a table of patterns", "metric names and patterns, such as {loss: \"loss: (\\S+)\"}");
  for (const auto& [name, node] : metric.members()) {
    PEGBOX_TRY(std::string pattern, node.string());
    (name == "step" ? section.step_pattern : section.patterns[name]) = std::move(pattern);
  }
  if (section.patterns.empty()) return metric.fail("no metric", "at least one pattern beside `step`");
  const auto patterns = OutputPatterns::create(section.patterns, section.step_pattern);
  if (patterns) return {};
  return fail(patterns.error().kind, {.where = metric.where(), .what = patterns.error().message});
}

Result<void> read_command(const Node& trial, const std::vector<std::string>& parameters, TrialSection& section) {
  section.kind = TrialKind::Command;
  PEGBOX_TRY(const Node command, trial.at("command"));
  PEGBOX_TRY(section.command, command.string());
  std::vector<std::string> names = parameters;
  names.insert(names.end(), kOwnPlaceholders.begin(), kOwnPlaceholders.end());
  const auto parsed = CommandTemplate::parse(section.command, names);
  if (!parsed) return fail(parsed.error().kind, {.where = command.where(), .what = parsed.error().message});
  if (!trial.has("metric")) return {};
  PEGBOX_TRY(const Node metric, trial.at("metric"));
  return read_patterns(metric, section);
}

/// The field `evaluate`, of which all files must be there.
Result<Json> resolve_evaluations(const Node& evaluate, const Path& folder) {
  PEGBOX_TRY(const auto evaluations, TrialEvaluation::read(evaluate, folder));
  for (const TrialEvaluation& evaluation : evaluations) {
    std::vector<std::string> files = evaluation.task.data;
    if (const auto& safety = evaluation.task.safety) {
      files.insert(files.end(), safety->training.begin(), safety->training.end());
      if (safety->offensive) files.push_back(safety->offensive->data);
    }
    std::error_code ignored;
    for (const std::string& file : files)
      if (!std::filesystem::exists(file, ignored))
        return fail(ErrorKind::NotFound, {.where = evaluate.where(),
                                          .what = "no such file or folder",
                                          .got = file,
                                          .hint = "paths are relative to the study file"});
  }
  return with_paths_from(evaluate, folder);
}

}  // namespace

Result<TrialSection> TrialSection::read(const Node& trial, const Path& folder,
                                        const std::vector<std::string>& parameters) {
  PEGBOX_CHECK(trial.only(kKinds));
  TrialSection section;
  section.folder = folder;
  const int kinds = trial.has("trainer") + trial.has("command") + trial.has("worker");
  if (kinds != 1) return trial.fail("what runs a trial is not clear", "one of trainer, command and worker");
  if (trial.has("metric") && !trial.has("command")) {
    PEGBOX_TRY(const Node metric, trial.at("metric"));
    return metric.fail("patterns are for a command's output", "", "trainers and workers report by themselves");
  }
  if (trial.has("command")) {
    PEGBOX_CHECK(read_command(trial, parameters, section));
  } else if (trial.has("worker")) {
    section.kind = TrialKind::Worker;
    PEGBOX_TRY(const Node worker, trial.at("worker"));
    PEGBOX_TRY(section.command, worker.string());
    if (section.command.empty()) return worker.fail("an empty command");
  } else {
    PEGBOX_TRY(const Node trainer, trial.at("trainer"));
    PEGBOX_TRY(section.trainer, resolve_trainer_paths(trainer, folder));
    if (trainer.has("evaluate")) {
      PEGBOX_TRY(const Node evaluate, trainer.at("evaluate"));
      PEGBOX_TRY(section.evaluations, TrialEvaluation::read(evaluate, folder));
    }
  }
  return section;
}

Result<Json> resolve_trainer_paths(const Node& trainer, const Path& folder) {
  if (!trainer.is_object())
    return trainer.fail("not an object", "{model: DIR, data: {train: FILE, validation: FILE}, ...}");
  Json resolved = trainer.json();
  for (const char* name : {"model", "adapter", "tokenizer", "teacher", "teacher_adapter", "start_adapter"}) {
    if (!trainer.has(name)) continue;
    PEGBOX_TRY(const Node node, trainer.at(name));
    PEGBOX_TRY(resolved[name], existing_path(node, folder));
  }
  if (trainer.has("adapters")) {
    PEGBOX_TRY(const Node node, trainer.at("adapters"));
    PEGBOX_TRY(resolved["adapters"], existing_adapters(node, folder));
  }
  // A chat template is a file or a name: a file wins, as in the trainer.
  std::error_code ignored;
  if (trainer.has("chat_template") && resolved["chat_template"].is_string())
    if (const Path path = folder / resolved["chat_template"].get<std::string>();
        std::filesystem::is_regular_file(path, ignored))
      resolved["chat_template"] = path.lexically_normal().string();
  if (trainer.has("data")) {
    PEGBOX_TRY(const Node data, trainer.at("data"));
    PEGBOX_TRY(resolved["data"], resolve_data(data, folder));
  }
  if (trainer.has("evaluate")) {
    PEGBOX_TRY(const Node evaluate, trainer.at("evaluate"));
    PEGBOX_TRY(resolved["evaluate"], resolve_evaluations(evaluate, folder));
  }
  for (const char* name : {"output", "tensorboard"}) {
    if (!trainer.has(name)) continue;
    PEGBOX_TRY(const Node node, trainer.at(name));
    PEGBOX_TRY(const std::string text, node.string());
    resolved[name] = (folder / text).lexically_normal().string();
  }
  return resolved;
}

namespace {

/// The names of a section's training sets, as the trainer gives them: `name`, else the file's without its ending.
std::vector<std::string> set_names(const Json& trainer) {
  const Json data = trainer.value("data", Json::object());
  Json train = data.is_object() ? data.value(kStream, data.value("train", Json::array())) : data;
  if (train.is_object()) train = Json::array({train});
  if (!train.is_array() || std::ranges::none_of(train, [](const Json& set) { return set.is_object(); })) return {};
  std::vector<std::string> names;
  for (const Json& set : train) {
    const Json path = set.is_object() ? set.value("path", set.value("train", Json())) : set;
    if (set.is_object() && set.contains("name") && set["name"].is_string())
      names.push_back(set["name"].get<std::string>());
    else if (path.is_string())
      names.push_back(Path(path.get<std::string>()).stem().string());
  }
  return names;
}

/// The names of a section's adapters, as the trainer gives them: that of the object, else the folder's; none where two
/// folders have the same.
std::vector<std::string> adapter_names(const Json& trainer) {
  const Json adapters = trainer.value("adapters", Json());
  std::vector<std::string> names;
  if (adapters.is_object())
    for (const auto& [name, folder] : adapters.items()) names.push_back(name);
  if (!adapters.is_array()) return names;
  for (const Json& folder : adapters)
    if (folder.is_string()) names.push_back(Path(folder.get<std::string>()).lexically_normal().filename().string());
  std::vector<std::string> sorted = names;
  std::ranges::sort(sorted);
  return std::ranges::adjacent_find(sorted) == sorted.end() ? names : std::vector<std::string>{};
}

/// What a simplex of the space at `field` names must be among `names`.
Result<void> check_simplex(const Node& space, const char* field, const std::vector<std::string>& names,
                           const char* what, const char* expected) {
  if (!space.has(field)) return {};
  PEGBOX_TRY(const Node parameter, space.at(field));
  if (!parameter.has("simplex")) return {};
  PEGBOX_TRY(const Node simplex, parameter.at("simplex"));
  for (const Node& item : simplex.items())
    if (item.is_string() && std::ranges::find(names, item.json().get<std::string>()) == names.end())
      return item.fail(what, names.empty() ? expected : fmt::format("{}", fmt::join(names, ", ")));
  return {};
}

}  // namespace

Result<void> check_trainer_names(const Node& trainer, const Node& space, const TrainerFields& known) {
  PEGBOX_CHECK(trainer.only(std::vector<std::string_view>(known.all.begin(), known.all.end())));
  const std::vector<std::string_view> names(known.run.begin(), known.run.end());
  for (const auto& [name, node] : space.members()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    const bool is_fixed = std::ranges::find(known.all, name) != known.all.end();
    const std::string near = nearest_name(name, names);
    return fail(ErrorKind::InvalidInput, {.where = node.where(),
                                          .what = is_fixed ? fmt::format("`{}` is the same for all trials", name)
                                                           : fmt::format("the trainer has no field `{}`", name),
                                          .expected = fmt::format("{}", fmt::join(names, ", ")),
                                          .hint = is_fixed       ? "put it under trial.trainer"
                                                  : near.empty() ? "`pegbox-trainer fields` says what they mean"
                                                                 : "did you mean " + near + "?"});
  }
  PEGBOX_CHECK(check_simplex(space, "mixture", set_names(trainer.json()), "no training set has this name",
                             "training data as a list of {path, name}"));
  return check_simplex(space, "adapter_weights", adapter_names(trainer.json()), "no adapter has this name",
                       "adapters: {name: folder, ...}");
}

}  // namespace pegbox
