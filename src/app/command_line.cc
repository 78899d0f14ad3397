// CommandLine: which command the user called, with the values of its options in place.
#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>

#include "base/document.h"

namespace pegbox {

namespace {

void add_option(CLI::App& app, const Option& option) {
  CLI::Option* added = std::visit(
      [&](auto* target) -> CLI::Option* {
        if constexpr (std::is_same_v<decltype(target), bool*>) {
          return app.add_flag(option.names, *target);
        } else {
          return app.add_option(option.names, *target);
        }
      },
      option.target);
  if (std::holds_alternative<std::vector<std::string>*>(option.target) && !option.is_positional())
    added->allow_extra_args(false);
}

std::string nearest(const std::string& name, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  return nearest_name(name, views);
}

tl::unexpected<Error> unknown_command(const std::string& name, const Subcommands& commands) {
  std::vector<std::string> names;
  for (const auto& command : commands) names.push_back(command->text().name);
  const std::string near = nearest(name, names);
  return fail(ErrorKind::InvalidInput,
              {.where = "pegbox",
               .what = "no such command",
               .got = name,
               .hint = near.empty() ? "`pegbox --help` lists the commands" : "did you mean `pegbox " + near + "`?"});
}

tl::unexpected<Error> unexpected_argument(const std::string& command, const std::string& argument,
                                          const std::vector<Option>& options) {
  const std::string help = fmt::format("see `pegbox {} --help`", command);
  if (!argument.starts_with('-'))
    return fail(ErrorKind::InvalidInput,
                {.where = "pegbox " + command, .what = "one argument too many", .got = argument, .hint = help});
  std::vector<std::string> flags;
  for (const Option& option : options)
    for (const std::string& flag : option.flags()) flags.push_back(flag);
  const std::string near = nearest(argument.substr(0, argument.find('=')), flags);
  return fail(ErrorKind::InvalidInput, {.where = "pegbox " + command,
                                        .what = "no such option",
                                        .got = argument,
                                        .hint = near.empty() ? help : "did you mean " + near + "?"});
}

/// `--option=` with nothing after it: CLI11 would take the next argument for its value.
Result<void> check_nothing_is_empty(const std::vector<std::string>& arguments, const std::string& command,
                                    const std::vector<Option>& options) {
  for (const std::string& argument : arguments) {
    if (argument == "--") break;
    if (!argument.starts_with('-') || argument.find('=') + 1 != argument.size()) continue;
    const std::string flag = argument.substr(0, argument.size() - 1);
    for (const Option& option : options)
      if (const auto flags = option.flags(); std::find(flags.begin(), flags.end(), flag) != flags.end())
        return fail(ErrorKind::InvalidInput, {.where = "pegbox " + command,
                                              .what = "there is nothing after " + argument,
                                              .expected = option.takes_value() ? option.value : flag + " alone",
                                              .hint = "leave the option out, or give it a value"});
  }
  return {};
}

/// What CLI11 leaves to us, so that messages have our form: required values and choices.
Result<void> check_values(const CLI::App& app, const std::string& command, const std::vector<Option>& options) {
  const std::string where = "pegbox " + command;
  for (const Option& option : options) {
    const std::string name = option.is_positional() ? option.names : option.flags().back();
    const std::string shown = option.is_positional() ? option.value : name + " " + option.value;
    const bool is_given = app.get_option(name)->count() > 0;
    if (option.required && !is_given)
      return fail(ErrorKind::InvalidInput, {.where = where,
                                            .what = shown + " is missing",
                                            .expected = option.help,
                                            .hint = fmt::format("see `pegbox {} --help`", command)});
    const auto* text = std::get_if<std::string*>(&option.target);
    if (!is_given || option.choices.empty() || text == nullptr) continue;
    if (std::find(option.choices.begin(), option.choices.end(), **text) != option.choices.end()) continue;
    const std::string near = nearest(**text, option.choices);
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "unknown value of " + name,
                                          .got = **text,
                                          .expected = fmt::format("{}", fmt::join(option.choices, ", ")),
                                          .hint = near.empty() ? "" : "did you mean " + near + "?"});
  }
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments, const Subcommands& commands,
                                       CommonOptions& common) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h")
    return CommandLine{.text = program_help(commands)};
  if (arguments[0] == "--version") return CommandLine{.text = "pegbox " PEGBOX_VERSION "\n"};
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const auto& command) { return command->text().name == arguments[0]; });
  if (found == commands.end()) return unknown_command(arguments[0], commands);

  Subcommand& command = **found;
  const CommandText text = command.text();
  auto options = command.options();
  for (Option& option : common_option_rows(common, text)) options.push_back(std::move(option));
  PEGBOX_CHECK(check_nothing_is_empty(arguments, text.name, options));
  CLI::App app;
  app.set_help_flag("-h,--help");
  app.allow_extras();
  for (const Option& option : options) add_option(app, option);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);
    app.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    return CommandLine{.text = command_help(command)};
  } catch (const CLI::ParseError& error) {
    return fail(ErrorKind::InvalidInput, {.where = "pegbox " + text.name,
                                          .what = error.what(),
                                          .hint = fmt::format("see `pegbox {} --help`", text.name)});
  }
  if (const auto extras = app.remaining(); !extras.empty()) return unexpected_argument(text.name, extras[0], options);
  PEGBOX_CHECK(check_values(app, text.name, options));
  return CommandLine{.command = &command};
}

}  // namespace pegbox
