// Completions: scripts that make a shell complete pegbox's commands, options, files and study names.
#include "app/completions.h"

#include <fmt/format.h>

namespace pegbox {

namespace {

/// Prints the names of the studies in the store, one on each line, for use in the scripts.
constexpr const char* kStudies = "pegbox list --names --quiet 2>/dev/null";

std::string quoted(const std::string& text) {
  std::string safe = "'";
  for (char c : text) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return safe + "'";
}

std::string all_flags(const std::vector<Option>& options) {
  std::string words;
  for (const Option& option : options)
    for (const std::string& flag : option.flags()) words += (words.empty() ? "" : " ") + flag;
  return words;
}

std::string bash_words(const Option& option) {
  if (!option.choices.empty()) return fmt::format("$(compgen -W '{}' -- \"$word\")", fmt::join(option.choices, " "));
  switch (option.completion) {
    case Completion::File:
      return "$(compgen -f -- \"$word\")";
    case Completion::Folder:
      return "$(compgen -d -- \"$word\")";
    case Completion::Study:
      return fmt::format("$(compgen -W \"$({})\" -- \"$word\")", kStudies);
    case Completion::None:
      break;
  }
  return "";
}

std::string zsh_action(const Option& option) {
  if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
  switch (option.completion) {
    case Completion::File:
      return "_files";
    case Completion::Folder:
      return "_files -/";
    case Completion::Study:
      return "_pegbox_studies";
    case Completion::None:
      break;
  }
  return " ";
}

/// Help inside zsh's brackets and colons.
std::string zsh_text(const std::string& text) {
  std::string safe;
  for (char c : text)
    safe += (c == ':' || c == '[' || c == ']' || c == '\\') ? std::string("\\") + c : std::string(1, c);
  return safe;
}

std::string zsh_argument(const Option& option, int position) {
  if (option.is_positional()) {
    const bool many = std::holds_alternative<std::vector<std::string>*>(option.target);
    return quoted(
        fmt::format("{}:{}:{}", many ? "*" : std::to_string(position), zsh_text(option.value), zsh_action(option)));
  }
  std::string rows;
  for (const std::string& flag : option.flags()) {
    const std::string value =
        option.takes_value() ? fmt::format(":{}:{}", zsh_text(option.value), zsh_action(option)) : "";
    rows += (rows.empty() ? "" : " ") + quoted(fmt::format("{}[{}]{}", flag, zsh_text(option.help), value));
  }
  return rows;
}

std::string fish_option(const std::string& command, const Option& option) {
  std::string row = fmt::format("complete -c pegbox -n '__fish_seen_subcommand_from {}'", command);
  for (const std::string& flag : option.flags())
    row += flag.starts_with("--") ? " -l " + flag.substr(2) : " -s " + flag.substr(1);
  if (option.takes_value()) {
    if (!option.is_positional()) row += " -r";
    if (!option.choices.empty())
      row += fmt::format(" -f -a '{}'", fmt::join(option.choices, " "));
    else if (option.completion == Completion::Study)
      row += fmt::format(" -f -a '({})'", kStudies);
    else if (option.completion == Completion::Folder)
      row += " -f -a '(__fish_complete_directories)'";
    else
      row += " -F";
  }
  return row + " -d " + quoted(option.help) + "\n";
}

}  // namespace

std::string bash_completions(const Subcommands& commands) {
  std::string names, cases;
  for (const auto& command : commands) {
    const std::string name = command->text().name;
    names += (names.empty() ? "" : " ") + name;
    const auto options = options_for_display(*command);
    std::string by_flag, by_position;
    for (const Option& option : options) {
      const std::string words = bash_words(option);
      if (words.empty()) continue;
      if (option.is_positional()) {
        by_position += " " + words;
        continue;
      }
      by_flag += fmt::format("        {}) COMPREPLY=({}); return ;;\n", fmt::join(option.flags(), "|"), words);
    }
    cases += fmt::format("    {})\n      case \"$before\" in\n{}      esac\n", name, by_flag);
    cases +=
        fmt::format("      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W '{}' -- \"$word\"))", all_flags(options));
    cases += by_position.empty() ? "; fi ;;\n" : fmt::format("; else COMPREPLY=({}); fi ;;\n", by_position.substr(1));
  }
  return fmt::format(
      "# bash completions of pegbox; put `source <(pegbox completions bash)` into ~/.bashrc\n"
      "_pegbox() {{\n"
      "  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}\n"
      "  COMPREPLY=()\n"
      "  if (( COMP_CWORD == 1 )); then COMPREPLY=($(compgen -W '{} --help --version' -- \"$word\")); return; fi\n"
      "  case \"${{COMP_WORDS[1]}}\" in\n{}  esac\n"
      "}}\n"
      "complete -o filenames -F _pegbox pegbox\n",
      names, cases);
}

std::string zsh_completions(const Subcommands& commands) {
  std::string names, cases;
  for (const auto& command : commands) {
    const CommandText text = command->text();
    names += "    " + quoted(zsh_text(text.name) + ":" + text.summary) + "\n";
    cases += fmt::format("    {}) _arguments", text.name);
    int position = 1;
    for (const Option& option : options_for_display(*command)) {
      cases += " \\\n      " + zsh_argument(option, position);
      if (option.is_positional()) ++position;
    }
    cases += " ;;\n";
  }
  return fmt::format(
      "#compdef pegbox\n"
      "# zsh completions of pegbox; write them to a file _pegbox in a folder of $fpath\n"
      "_pegbox_studies() {{ local -a studies; studies=(${{(f)\"$({})\"}}); compadd -a studies }}\n"
      "_pegbox() {{\n"
      "  local -a commands\n"
      "  commands=(\n{}  )\n"
      "  if (( CURRENT == 2 )); then _describe 'command' commands; return; fi\n"
      "  local name=$words[2]\n"
      "  words=(\"${{(@)words[2,-1]}}\"); (( CURRENT-- ))\n"
      "  case $name in\n{}  esac\n"
      "}}\n"
      "compdef _pegbox pegbox\n",
      kStudies, names, cases);
}

std::string fish_completions(const Subcommands& commands) {
  std::string text =
      "# fish completions of pegbox; put `pegbox completions fish | source` into ~/.config/fish/config.fish\n"
      "complete -c pegbox -f\n";
  for (const auto& command : commands) {
    const CommandText words = command->text();
    text += fmt::format("complete -c pegbox -n __fish_use_subcommand -a {} -d {}\n", words.name, quoted(words.summary));
  }
  for (const auto& command : commands)
    for (const Option& option : options_for_display(*command)) {
      if (option.is_positional() && option.completion == Completion::None && option.choices.empty()) continue;
      text += fish_option(command->text().name, option);
    }
  return text;
}

}  // namespace pegbox
