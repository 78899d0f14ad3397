// Settings: the config file of pegbox-trainer: what is there (model, data, folders) and, beside it, the fields of a
// run.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/field_table.h"
#include "base/json.h"
#include "base/result.h"
#include "evaluation/trial_evaluation.h"
#include "text/loss_on.h"
#include "train/corpus.h"
#include "train/train_config.h"

namespace pegbox::trainer {

struct Settings {
  std::string model;               ///< folder of the base model; empty: none, for runs from scratch
  std::string tokenizer;           ///< folder with a tokenizer.json, where it is not the model's
  std::string adapter;             ///< folder of an adapter to put on the model, where nothing is trained
  std::string teacher;             ///< folder of a model that runs learn from besides the labels; empty: none
  std::string teacher_adapter;     ///< folder of an adapter to put on it
  double teacher_bytes = 1 << 30;  // of its answers kept in memory
  std::string output;              ///< where a verb leaves what it makes
  std::string result = "model";    ///< merge: what it makes: a model or an adapter
  std::string folder;              ///< of a worker: trial-N/ below it holds a trial's checkpoints and result
  std::string tensorboard;         ///< folder of event files; empty: none are written
  std::int64_t threads = 0, slots = 1;
  double checkpoint_every = 30;  // s
  double held_bytes = 1 << 30;   // of waiting trials kept in memory
  double validation_fraction = 0.05;
  std::string chat_template;  ///< a file, or a name; empty: the model's
  std::string loss_on = "completions";
  std::int64_t vocabulary = 0;  ///< of a model from scratch; 0: its tokenizer's, or kTrainedVocabulary
  std::string draws;            ///< describe: configs of trials, as a JSON list
  std::string facts;            ///< train: file for facts of model, data and run
  std::string per_row;          ///< evaluate: file for the loss of each text apart
  std::string records;          ///< evaluate: file for all that is measured of each row
  bool generate = false;        ///< evaluate: the model completes prompts, too
  std::string prompt;
  std::int64_t rows = 8;
  std::int64_t inspect_tokens = 32768, removal_tokens = 2048;  ///< inspect: of the data
  bool json = false;
};

const FieldTable<Settings>& setting_fields();

/// A config file, read: settings, data files, and the fields that are a run's defaults.
struct Config {
  Settings settings;
  bool has_data = false;
  train::DataFiles data;
  std::vector<TrialEvaluation> evaluations;  ///< of runs, besides their validation loss
  Json run = Json::object();
};

/// The verbs that read the field `evaluate`.
inline constexpr std::array<std::string_view, 4> kEvaluatingVerbs = {"train", "worker", "describe", "preflight"};

/// The verbs that read a field; empty: all.
std::vector<std::string_view> verbs_reading(std::string_view field);

/// Reads a flat object for a verb: those rows of `setting_fields` that it reads, rows of train::train_fields, and
/// `data`. Other names are refused with the nearest known one; the run's fields are validated.
Result<Config> read_config(const Document& document, std::string_view verb);

/// The command line of a verb: `--config FILE`, `--json-config TEXT` and `--name value`, in the order given; later ones
/// win.
Result<Document> read_command_line(const std::vector<std::string>& arguments);

text::LossOn loss_on_of(const Settings& settings);

/// Makes the output folder, if one is named, before the work, so that a mistake shows at once. Refused: a folder that
/// the verb also reads: the model's, an adapter's, or one of `inputs`.
Result<void> prepare_output(const Settings& settings, const std::vector<std::string>& inputs = {});

}  // namespace pegbox::trainer
