// TrialSection: the part `trial:` of a study file: what runs a trial.
//
//   trial: {trainer: {model: DIR, data: {train: FILE, validation: FILE}, rank: 8}}   the built-in trainer
//   trial: {command: "python train.py --lr {learning_rate}", metric: {loss: "loss: (\\S+)"}}
//   trial: {worker: "python worker.py"}                                              speaks the trial protocol
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/trainer_program.h"
#include "base/document.h"
#include "base/file.h"
#include "base/result.h"
#include "evaluation/trial_evaluation.h"

namespace pegbox {

enum class TrialKind : std::uint8_t { Trainer, Command, Worker };

struct TrialSection {
  TrialKind kind = TrialKind::Trainer;
  Path folder;                               ///< of the study file: where commands run and what paths are relative to
  Json trainer = Json::object();             ///< Trainer: its fields as written, with absolute paths
  std::vector<TrialEvaluation> evaluations;  ///< Trainer: its field `evaluate`, read
  std::string command;                       ///< Command: with placeholders; Worker: as it is
  std::map<std::string, std::string> patterns;  ///< Command: metric -> pattern of its value in the output
  std::string step_pattern;                     ///< Command: of the step, or empty

  /// Reads and checks `trial`. `parameters`: the names in the space, which placeholders may use. NotFound, with the
  /// line, for a model folder or data file that is not there.
  static Result<TrialSection> read(const Node& trial, const Path& folder, const std::vector<std::string>& parameters);
};

/// Makes the paths in `{model, adapter, adapters, start_adapter, teacher, data, evaluate, output}` absolute and checks
/// that what is read exists.
Result<Json> resolve_trainer_paths(const Node& trainer, const Path& folder);

/// Refuses names, among the section's fields and the space's parameters, that the trainer does not know, naming the
/// nearest, a mixture of training sets that are not there, and weights of adapters that are not.
Result<void> check_trainer_names(const Node& trainer, const Node& space, const TrainerFields& known);

}  // namespace pegbox
