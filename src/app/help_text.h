// Help texts, made from the commands and their options: `pegbox --help`, `pegbox COMMAND --help`, docs/commands.md.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/option.h"
#include "app/subcommand.h"

namespace pegbox {

using Subcommands = std::vector<std::unique_ptr<Subcommand>>;

std::string program_help(const Subcommands& commands);
std::string command_help(Subcommand& command);
std::string commands_as_markdown(const Subcommands& commands);

/// All options of a command, the common ones and --help included; their targets point nowhere.
std::vector<Option> options_for_display(Subcommand& command);

}  // namespace pegbox
