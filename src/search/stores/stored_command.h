// StoredCommand: what a posted wish is called in a store's table.
#pragma once

#include <optional>
#include <string_view>

#include "search/store.h"

namespace pegbox {

struct CommandName {
  Command command;
  std::string_view name;
};
inline constexpr CommandName kCommandNames[] = {
    {Command::Pause, "pause"},
    {Command::Stop, "stop"},
    {Command::PauseTrial, "pause-trial"},
    {Command::StopTrial, "stop-trial"},
};

constexpr std::string_view stored_name(Command command) {
  for (const CommandName& row : kCommandNames)
    if (row.command == command) return row.name;
  return {};
}

/// Nothing for a name that a later version wrote.
constexpr std::optional<Command> command_stored_as(std::string_view name) {
  for (const CommandName& row : kCommandNames)
    if (row.name == name) return row.command;
  return std::nullopt;
}

}  // namespace pegbox
