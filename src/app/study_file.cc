// StudyFile: a study file as the program reads it.
#include "app/study_file.h"

#include <algorithm>

#include "app/auto_space.h"
#include "app/data_splits.h"
#include "app/drawn_values.h"
#include "app/trainer_program.h"
#include "app/yaml_document.h"

namespace pegbox {

namespace {

bool has_rungs(const StudySpec& spec) { return spec.stop.size() > 1 || spec.stop.front().name != "none"; }

/// Rungs compare trials by the objectives, which must then be measured there.
Result<void> measure_objectives_at_rungs(const StudySpec& spec, TrialSection& trial) {
  for (std::size_t i = 0; i < trial.evaluations.size(); ++i) {
    TrialEvaluation& evaluation = trial.evaluations[i];
    const auto found = std::ranges::find_if(
        spec.objectives, [&](const Objective& objective) { return evaluation.measures(objective.metric); });
    if (found == spec.objectives.end() || evaluation.at_rungs == true || !has_rungs(spec)) continue;
    if (evaluation.at_rungs)
      return fail(ErrorKind::InvalidInput,
                  {.where = "trial: trainer: evaluate: at",
                   .what = "a stopping rule compares trials by " + found->metric + " before their end",
                   .got = "at: end",
                   .expected = "at: rungs, or stop: none"});
    evaluation.at_rungs = true;
    Json& evaluate = trial.trainer["evaluate"];
    (evaluate.is_array() ? evaluate[i] : evaluate)["at"] = "rungs";
  }
  return {};
}

}  // namespace

Result<StudyFile> StudyFile::load(const Path& path) {
  PEGBOX_TRY(Document document, read_document(path));
  if (document.json.is_object() && !document.json.contains("name")) document.json["name"] = path.stem().string();
  std::error_code code;
  const Path folder = std::filesystem::absolute(path, code).parent_path();
  return read(std::move(document), folder);
}

Result<StudyFile> StudyFile::read(Document document, const Path& folder, std::optional<Json> described) {
  StudyFile file{.folder = folder, .described = std::move(described)};
  if (needs_facts(document.json)) PEGBOX_CHECK(complete_space(document, folder, file.described));
  PEGBOX_TRY(file.spec, StudySpec::read(document));
  const Node root = document.root();
  PEGBOX_TRY(const Node trial, root.at("trial"));
  std::vector<std::string> parameters;
  for (const Parameter& parameter : file.spec.space.parameters())
    for (std::string& name : parameter.config_names()) parameters.push_back(std::move(name));
  PEGBOX_TRY(file.trial, TrialSection::read(trial, folder, parameters));
  PEGBOX_TRY(file.checks, StudyChecks::read(root, file.trial, folder));
  if (file.trial.kind == TrialKind::Trainer) {
    PEGBOX_TRY(const Node trainer, trial.at("trainer"));
    PEGBOX_TRY(const Node space, root.at("space"));
    PEGBOX_TRY(const auto program, TrainerProgram::find());
    PEGBOX_TRY(const auto fields, program.fields("worker"));
    PEGBOX_CHECK(check_trainer_names(trainer, space, fields));
    PEGBOX_CHECK(check_splits(file.trial));
    PEGBOX_CHECK(measure_objectives_at_rungs(file.spec, file.trial));
  }
  return file;
}

Result<void> StudyFile::describe() {
  if (trial.kind != TrialKind::Trainer) return {};
  const std::vector<DrawnValue> drawn = drawn_values(spec);
  if (described && drawn.empty()) return {};
  Json config = trial.trainer, draws = Json::array();
  for (const DrawnValue& draw : drawn) draws.push_back(draw.config.to_json());
  config["draws"] = to_line(draws);
  PEGBOX_TRY(const auto trainer, TrainerProgram::find());
  PEGBOX_TRY(described, trainer.ask("describe", config));
  const Json refused = described->value("refused", Json::array());
  described->erase("refused");
  return check_drawn(drawn, refused);
}

}  // namespace pegbox
