// pegbox init: writes a commented study file for the model and data, or the program, at hand.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/default_space.h"
#include "app/session.h"
#include "app/study_file.h"
#include "app/study_template.h"
#include "app/trainer_program.h"
#include "app/yaml_document.h"

namespace pegbox {

namespace {

class Init final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "init",
            .group = CommandGroup::Search,
            .summary = "write a study file to begin with",
            .description =
                "Writes a commented study file for the model and data at hand, or for a program of your own, ready "
                "for `pegbox tune`. A file that exists is not replaced.",
            .example =
                "pegbox init --model models/base --data notes.txt\n"
                "pegbox init --command 'python train.py --lr {lr}' --metric loss"};
  }
  std::vector<Option> options() override {
    return {
        {.names = "--model",
         .target = &choices_.model,
         .value = "DIR",
         .help = "the model's folder",
         .completion = Completion::Folder},
        {.names = "--data",
         .target = &choices_.data,
         .value = "PATH",
         .help = "text to train on (.txt, .jsonl or a folder); may be repeated",
         .completion = Completion::File},
        {.names = "--validation",
         .target = &choices_.validation,
         .value = "PATH",
         .help = "text to compare on; else a part of the data",
         .completion = Completion::File},
        {.names = "--method",
         .target = &choices_.method,
         .value = "METHOD",
         .help = "what is trained [lora]",
         .choices = methods_with_default_space()},
        {.names = "--command",
         .target = &choices_.command,
         .value = "COMMAND",
         .help = "a program of your own, with {name} for each hyperparameter"},
        {.names = "--metric", .target = &choices_.metric, .value = "NAME", .help = "what the command reports [loss]"},
        {.names = "--name", .target = &choices_.name, .value = "NAME", .help = "the study's name [my-study]"},
        {.names = "-o,--output",
         .target = &output_,
         .value = "FILE",
         .help = "the file to write [study.yaml]",
         .completion = Completion::File},
    };
  }
  Result<ExitCode> run(Session& session) override {
    if (choices_.command.empty() && (choices_.data.empty() || (choices_.model.empty() && choices_.method != "scratch")))
      return fail(ErrorKind::InvalidInput,
                  {.where = "pegbox init",
                   .what = "nothing to tune is named",
                   .hint = "give --model DIR --data FILE, or --command 'python train.py --lr {lr}'"});
    std::error_code ignored;
    if (std::filesystem::exists(output_, ignored))
      return fail(
          ErrorKind::Conflict,
          {.where = output_, .what = "the file exists", .hint = "name another one with --output, or remove it"});
    const auto described = describe(session);
    const Path folder = std::filesystem::absolute(output_, ignored).parent_path();
    make_paths_relative_to(folder);
    PEGBOX_TRY(const std::string text, study_template(choices_, described));
    PEGBOX_TRY(Document document, parse_yaml(text, output_));
    if (described || !choices_.command.empty()) PEGBOX_CHECK(StudyFile::read(std::move(document), folder, described));
    PEGBOX_CHECK(replace_file(output_, text));
    session.console().say(fmt::format("{} is written. Look at it, then: pegbox tune {}", output_, output_));
    return ExitCode::Done;
  }

 private:
  /// Paths in a study file are relative to it.
  void make_paths_relative_to(const Path& folder) {
    std::error_code ignored;
    if (std::filesystem::equivalent(folder, std::filesystem::current_path(ignored), ignored)) return;
    const auto relative = [&](std::string& path) {
      if (!path.empty()) path = std::filesystem::proximate(path, folder, ignored).string();
    };
    relative(choices_.model);
    relative(choices_.validation);
    for (std::string& path : choices_.data) relative(path);
  }

  /// What the trainer says of model and data; nothing, with a warning, where it cannot look at them.
  std::optional<Json> describe(Session& session) const {
    if (!choices_.command.empty()) return std::nullopt;
    const auto trainer = TrainerProgram::find();
    if (!trainer) return std::nullopt;
    Json config = {{"method", choices_.method}, {"data", {{"train", choices_.data}}}};
    if (!choices_.model.empty()) config["model"] = choices_.model;
    if (!choices_.validation.empty()) config["data"]["validation"] = choices_.validation;
    const auto described = trainer->ask("describe", config);
    if (described) return *described;
    session.console().warn("the trainer cannot read model and data: " + described.error().message);
    return std::nullopt;
  }

  TemplateChoices choices_;
  std::string output_ = "study.yaml";
};

}  // namespace

std::unique_ptr<Subcommand> make_init_command() { return std::make_unique<Init>(); }

}  // namespace pegbox
