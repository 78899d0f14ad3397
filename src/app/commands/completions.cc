// pegbox completions: scripts for shells.
#include "app/completions.h"

#include "app/commands/table.h"
#include "app/session.h"

namespace pegbox {

namespace {

class PrintCompletions final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "completions",
            .group = CommandGroup::Program,
            .summary = "make a shell complete pegbox's commands and options",
            .description = "Prints a script that makes a shell complete commands, options, files and study names.",
            .example =
                "source <(pegbox completions bash)\n"
                "pegbox completions zsh > ~/.zfunc/_pegbox\n"
                "pegbox completions fish > ~/.config/fish/completions/pegbox.fish"};
  }
  std::vector<Option> options() override {
    return {{.names = "shell",
             .target = &shell_,
             .value = "SHELL",
             .help = "the shell",
             .choices = {"bash", "zsh", "fish"},
             .required = true}};
  }
  Result<ExitCode> run(Session& session) override {
    const Subcommands& commands = session.commands();
    session.console().print(shell_ == "bash"  ? bash_completions(commands)
                            : shell_ == "zsh" ? zsh_completions(commands)
                                              : fish_completions(commands));
    return ExitCode::Done;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Subcommand> make_completions_command() { return std::make_unique<PrintCompletions>(); }

}  // namespace pegbox
