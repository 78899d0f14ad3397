// pegbox help: the help texts, and the reference made from them.
#include "app/commands/table.h"
#include "app/session.h"

namespace pegbox {

namespace {

class Help final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "help",
            .group = CommandGroup::Program,
            .summary = "say what a command does",
            .description = "Prints the help of the program, or of one command.",
            .example = "pegbox help tune"};
  }
  std::vector<Option> options() override {
    return {{.names = "command", .target = &command_, .value = "COMMAND", .help = "the command"},
            {.names = "--markdown", .target = &markdown_, .value = "", .help = "all commands as Markdown"}};
  }
  Result<ExitCode> run(Session& session) override {
    if (markdown_) {
      session.console().print(commands_as_markdown(session.commands()));
      return ExitCode::Done;
    }
    if (command_.empty()) {
      session.console().print(program_help(session.commands()));
      return ExitCode::Done;
    }
    std::vector<std::string> names;
    for (const auto& command : session.commands()) {
      names.push_back(command->text().name);
      if (names.back() != command_) continue;
      session.console().print(command_help(*command));
      return ExitCode::Done;
    }
    const std::string near = nearest_name(command_, std::vector<std::string_view>(names.begin(), names.end()));
    return fail(ErrorKind::InvalidInput,
                {.where = "pegbox help",
                 .what = "no such command",
                 .got = command_,
                 .hint = near.empty() ? "`pegbox --help` lists them" : "did you mean " + near + "?"});
  }

 private:
  std::string command_;
  bool markdown_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_help_command() { return std::make_unique<Help>(); }

}  // namespace pegbox
