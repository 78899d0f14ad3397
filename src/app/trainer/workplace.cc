// Workplace: see workplace.h.
#include "app/trainer/workplace.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <tuple>

#include "train/augmented_rows.h"
#include "train/config_rules.h"
#include "train/guard.h"
#include "train/method/merge.h"
#include "train/method/method.h"
#include "train/method/scratch_model.h"
#include "train/run_plan.h"
#include "train/stage_lengths.h"
#include "train/stages.h"

namespace pegbox::trainer {

namespace {

constexpr const char* kEndToken = "<|end|>";  // of tokenizers that are trained here
constexpr std::int64_t kTrainedVocabulary = 2048;

Result<text::ModelText> train_tokenizer(const train::DataRows& rows, std::int64_t vocabulary) {
  std::vector<std::string> texts;
  for (const text::Row& row : rows.parts[0]) {
    texts.push_back(row.prompt + row.text);
    if (!row.conversation) continue;
    for (const Json& message : row.conversation->messages)
      if (message.contains("content") && message["content"].is_string())
        texts.push_back(message["content"].get<std::string>());
  }
  PEGBOX_TRY(text::Tokenizer tokenizer,
             text::Tokenizer::train_byte_level_bpe(texts, static_cast<int>(vocabulary), kEndToken));
  const text::TokenId id = tokenizer.token_id(kEndToken).value_or(0);
  return text::ModelText{.tokenizer = std::move(tokenizer), .end = {kEndToken, id}, .begin = {}, .pad = {}};
}

/// Whether a tokenizer is given, so that none is trained.
bool has_tokenizer(const Settings& settings) {
  return !settings.tokenizer.empty() || !settings.model.empty() || !settings.teacher.empty();
}

/// The text side of a model folder, with the chat template that the settings choose.
Result<text::ModelText> read_text(const Settings& settings, const std::string& folder) {
  PEGBOX_TRY(text::ModelText text, text::read_model_text(folder));
  if (!settings.chat_template.empty()) PEGBOX_CHECK(text::choose_chat_template(text, settings.chat_template));
  return text;
}

Result<text::ModelText> find_text(const Config& config, const train::DataRows& rows) {
  const Settings& settings = config.settings;
  if (!settings.tokenizer.empty()) return read_text(settings, settings.tokenizer);
  if (!settings.model.empty()) return read_text(settings, settings.model);
  if (!settings.teacher.empty()) return read_text(settings, settings.teacher);
  if (rows.has[0]) {
    PEGBOX_TRY(text::ModelText text,
               train_tokenizer(rows, settings.vocabulary > 0 ? settings.vocabulary : kTrainedVocabulary));
    if (!settings.chat_template.empty()) PEGBOX_CHECK(text::choose_chat_template(text, settings.chat_template));
    return text;
  }
  return fail(ErrorKind::InvalidInput, {.where = "config",
                                        .what = "there is neither a model nor a tokenizer",
                                        .expected = "model, tokenizer, or training data to train a tokenizer on"});
}

/// That a vocabulary is asked for where there is a choice, and has room for the tokens.
Result<void> check_vocabulary(const Config& config, const text::ModelText& text) {
  const Settings& settings = config.settings;
  if (settings.vocabulary == 0 || !has_tokenizer(settings)) return {};
  const auto refuse = [&](const char* what, std::string expected) {
    return fail(ErrorKind::InvalidInput, {.where = "vocabulary",
                                          .what = what,
                                          .got = fmt::to_string(settings.vocabulary),
                                          .expected = std::move(expected)});
  };
  if (!settings.model.empty() && train::method_needs_base(config.run.value("method", "lora")))
    return refuse("the model has a vocabulary already", "no `vocabulary`, or method scratch");
  const int tokens = text.tokenizer.vocabulary_size();
  if (settings.vocabulary >= tokens) return {};
  return refuse("the tokenizer that was given has more tokens",
                fmt::format("at least {}, or none for as many as it has", tokens));
}

/// The model that a run works on: the base model, or `fresh`, which becomes the architecture of one from scratch.
Result<const train::BaseModel*> model_of(const Workplace& workplace, const train::TrainConfig& config,
                                         train::BaseModel& fresh) {
  if (!train::method_needs_base(config.method)) {
    const text::ModelText& text = workplace.corpus->text();
    PEGBOX_TRY(fresh, train::scratch_model(config, workplace.vocabulary, text.end.id, workplace.corpus->classes()));
    return &fresh;
  }
  if (workplace.base.decoder == nullptr)
    return fail(ErrorKind::InvalidInput, {.where = "method",
                                          .what = "this method needs a base model",
                                          .got = config.method,
                                          .expected = "a `model`, or method scratch"});
  return &workplace.base;
}

/// A classifier is no language model: it has no head for tokens.
Result<void> check_task(const std::string& folder, const train::Decoder& decoder, bool classifies) {
  if (classifies || decoder.config().labels.empty()) return {};
  return fail(ErrorKind::InvalidInput, {.where = folder,
                                        .what = "this model is a classifier, which cannot learn texts",
                                        .got = "task language",
                                        .expected = "task classify"});
}

using Answers = std::shared_ptr<train::Teacher::Answers>;

/// What a run asks the teacher for; nothing if it does not.
Result<Answers> answers_for(const Workplace& workplace, const train::TrainConfig& config,
                            const train::BaseModel& student, const text::TokenizedRows& rows) {
  if (config.distill_weight == 0 || !workplace.teacher) return nullptr;
  return workplace.teacher->teacher().answers(rows, train::soft_label_form(config, *student.decoder));
}

/// A model of the same shape that is soon computed.
train::BaseModel one_layer(train::ModelConfig config) {
  constexpr std::int64_t kTokens = 1024;
  config.layers = 1;
  config.vocabulary = std::min(config.vocabulary, kTokens);
  config.windows.resize(std::min<std::size_t>(1, config.windows.size()));
  config.labels.clear();
  const train::ModelLayout layout = train::layout_of(config);
  return {.name = "one layer", .decoder = std::make_unique<train::Decoder>(config, layout), .weights = {}};
}

/// Rows of the first tokens of a vocabulary.
text::TokenizedRows few_rows(std::int64_t count, std::int64_t positions) {
  const std::int64_t tokens = std::min<std::int64_t>(256, positions);
  text::TokenizedRows rows;
  for (std::int64_t row = 0; row < count; ++row) {
    for (std::int64_t token = 0; token < tokens; ++token) rows.ids.push_back(static_cast<text::TokenId>(token % 4));
    rows.offsets.push_back((row + 1) * tokens);
    rows.label_starts.push_back(1);
  }
  return rows;
}

/// Tokens of the validation data, as far as a run reads them.
Result<double> evaluation_tokens_of(train::Corpus& corpus, const train::TrainConfig& config) {
  if (!corpus.has(train::Part::Validation)) return 0;
  PEGBOX_TRY(const text::TokenizedRows* const rows, corpus.tokenized(train::Part::Validation, config.sequence_length));
  const std::int64_t all = rows->total_tokens();
  return static_cast<double>(config.evaluate_tokens > 0 ? std::min(all, config.evaluate_tokens) : all);
}

constexpr std::int64_t kAllTokens = std::numeric_limits<std::int64_t>::max();

/// Validation tokens that judge a run on its way: the same for all runs of a config at `tokens`, wherever each of them
/// was paused.
std::int64_t sample_tokens(const train::TrainConfig& config, std::int64_t tokens) {
  if (config.evaluate_fraction == 0 || !train::watching_fields(config).empty()) return kAllTokens;
  const std::int64_t before = config.evaluate_every > 0 ? std::min(tokens, config.evaluate_every) : tokens;
  return std::llround(config.evaluate_fraction * static_cast<double>(before));
}

/// The mean losses of rows [rows of the data] under the base model; 0 without one, or of a classifier, whose head knows
/// nothing at first.
Result<std::vector<double>> base_losses(const Workplace& workplace, const train::EvaluationRows& rows,
                                        std::int64_t batch_tokens) {
  std::vector<double> means(static_cast<std::size_t>(rows.data().size()));
  const train::BaseModel& base = workplace.base;
  if (!base.decoder || !base.decoder->config().labels.empty()) return means;
  return train::guard("evaluation of the base model", [&]() -> Result<std::vector<double>> {
    const train::PlainNetwork network(base.decoder->layout(), base.weights, base.nf4);
    for (const train::RowSet& set : rows.sets()) {
      const auto losses =
          train::row_losses(*base.decoder, network, rows.data(), set.rows, *workplace.lanes, batch_tokens);
      for (std::size_t i = 0; i < losses.size(); ++i)
        means[static_cast<std::size_t>(set.rows[i])] =
            losses[i] / static_cast<double>(rows.data().label_tokens(set.rows[i]));
    }
    return means;
  });
}

Result<void> check_is_of_all(const Workplace& workplace, const train::TrainConfig& config) {
  if ((config.task == "classify") != workplace.corpus->classes().empty()) return {};
  return fail(ErrorKind::InvalidInput, {.where = "task",
                                        .what = "all trials of a trainer have one task",
                                        .got = config.task,
                                        .hint = "put task under trial.trainer, not into the space"});
}

/// Makes an adapter a part of the base, for all trials: those that train something would be adapters of another model
/// than the one they name.
Result<void> put_adapter(const Config& config, train::BaseModel& base) {
  const auto refuse = [&](const char* what, std::string got, const char* expected) {
    return fail(ErrorKind::InvalidInput,
                {.where = "adapter", .what = what, .got = std::move(got), .expected = expected});
  };
  const std::string method = config.run.value("method", "lora");
  if (train::method_trains(method))
    return refuse("it is put on the model only where nothing is trained", "method " + method,
                  "`method: none` under trial.trainer; or merge it first: `pegbox merge`");
  if (base.decoder == nullptr) return refuse("there is no model to put it on", "no model", "model: a folder");
  PEGBOX_TRY(const train::BaseStorage storage, storage_of(config.run));
  if (storage != train::BaseStorage::Fp32)
    return refuse("it is put on a model in fp32", "precision " + config.run.value("precision", "fp32"), "fp32");
  PEGBOX_TRY(const train::Adapter adapter, train::load_adapter(config.settings.adapter, base));
  PEGBOX_TRY(base.weights, adapter.method->merged(adapter.values));
  return {};
}

/// Validation data with the prompts as the config asks them.
Result<const text::TokenizedRows*> validation_rows(train::Corpus& corpus, const train::TrainConfig& config,
                                                   OwnedRun& run) {
  if (config.prompt_template == train::kPromptPlace)
    return corpus.tokenized(train::Part::Validation, config.sequence_length);
  if (!run.asked) {
    constexpr auto kPart = static_cast<std::size_t>(train::Part::Validation);
    PEGBOX_TRY(auto rows, asked_rows(corpus.rows().parts[kPart], config.prompt_template));
    PEGBOX_TRY(auto data, corpus.evaluation_data(std::move(rows), corpus.rows().files[kPart], config.sequence_length));
    run.asked = std::make_unique<text::TokenizedRows>(std::move(data.tokens));
  }
  return run.asked.get();
}

/// What a run learns from: the data, which all runs share, or with copies that are its own. One that learns nothing is
/// of the data that it is judged by.
Result<const text::TokenizedRows*> training_rows(train::Corpus& corpus, const train::TrainConfig& config,
                                                 OwnedRun& run) {
  if (!train::method_trains(config.method)) return validation_rows(corpus, config, run);
  PEGBOX_TRY(const auto plan, train::augmentation_of(config));
  if (!plan) return corpus.tokenized(train::Part::Train, config.sequence_length);
  PEGBOX_TRY(run.augmented, corpus.augmented(config.sequence_length, *plan));
  return run.augmented.get();
}

/// The loss of a run on the first rows, of about `tokens`, in an order made once for all runs.
Result<train::Evaluation> evaluate_sample(Workplace& workplace, train::TrainingRun& run,
                                          const train::EvaluationRows& rows, std::int64_t tokens) {
  const auto key = std::pair(run.config().sequence_length, run.config().evaluate_tokens);
  auto found = workplace.samples.find(key);
  if (found == workplace.samples.end()) {
    PEGBOX_TRY(const auto difficulty, base_losses(workplace, rows, run.micro_batch()));
    found = workplace.samples.emplace(key, rows.spread(difficulty)).first;
  }
  return run.evaluate(found->second.beginning(tokens));
}

}  // namespace

std::int64_t embedding_rows(const Settings& settings, const text::ModelText& text) {
  const std::int64_t tokens = text.tokenizer.vocabulary_size();
  return has_tokenizer(settings) ? std::max(settings.vocabulary, tokens) : tokens;
}

Result<train::BaseStorage> storage_of(const Json& run) {
  const std::string method = run.value("method", "");
  if (method == "merge") return train::base_storage_of_adapters(run.value("adapters", ""));
  if (method == "qlora") return train::BaseStorage::Nf4;
  return run.value("precision", "") == "bf16" ? train::BaseStorage::Bf16 : train::BaseStorage::Fp32;
}

int threads_of(const Settings& settings) {
  if (settings.threads > 0) return static_cast<int>(settings.threads);
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

Result<Workplace> open_workplace(const Config& config) {
  Workplace workplace;
  workplace.lanes = train::Lanes::for_threads(threads_of(config.settings));
  PEGBOX_TRY(workplace.corpus, load_corpus(config));
  workplace.vocabulary = embedding_rows(config.settings, workplace.corpus->text());
  if (!config.settings.model.empty()) {
    const train::ClassNames& classes = workplace.corpus->classes();
    PEGBOX_TRY(const train::BaseStorage storage, storage_of(config.run));
    PEGBOX_TRY(workplace.base, train::load_model(config.settings.model, storage, classes));
    PEGBOX_CHECK(check_task(config.settings.model, *workplace.base.decoder, !classes.empty()));
  }
  if (!config.settings.adapter.empty()) PEGBOX_CHECK(put_adapter(config, workplace.base));
  if (!config.evaluations.empty()) {
    PEGBOX_TRY(workplace.trial_metrics, TrialMetrics::create(config.evaluations, *workplace.corpus));
  }
  if (!config.settings.teacher.empty()) {
    PEGBOX_TRY(workplace.teacher, TeacherModel::load(config.settings, workplace.base, *workplace.corpus));
  }
  return workplace;
}

void warm_up(Workplace& workplace, const train::TrainConfig& run) {
  for (const train::Part part : {train::Part::Train, train::Part::Validation})
    if (workplace.corpus->has(part)) static_cast<void>(workplace.corpus->tokenized(part, run.sequence_length));
  train::BaseModel fresh;
  const Result<const train::BaseModel*> model =
      workplace.base.decoder ? Result<const train::BaseModel*>(&workplace.base) : model_of(workplace, run, fresh);
  if (model) {
    const train::BaseModel small = one_layer((*model)->decoder->config());
    train::TrainConfig config;
    std::tie(config.method, config.learning_rate, config.batch_size) =
        std::tuple("scratch", 1e-6, workplace.lanes->count());
    const text::TokenizedRows rows = few_rows(config.batch_size, small.decoder->config().positions);
    const auto first = train::TrainingRun::create(small, config, rows, *workplace.lanes);
    if (first) static_cast<void>((*first)->step());
  }
  malloc_trim(0);
  workplace.loaded_bytes = train::resident_bytes();
}

Result<std::unique_ptr<train::Corpus>> load_corpus(const Config& config) {
  train::DataFiles data = config.data;
  data.labels = config.run.value("task", "language") == "classify";
  PEGBOX_TRY(train::DataRows rows, train::read_rows(data));
  train::ClassNames classes;
  if (data.labels) {
    if (!rows.has[0])
      return fail(ErrorKind::InvalidInput,
                  {.where = "data",
                   .what = "there are no training data, whose labels are the classes that task classify tells apart",
                   .expected = "rows with text and label"});
    PEGBOX_TRY(classes, train::class_names(rows.parts[0]));
  }
  PEGBOX_TRY(text::ModelText text, find_text(config, rows));
  PEGBOX_CHECK(check_vocabulary(config, text));
  return std::make_unique<train::Corpus>(std::move(text), std::move(rows), threads_of(config.settings),
                                         loss_on_of(config.settings), std::move(classes));
}

Json model_facts(const train::ModelConfig& model, const train::ModelLayout& layout) {
  Json facts = {{"parameters", layout.parameters()},
                {"parameters_without_tables", layout.parameters_without_tables()},
                {"layers", model.layers},
                {"width", model.width},
                {"heads", model.heads}};
  if (model.output_factor != 1)
    facts["rate_parameters"] =
        static_cast<double>(layout.parameters_without_tables()) * model.output_factor * model.output_factor;
  return facts;
}

Result<std::unique_ptr<OwnedRun>> make_run(Workplace& workplace, const train::TrainConfig& config) {
  auto owned = std::make_unique<OwnedRun>();
  PEGBOX_CHECK(check_is_of_all(workplace, config));
  if (config.method == "qlora" && workplace.base.decoder && !workplace.base.nf4)
    workplace.base.nf4 = train::nf4_weights(workplace.base);  // once for all trials
  PEGBOX_CHECK(check_validation(*workplace.corpus, config));
  PEGBOX_TRY(const train::BaseModel* const model, model_of(workplace, config, owned->fresh));
  PEGBOX_TRY(const text::TokenizedRows* const rows, training_rows(*workplace.corpus, config, *owned));
  PEGBOX_TRY(const double evaluation_tokens, evaluation_tokens_of(*workplace.corpus, config));
  PEGBOX_TRY(Answers answers, answers_for(workplace, config, *model, *rows));
  PEGBOX_TRY(owned->run,
             train::TrainingRun::create(*model, config, *rows, *workplace.lanes,
                                        {workplace.correction, evaluation_tokens, workplace.pool}, std::move(answers)));
  return owned;
}

Result<void> check_run(Workplace& workplace, const train::TrainConfig& config, const train::TrainConfig& defaults) {
  PEGBOX_CHECK(check_is_of_all(workplace, config));
  PEGBOX_CHECK(check_validation(*workplace.corpus, config));
  PEGBOX_CHECK(check_augmentation(*workplace.corpus, config));
  if (config.distill_weight > 0 && !workplace.teacher)
    return fail(ErrorKind::InvalidInput, {.where = "distill_weight",
                                          .what = "nobody is there to learn from",
                                          .got = fmt::format("{} and no teacher", config.distill_weight),
                                          .expected = "`teacher`, the folder of a model, under trial.trainer"});
  train::BaseModel fresh;
  PEGBOX_CHECK(model_of(workplace, config, fresh));
  if (!train::method_trains(config.method)) return {};
  PEGBOX_TRY(const text::TokenizedRows* const rows,
             workplace.corpus->tokenized(train::Part::Train, defaults.sequence_length));
  const auto stages = train::Stages::create(config, *rows);
  if (!stages && !train::leaves_no_room(stages.error(), config, *rows)) return tl::make_unexpected(stages.error());
  return {};
}

Result<void> check_augmentation(const train::Corpus& corpus, const train::TrainConfig& config) {
  PEGBOX_TRY(const auto plan, train::augmentation_of(config));
  if (plan) PEGBOX_CHECK(corpus.augmenter(*plan));
  return {};
}

namespace {

/// What a stream's sets are judged by: some texts of each.
Result<void> check_stream(const train::DataRows& rows) {
  for (std::size_t set = 0; set < rows.sets[0].size(); ++set) {
    const auto count = [&](std::size_t part) {
      return std::ranges::count(rows.parts[part], static_cast<std::int32_t>(set), &text::Row::set);
    };
    if (count(1) > 0) continue;
    return fail(ErrorKind::InvalidInput,
                {.where = "data",
                 .what = "a set of a stream has no validation data to be judged by",
                 .got = fmt::format("{}: {} training and 0 validation texts", rows.sets[0][set].name, count(0)),
                 .expected = "validation data of each set",
                 .hint = "name some, or a larger validation_fraction"});
  }
  return {};
}

}  // namespace

Result<void> check_validation(const train::Corpus& corpus, const train::TrainConfig& config) {
  if (corpus.rows().in_turn) PEGBOX_CHECK(check_stream(corpus.rows()));
  const std::string watching = train::watching_fields(config);
  if (watching.empty() || corpus.has(train::Part::Validation)) return {};
  return fail(ErrorKind::InvalidInput, {.where = "data",
                                        .what = watching + " acts on the loss of validation data, and there are none",
                                        .hint = "name validation data, or a validation_fraction above 0"});
}

Result<train::MemoryNeed> memory_need_of(const Workplace& workplace, const train::TrainConfig& config) {
  train::BaseModel fresh;
  PEGBOX_TRY(const train::BaseModel* const model, model_of(workplace, config, fresh));
  const auto part = train::method_trains(config.method) ? train::Part::Train : train::Part::Validation;
  PEGBOX_TRY(const text::TokenizedRows* const rows, workplace.corpus->tokenized(part, config.sequence_length));
  const int lanes = workplace.lanes->count();
  PEGBOX_TRY(const Answers answers, answers_for(workplace, config, *model, *rows));
  const train::TeacherNeed teacher =
      answers ? answers->need(lanes, train::total_tokens_of(config, *rows)) : train::TeacherNeed{};
  return train::TrainingRun::memory_need(*model, config, lanes, train::RowLengths::of(*rows), workplace.correction,
                                         teacher);
}

Result<train::Evaluation> evaluate_run(Workplace& workplace, OwnedRun& run) {
  const train::TrainConfig& config = run.run->config();
  PEGBOX_TRY(const text::TokenizedRows* const data, validation_rows(*workplace.corpus, config, run));
  const train::EvaluationRows rows(*data, config.evaluate_tokens);
  const bool at_end = run.run->finished(), at_border = run.run->wants_losses();
  const std::int64_t sample = at_end || at_border ? kAllTokens : sample_tokens(config, run.run->tokens());
  PEGBOX_TRY(const train::Evaluation evaluation,
             sample < rows.tokens() ? evaluate_sample(workplace, *run.run, rows, sample) : run.run->evaluate(rows));
  if (!std::isfinite(evaluation.loss))
    return fail(ErrorKind::Diverged, {.where = "validation",
                                      .what = "the loss is not a number",
                                      .hint = "use a lower learning_rate, or more warmup"});
  PEGBOX_TRY(const bool lowest, train::guard("evaluation", [&]() -> Result<bool> {
               return run.run->observe(evaluation.loss);  // which may keep a copy
             }));
  run.run->stages().note_losses(run.run->tokens(), evaluation.set_losses);
  return at_end && !lowest && run.run->take_best() ? run.run->evaluate(rows) : evaluation;
}

Result<Metrics> trial_metrics(Workplace& workplace, const OwnedRun& run, bool at_end) {
  Metrics metrics;
  if (!workplace.trial_metrics) return metrics;
  const train::TrainingRun& of = *run.run;
  PEGBOX_CHECK(of.with_shown([&](const train::Network& network) -> Result<void> {
    const train::Decoder& decoder = run.fresh.decoder ? *run.fresh.decoder : *workplace.base.decoder;
    const AskedModel model{decoder, network, of.shown_bytes()};
    PEGBOX_TRY(metrics, workplace.trial_metrics->measure(of.config(), model, *workplace.lanes, at_end));
    return {};
  }));
  return metrics;
}

Metrics set_metrics(const train::Evaluation& evaluation) {
  Metrics metrics;
  double sum = 0;
  for (const auto& [set, loss] : evaluation.set_losses) {
    metrics["validation_loss." + set] = loss;
    sum += loss;
  }
  if (!metrics.empty()) metrics["mean_set_loss"] = sum / static_cast<double>(evaluation.set_losses.size());
  return metrics;
}

void add_class_scores(const train::Evaluation& evaluation, Json& result) {
  if (evaluation.classes.empty()) return;
  result["accuracy"] = evaluation.classes.accuracy();
  result["macro_f1"] = evaluation.classes.macro_f1();
}

Result<void> save_run(const Workplace& workplace, const OwnedRun& run, const Path& folder) {
  PEGBOX_CHECK(run.run->save(folder));
  return text::write_model_text(workplace.corpus->text(), folder);
}

}  // namespace pegbox::trainer
