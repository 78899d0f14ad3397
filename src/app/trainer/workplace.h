// Workplace: what all runs of a process share: the base model, the corpus and the lanes, loaded once.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "app/trainer/settings.h"
#include "app/trainer/teacher_model.h"
#include "app/trainer/trial_metrics.h"
#include "base/json.h"
#include "base/protocol.h"
#include "base/result.h"
#include "train/corpus.h"
#include "train/lanes.h"
#include "train/model/model_files.h"
#include "train/run.h"

namespace pegbox::trainer {

struct Workplace {
  train::BaseModel base;                  ///< without decoder and weights if no model is given
  std::unique_ptr<TeacherModel> teacher;  ///< nothing if none is given
  std::unique_ptr<train::Corpus> corpus;
  std::optional<TrialMetrics> trial_metrics;  ///< nothing if the config asks for no evaluations
  std::unique_ptr<train::Lanes> lanes;
  std::map<std::pair<std::int64_t, std::int64_t>, train::EvaluationRows> samples;  ///< made by `validation_rows`
  std::int64_t vocabulary = 0;            ///< rows of the embedding of a model from scratch
  double loaded_bytes = 0;                ///< resident when all this was loaded and warm, before any run
  std::vector<train::TrainingRun*> pool;  ///< the runs that take their steps together now
  train::MemoryCorrection correction;     ///< of what runs are predicted to need, learned from those that were
};

/// Loads what the config names. Without a model and a tokenizer, a tokenizer is trained on the training data.
Result<Workplace> open_workplace(const Config& config);

/// Rows of the embedding of a model from scratch: the tokenizer's tokens, or, of one that is given, as many as the
/// settings ask for. People round up to a multiple of 64 or so; rows beyond the tokenizer's are never read.
std::int64_t embedding_rows(const Settings& settings, const text::ModelText& text);

/// Tokenizes the data and takes a first small step, so that what a process needs once (code, workspaces of products) is
/// there and counted in `loaded_bytes`, and not in what a run needs. A fault is left for the first run to meet.
void warm_up(Workplace& workplace, const train::TrainConfig& run);

/// The data alone, and the text side of the model.
Result<std::unique_ptr<train::Corpus>> load_corpus(const Config& config);

/// How a base is kept: in the smallest form that serves all trials of the config `run`; of adapters that are merged,
/// as they were trained.
Result<train::BaseStorage> storage_of(const Json& run);

/// What laws and people may ask of a model: {"parameters", "parameters_without_tables", "layers", "width", "heads"};
/// with µP "rate_parameters", those without tables at the base width, of which the learning rate is.
Json model_facts(const train::ModelConfig& model, const train::ModelLayout& layout);

/// A run with what it owns besides the workplace.
struct OwnedRun {
  train::BaseModel fresh;                          ///< the architecture of a run from scratch
  std::unique_ptr<text::TokenizedRows> augmented;  ///< its training rows with copies of them, if its config makes some
  std::unique_ptr<text::TokenizedRows> asked;  ///< what it is judged by, where that is not the validation data as is
  std::unique_ptr<train::TrainingRun> run;
};

/// A new run of a resolved config, at its beginning.
Result<std::unique_ptr<OwnedRun>> make_run(Workplace& workplace, const train::TrainConfig& config);

/// InvalidInput if no run of a resolved config could begin here, however much memory there is: as make_run, which looks
/// at the model's weights besides. Of data as tokens, those of `sequence_length` of `defaults` are looked at.
Result<void> check_run(Workplace& workplace, const train::TrainConfig& config, const train::TrainConfig& defaults);

/// InvalidInput if the config asks for copies of training rows that cannot be made.
Result<void> check_augmentation(const train::Corpus& corpus, const train::TrainConfig& config);

/// InvalidInput if something acts on the loss of validation data, and there are none, or none of a set of a stream.
Result<void> check_validation(const train::Corpus& corpus, const train::TrainConfig& config);

/// What a run of a resolved config needs besides the base model.
Result<train::MemoryNeed> memory_need_of(const Workplace& workplace, const train::TrainConfig& config);

/// The validation loss of a run as it stands, which the run is told: on its way of a sample (evaluate_fraction), unless
/// it acts on losses. At the borders of a stream's stages, whose record is kept, and at its end of all rows, and with
/// restore_best, that of its best weights, which are then its result; InvalidInput without validation data, Diverged if
/// it is not a number.
Result<train::Evaluation> evaluate_run(Workplace& workplace, OwnedRun& run);

/// What the config's evaluations say of a run: at its end, or at a rung.
Result<Metrics> trial_metrics(Workplace& workplace, const OwnedRun& run, bool at_end);

/// Of the sets of a mixture or a stream: `validation_loss.NAME` of each, and their mean, `mean_set_loss`.
Metrics set_metrics(const train::Evaluation& evaluation);

/// Adds `accuracy` and `macro_f1` to a result, if it is of a classifier.
void add_class_scores(const train::Evaluation& evaluation, Json& result);

/// Saves model or adapter with the tokenizer, as others load it.
Result<void> save_run(const Workplace& workplace, const OwnedRun& run, const Path& folder);

int threads_of(const Settings& settings);

}  // namespace pegbox::trainer
