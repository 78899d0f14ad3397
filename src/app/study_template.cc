// Study template: the commented study file that `pegbox init` writes.
#include "app/study_template.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "app/default_space.h"
#include "app/yaml_scalar.h"
#include "base/units.h"

namespace pegbox {

namespace {

std::string list_text(const std::vector<std::string>& items) {
  if (items.size() == 1) return yaml_text(items[0]);
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + yaml_text(item);
  return "[" + text + "]";
}

std::string commented(const std::string& line, const std::string& comment) {
  return comment.empty() ? line + "\n" : fmt::format("{:<84}  # {}\n", line, comment);
}

/// The names in `{...}` of a command, in their order, each once; `{{`, `}}` and the shell's `${...}` left out.
std::vector<std::string> placeholders_of(const std::string& command) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < command.size(); ++at) {
    if (command[at] != '{') continue;
    if (command.compare(at, 2, "{{") == 0) {
      ++at;
      continue;
    }
    const std::size_t end = command.find('}', at);
    if (end == std::string::npos) break;
    const std::string name = command.substr(at + 1, end - at - 1);
    const bool is_shell = at > 0 && command[at - 1] == '$';
    if (!is_shell && !name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
    at = end;
  }
  return names;
}

/// A first guess at a parameter's values from its name.
std::string guessed_values(const std::string& name) {
  const auto has = [&](const char* part) { return name.find(part) != std::string::npos; };
  if (name == "lr" || has("learning_rate") || has("_lr") || has("lr_")) return "{range: [1e-5, 1e-1], scale: log}";
  if (has("decay")) return "{range: [1e-4, 1], scale: log}";
  if (has("batch") || has("size") || has("width") || has("rank")) return "{choice: [8, 16, 32, 64], ordered: true}";
  if (has("layers") || has("depth")) return "{range: [1, 8], integer: true}";
  return "{range: [0, 1]}";
}

/// Whether a metric of this name is plainly better when larger: "val_accuracy", "F1", but not "reward_loss".
bool is_better_when_larger(const std::string& metric) {
  static constexpr std::array<std::string_view, 9> kLarger = {"acc", "accuracy", "f1",     "bleu", "chrf",
                                                              "mcc", "auc",      "reward", "score"};
  static constexpr std::array<std::string_view, 5> kSmaller = {"loss", "error", "err", "perplexity", "ppl"};
  bool is_larger = metric.find("exact_match") != std::string::npos;
  for (std::size_t at = 0; at < metric.size();) {
    const std::size_t end = std::min(metric.find_first_of("_-./ @", at), metric.size());
    std::string word = metric.substr(at, end - at);
    for (char& c : word)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (std::ranges::find(kSmaller, word) != kSmaller.end()) return false;
    is_larger = is_larger || std::ranges::find(kLarger, word) != kLarger.end();
    at = end + 1;
  }
  return is_larger;
}

std::string objective_part(const std::string& metric) {
  const bool larger = is_better_when_larger(metric);
  return commented(fmt::format("objective: {{{}: {}}}", larger ? "maximize" : "minimize", yaml_text(metric)),
                   larger ? "by its name better when larger; else write minimize" : "");
}

std::string command_part(const TemplateChoices& choices) {
  std::string text = "trial:\n" + commented("  command: " + yaml_text(choices.command), "runs once for each trial");
  text += "  # It writes {\"step\": 50, \"" + choices.metric +
          "\": 2.31} to the descriptor in $PEGBOX_REPORT_FD, or is read by:\n";
  text += "  # metric: {" + choices.metric + ": \"" + choices.metric + ": (\\\\S+)\"}\n\nspace:\n";
  const auto names = placeholders_of(choices.command);
  for (const std::string& name : names)
    text += commented(fmt::format("  {}: {}", yaml_text(name), guessed_values(name)), "a guess: set its range");
  if (names.empty()) text += "  x: {range: [0, 1]}  # put {x} into the command\n";
  return text + "\n" + objective_part(choices.metric) +
         "# steps: 1000  # the length of a full trial, if it reports on the way: bad ones then end early\n";
}

std::string data_comment(const std::optional<Json>& described) {
  double tokens = 0, parameters = 0;
  const auto number = [&](const char* name, double& value) {
    return described && described->is_object() && described->contains(name) &&
           read_json_number((*described)[name], value);
  };
  std::string comment;
  if (number("parameters", parameters)) comment = format_count(parameters) + " parameters";
  if (number("train_tokens", tokens))
    comment += (comment.empty() ? "" : ", ") + format_count(tokens) + " training tokens";
  return comment;
}

Result<std::string> trainer_part(const TemplateChoices& choices, const std::optional<Json>& described) {
  PEGBOX_TRY(const auto parameters, default_space(choices.method));
  std::string text = "trial:\n  trainer:\n";
  if (!choices.model.empty()) text += commented("    model: " + yaml_text(choices.model), data_comment(described));
  text += "    data:\n      train: " + list_text(choices.data) + "\n";
  text += choices.validation.empty()
              ? "      # validation: FILE   # without it a part of the training data is held back\n"
              : "      validation: " + yaml_text(choices.validation) + "\n";
  text += commented("    method: " + choices.method,
                    fmt::format("one of {}", fmt::join(methods_with_default_space(), ", ")));
  text += commented("    epochs: 1", "the length of a full trial; or `tokens: 2e6`");
  text += "    # Every field of the trainer can stand here, or in the space below.\n\nspace:\n";
  for (const DefaultParameter& parameter : parameters)
    text += commented(fmt::format("  {}: {}", parameter.name, parameter.values), std::string(parameter.reason));
  text += "\ntry_first:  # published defaults\n  - {";
  std::vector<std::string> first;
  for (const DefaultParameter& parameter : parameters)
    if (!parameter.first.empty()) first.push_back(fmt::format("{}: {}", parameter.name, parameter.first));
  text += fmt::format("{}", fmt::join(first, ", "));
  return text + "}\n\nobjective: {minimize: validation_loss}\n";
}

}  // namespace

std::string yaml_text(const std::string& text) {
  const bool is_plain = !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.' || c == '/';
  });
  const bool starts_plain = is_plain && text[0] != '-';
  return starts_plain && plain_yaml_scalar(text).is_string() && plain_yaml_scalar(text) == Json(text)
             ? text
             : to_line(Json(text));
}

Result<std::string> study_template(const TemplateChoices& choices, const std::optional<Json>& described) {
  std::string text =
      "# A study of pegbox. Run it:        pegbox tune THIS-FILE\n"
      "# See first what it would run:     pegbox tune THIS-FILE --dry-run\n\n";
  text += "name: " + yaml_text(choices.name) + "\n\n";
  if (choices.command.empty()) {
    PEGBOX_TRY(const std::string part, trainer_part(choices, described));
    text += part;
  } else {
    text += command_part(choices);
  }
  text +=
      commented("budget: " + choices.budget, "totals of the study: trials, time, tokens; what is spent first ends it");
  text += commented("search: auto", "or gp, sobol, random, grid");
  text += commented("stop: auto", "asha: bad trials wait early, the best go on; or median, none");
  text += commented("workers: {count: 1}", "trials at once; the threads are divided among them");
  text += commented("seed: 0", "the same seed and log give the same decisions");
  return text;
}

}  // namespace pegbox
