// pegbox train: one training run without a search.
#include "app/commands/table.h"
#include "app/quick_study.h"
#include "app/session.h"
#include "app/trainer_program.h"
#include "app/trial_section.h"
#include "app/yaml_document.h"

namespace pegbox {

namespace {

class Train final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "train",
            .group = CommandGroup::Models,
            .summary = "train one model or adapter, without a search",
            .description =
                "Trains once, with the fields of a run file (as under `trainer:` in a study file, and `output:`) "
                "and of flags; flags go first. Ctrl-C stops after a checkpoint.",
            .example =
                "pegbox train run.yaml\n"
                "pegbox train --model models/base --data notes.txt --output adapters/notes --set rank=8"};
  }
  std::vector<Option> options() override {
    return {
        {.names = "file", .target = &file_, .value = "FILE", .help = "the run file", .completion = Completion::File},
        {.names = "--model",
         .target = &model_,
         .value = "DIR",
         .help = "the model's folder; none for method scratch",
         .completion = Completion::Folder},
        {.names = "--data",
         .target = &data_,
         .value = "PATH",
         .help = "text to train on (.txt, .jsonl or a folder); may be repeated",
         .completion = Completion::File},
        {.names = "--validation",
         .target = &validation_,
         .value = "PATH",
         .help = "text to measure the loss on",
         .completion = Completion::File},
        {.names = "--method",
         .target = &method_,
         .value = "METHOD",
         .help = "lora, full, scratch, ... (docs/methods.md) [lora]"},
        {.names = "-o,--output",
         .target = &output_,
         .value = "DIR",
         .help = "where the result goes",
         .completion = Completion::Folder},
        {.names = "--set",
         .target = &set_,
         .value = "NAME=VALUE",
         .help = "a field of the trainer, such as learning_rate=3e-4; may be repeated"},
    };
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(Json config, file_.empty() ? Result<Json>(Json::object()) : read_run_file());
    PEGBOX_CHECK(add_flags(config));
    if (!config.contains("output"))
      return fail(ErrorKind::InvalidInput,
                  {.where = "pegbox train", .what = "--output is missing", .expected = "a folder for the result"});
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    return trainer.run("train", config, session.console(), session.interrupted(), TrainerOutput::Result,
                       file_.empty() ? "command line" : file_);
  }

 private:
  Result<Json> read_run_file() const {
    PEGBOX_TRY(const Document document, read_document(file_));
    std::error_code ignored;
    const Node root = document.root();
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    PEGBOX_TRY(const TrainerFields known, trainer.fields());
    PEGBOX_CHECK(root.only(std::vector<std::string_view>(known.all.begin(), known.all.end())));
    return resolve_trainer_paths(root, std::filesystem::absolute(file_, ignored).parent_path());
  }

  Result<void> add_flags(Json& config) const {
    if (!model_.empty()) config["model"] = model_;
    if (!data_.empty()) config["data"] = {{"train", data_}};
    if (!validation_.empty()) config["data"]["validation"] = validation_;
    if (!method_.empty()) config["method"] = method_;
    if (!output_.empty()) config["output"] = output_;
    PEGBOX_TRY(const Json fields, fields_of_flags(set_, "--set"));
    for (const auto& [name, value] : fields.items()) config[name] = value;
    return {};
  }

  std::string file_, model_, validation_, method_, output_;
  std::vector<std::string> data_, set_;
};

}  // namespace

std::unique_ptr<Subcommand> make_train_command() { return std::make_unique<Train>(); }

}  // namespace pegbox
