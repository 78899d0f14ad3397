// RunFlags: see run_flags.h.
#include "app/run_flags.h"

#include "app/quick_study.h"
#include "app/trainer_program.h"
#include "app/trial_section.h"
#include "app/yaml_document.h"

namespace pegbox {

namespace {

/// The fields of a section of a file, of which `verb` knows the names.
Result<Json> read_fields(const Node& trainer, const Path& folder, const std::string& verb) {
  PEGBOX_TRY(const auto program, TrainerProgram::find());
  PEGBOX_TRY(const TrainerFields known, program.fields(verb));
  PEGBOX_CHECK(trainer.only(std::vector<std::string_view>(known.all.begin(), known.all.end())));
  return resolve_trainer_paths(trainer, folder);
}

/// The sets that a study searches the shares of, each in the same share; an empty object if it searches none.
Json searched_mixture(const Node& study) {
  Json shares = Json::object();
  if (!study.has("space")) return shares;
  const Json& space = study.json()["space"];
  if (!space.is_object() || !space.contains("mixture") || !space["mixture"].contains("simplex")) return shares;
  for (const Json& name : space["mixture"]["simplex"])
    if (name.is_string()) shares[name.get<std::string>()] = 1;
  return shares;
}

Result<Json> read_study(const Node& study, const Path& folder) {
  PEGBOX_TRY(const Node trial, study.at("trial"));
  if (!trial.has("trainer"))
    return trial.fail("only the built-in trainer says what model and data are", "trial: {trainer: ...}");
  PEGBOX_TRY(const Node trainer, trial.at("trainer"));
  PEGBOX_TRY(Json config, read_fields(trainer, folder, "worker"));
  if (const Json shares = searched_mixture(study); !shares.empty()) config["mixture"] = shares;
  if (!study.has("try_first")) return config;
  PEGBOX_TRY(const Node first, study.at("try_first"));
  if (!first.items().empty()) config.update(first.items()[0].json());
  return config;
}

Result<Json> read_run_file(const std::string& file, bool takes_study) {
  PEGBOX_TRY(const Document document, read_document(file));
  std::error_code ignored;
  const Path folder = std::filesystem::absolute(file, ignored).parent_path();
  const Node root = document.root();
  return takes_study && root.has("trial") ? read_study(root, folder) : read_fields(root, folder, "train");
}

}  // namespace

std::vector<Option> RunFlags::options() {
  return {
      {.names = "file", .target = &file, .value = "FILE", .help = "the run file", .completion = Completion::File},
      {.names = "--model",
       .target = &model,
       .value = "DIR",
       .help = "the model's folder; none for method scratch",
       .completion = Completion::Folder},
      {.names = "--data",
       .target = &data,
       .value = "PATH",
       .help = "text to train on (docs/data.md); may be repeated",
       .completion = Completion::File},
      {.names = "--validation",
       .target = &validation,
       .value = "PATH",
       .help = "text to measure the loss on",
       .completion = Completion::File},
      columns_option(&columns),
      {.names = "--method",
       .target = &method,
       .value = "METHOD",
       .help = "lora, full, scratch, ... (docs/methods.md) [lora]"},
      {.names = "--set",
       .target = &set,
       .value = "NAME=VALUE",
       .help = "a field of the trainer, such as learning_rate=3e-4; may be repeated"},
  };
}

Result<Json> RunFlags::config(bool takes_study) const {
  Json config = Json::object();
  if (!file.empty()) {
    PEGBOX_TRY(config, read_run_file(file, takes_study));
  }
  if (!model.empty()) config["model"] = model;
  if (!data.empty()) config["data"] = {{"train", data}};
  if (!validation.empty()) config["data"]["validation"] = validation;
  if (!columns.empty()) {
    if (!config["data"].is_object()) config["data"] = {{"train", config["data"]}};
    PEGBOX_TRY(config["data"]["columns"], fields_of_flags(columns, "--columns"));
  }
  if (!method.empty()) config["method"] = method;
  PEGBOX_TRY(const Json fields, fields_of_flags(set, "--set"));
  config.update(fields);
  return config;
}

}  // namespace pegbox
