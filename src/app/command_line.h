// CommandLine: which command the user called, with the values of its options in place.
#pragma once

#include <string>
#include <vector>

#include "app/common_options.h"
#include "app/help_text.h"
#include "base/result.h"

namespace pegbox {

/// What to do: run `command`, or only print `text`.
struct CommandLine {
  Subcommand* command = nullptr;
  std::string text;
};

/// Reads `arguments` (without the program's name) into the options' targets. InvalidInput, with the nearest known name,
/// for unknown commands and flags, missing or malformed values.
Result<CommandLine> parse_command_line(const std::vector<std::string>& arguments, const Subcommands& commands,
                                       CommonOptions& common);

}  // namespace pegbox
