// The program pegbox.
#include <string>
#include <vector>

#include "app/command_line.h"
#include "app/commands/table.h"
#include "app/interrupts.h"
#include "app/log.h"
#include "app/session.h"

namespace pegbox {
namespace {

ExitCode report(Console& console, const Error& error) {
  console.error(error.message);
  return exit_code_of(error.kind);
}

/// A result that did not reach its file is none.
ExitCode finish(Console& console, ExitCode code) {
  const auto written = console.check_output();
  if (written) return code;
  const ExitCode failed = report(console, written.error());
  return code == ExitCode::Done ? failed : code;
}

ExitCode run(const std::vector<std::string>& arguments) {
  const Subcommands commands = make_commands();
  CommonOptions common;
  Console plain(false, false, Log());
  const auto line = parse_command_line(arguments, commands, common);
  if (!line) return report(plain, line.error());
  if (line->command == nullptr) {
    plain.print(line->text);
    return finish(plain, ExitCode::Done);
  }
  Log log;
  if (!common.log_file.empty()) {
    auto opened = Log::open(common.log_file, common.verbose);
    if (!opened) return report(plain, opened.error());
    log = std::move(*opened);
  }
  Console console(common.quiet, common.verbose, std::move(log));
  Session session(common, console, commands, catch_interrupts());
  const auto code = line->command->run(session);
  return finish(console, code ? *code : report(console, code.error()));
}

}  // namespace
}  // namespace pegbox

int main(int argument_count, char** arguments) {
  return static_cast<int>(pegbox::run({arguments + 1, arguments + argument_count}));
}
