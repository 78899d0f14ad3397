// StoredCommand: what a posted wish is as a store's row.
#include "search/stores/stored_command.h"

#include <algorithm>
#include <iterator>

namespace pegbox {
namespace {

struct CommandName {
  Command command;
  std::string_view name;
};
constexpr CommandName kCommandNames[] = {
    {Command::Pause, "pause"},
    {Command::Stop, "stop"},
    {Command::PauseTrial, "pause-trial"},
    {Command::StopTrial, "stop-trial"},
    {Command::ResumeTrial, "resume-trial"},
    {Command::Enqueue, "enqueue"},
};

}  // namespace

std::string stored_text(const PostedCommand& posted) {
  const auto known = std::ranges::find(kCommandNames, posted.command, &CommandName::command);
  const std::string name(known->name);
  return posted.command == Command::Enqueue ? name + " " + to_line(posted.config.to_json()) : name;
}

std::optional<PostedCommand> command_of(std::string_view text, std::int64_t trial) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const auto known = std::ranges::find(kCommandNames, text.substr(0, end), &CommandName::name);
  if (known == std::end(kCommandNames)) return std::nullopt;
  PostedCommand posted{known->command, trial};
  if (posted.command != Command::Enqueue) return posted;
  const auto config = parse_json(text.substr(end), "command").and_then(&Config::from_json);
  if (!config) return std::nullopt;
  posted.config = *config;
  return posted;
}

}  // namespace pegbox
