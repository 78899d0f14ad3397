// Completions: scripts that make a shell complete pegbox's commands, options, files and study names.
#pragma once

#include <string>

#include "app/help_text.h"

namespace pegbox {

std::string bash_completions(const Subcommands& commands);
std::string zsh_completions(const Subcommands& commands);
std::string fish_completions(const Subcommands& commands);

}  // namespace pegbox
