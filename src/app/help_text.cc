// Help texts, made from the commands and their options.
#include "app/help_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "app/common_options.h"
#include "app/terminal.h"

namespace pegbox {

namespace {

constexpr std::array<std::pair<CommandGroup, const char*>, 4> kGroups = {{
    {CommandGroup::Search, "Search for hyperparameters"},
    {CommandGroup::Studies, "Look at studies and steer them"},
    {CommandGroup::Models, "Train and use one model"},
    {CommandGroup::Program, "This program"},
}};

std::string usage_of(const std::string& name, const std::vector<Option>& options) {
  std::string usage = "pegbox " + name;
  for (const Option& option : options)
    if (option.is_positional()) {
      const std::string shown =
          std::holds_alternative<std::vector<std::string>*>(option.target) ? option.value + "..." : option.value;
      usage += option.required ? " " + shown : " [" + shown + "]";
    }
  return usage + " [OPTIONS]";
}

std::string left_side(const Option& option) {
  if (option.is_positional()) return option.value;
  std::string names;
  for (const std::string& flag : option.flags()) names += (names.empty() ? "" : ", ") + flag;
  if (!names.starts_with("--") && option.flags().size() > 1)
    return names + (option.value.empty() ? "" : " " + option.value);
  return (option.flags().size() == 1 ? "    " : "") + names + (option.value.empty() ? "" : " " + option.value);
}

std::string right_side(const Option& option) {
  std::string help = option.help;
  std::string choices;
  for (const std::string& choice : option.choices) choices += (choices.empty() ? "" : ", ") + choice;
  return choices.empty() ? help : help + ": " + choices;
}

/// Breaks `text` at spaces so that no line is wider than `width`.
std::vector<std::string> wrap(const std::string& text, std::size_t width) {
  std::vector<std::string> lines;
  std::string line;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find(' ', start), text.size());
    const std::string word = text.substr(start, end - start);
    if (!line.empty() && line.size() + 1 + word.size() > width) lines.push_back(std::exchange(line, ""));
    line += (line.empty() ? "" : " ") + word;
    start = end + 1;
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

std::string option_lines(const std::vector<Option>& options, bool positional) {
  std::size_t left_width = 0;
  for (const Option& option : options)
    if (option.is_positional() == positional) left_width = std::max(left_width, left_side(option).size());
  left_width = std::min<std::size_t>(left_width, 30);
  std::string text;
  for (const Option& option : options) {
    if (option.is_positional() != positional) continue;
    const auto lines = wrap(right_side(option), 96 - left_width);
    std::string left = left_side(option);
    if (left.size() > left_width) text += fmt::format("  {}\n", std::exchange(left, ""));
    for (std::size_t i = 0; i < lines.size(); ++i)
      text += fmt::format("  {:<{}}  {}\n", i == 0 ? left : "", left_width, lines[i]);
  }
  return text;
}

std::string indent(const std::string& text, const char* by) {
  std::string indented;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    indented += by + text.substr(start, end - start) + "\n";
    start = end + 1;
  }
  return indented;
}

}  // namespace

std::vector<Option> options_for_display(Subcommand& command) {
  CommonOptions common;
  auto options = command.options();
  for (Option& option : common_option_rows(common, command.text())) options.push_back(std::move(option));
  options.push_back({.names = "-h,--help", .target = &common.quiet, .value = "", .help = "print this help"});
  for (Option& option : options) std::visit([](auto& target) { target = nullptr; }, option.target);
  return options;
}

std::string program_help(const Subcommands& commands) {
  std::string text =
      "pegbox finds the hyperparameters of a language model, or of any program, within a budget.\n\n"
      "Usage: pegbox COMMAND [OPTIONS]\n";
  for (const auto& [group, title] : kGroups) {
    text += fmt::format("\n{}:\n", title);
    for (const auto& command : commands)
      if (const CommandText words = command->text(); words.group == group)
        text += fmt::format("  {:<12} {}\n", words.name, words.summary);
  }
  text +=
      "\n`pegbox COMMAND --help` says more of a command; `pegbox --version` prints the version.\n\n"
      "Example, with nothing prepared:\n  pegbox demo\n"
      "Example, with a model folder and a text file:\n"
      "  pegbox tune --model models/base --data notes.txt --method lora --budget 30m\n";
  return text;
}

std::string command_help(Subcommand& command) {
  const CommandText words = command.text();
  const auto options = options_for_display(command);
  std::string text = fmt::format("Usage: {}\n\n", usage_of(words.name, options));
  for (const std::string& line : wrap(words.description, 100)) text += line + "\n";
  if (const std::string lines = option_lines(options, true); !lines.empty()) text += "\nArguments:\n" + lines;
  text += "\nOptions:\n" + option_lines(options, false);
  return text + "\nExample:\n" + indent(words.example, "  ");
}

std::string commands_as_markdown(const Subcommands& commands) {
  std::string text =
      "# The commands of pegbox\n\n"
      "Made by `pegbox help --markdown` from the table of commands; a test keeps it in step.\n"
      "Exit codes: 0 done, 2 wrong use, 3 the study or run failed, 130 interrupted.\n";
  for (const auto& [group, title] : kGroups) {
    text += fmt::format("\n## {}\n", title);
    for (const auto& command : commands) {
      const CommandText words = command->text();
      if (words.group != group) continue;
      text += fmt::format("\n### pegbox {}\n\n```\n{}```\n", words.name, command_help(*command));
    }
  }
  return text;
}

}  // namespace pegbox
