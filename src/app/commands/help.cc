// pegbox help: the help texts, and the references made from them and from the trainer's fields.
#include "app/commands/table.h"
#include "app/session.h"
#include "app/trainer_program.h"
#include "app/training_reference.h"
#include "evaluation/metric.h"

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
            {.names = "--markdown", .target = &markdown_, .value = "", .help = "all commands as Markdown"},
            {.names = "--training",
             .target = &training_,
             .value = "",
             .help = "the trainer's fields and what is searched of them, as Markdown"},
            {.names = "--metrics", .target = &metrics_, .value = "", .help = "the metrics of evaluate, as Markdown"}};
  }
  Result<ExitCode> run(Session& session) override {
    if (markdown_) {
      session.console().print(commands_as_markdown(session.commands()));
      return ExitCode::Done;
    }
    if (training_) {
      PEGBOX_TRY(const auto trainer, TrainerProgram::find());
      PEGBOX_TRY(const Json fields, trainer.field_rows());
      session.console().print(training_reference(fields));
      return ExitCode::Done;
    }
    if (metrics_) {
      session.console().print(metrics_markdown());
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
  bool markdown_ = false, training_ = false, metrics_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_help_command() { return std::make_unique<Help>(); }

}  // namespace pegbox
