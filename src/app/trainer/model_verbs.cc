// Verbs that ask a trained model: evaluate, inspect, predict, merge, and probe (logits and gradients for comparisons).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/trainer/adapted_model.h"
#include "app/trainer/continuation.h"
#include "app/trainer/row_records.h"
#include "app/trainer/verbs.h"
#include "app/trainer/workplace.h"
#include "train/batch.h"
#include "train/evaluate.h"
#include "train/guard.h"
#include "train/inspect/findings.h"
#include "train/inspect/inspection.h"
#include "train/method/adapter_files.h"
#include "train/method/merge.h"
#include "train/model/generate.h"
#include "train/probe.h"

namespace pegbox::trainer {

namespace {

constexpr std::int64_t kEvaluationTokens = 2048;  // of a batch

/// The part that an evaluation is of: the files named alone, else test, else validation data.
train::Part evaluated_part(const train::DataFiles& data) {
  if (!data.parts[2].empty()) return train::Part::Test;
  if (!data.parts[1].empty()) return train::Part::Validation;
  return train::Part::Train;
}

/// The text side of the model, with the chat template that the settings choose, else the adapter's, else the model's.
Result<text::ModelText> adapted_text(const Settings& settings) {
  PEGBOX_TRY(text::ModelText text,
             text::read_model_text(settings.tokenizer.empty() ? settings.model : settings.tokenizer));
  if (!settings.adapter.empty()) PEGBOX_CHECK(text::take_chat_templates(text, settings.adapter));
  if (!settings.chat_template.empty()) PEGBOX_CHECK(text::choose_chat_template(text, settings.chat_template));
  return text;
}

Result<train::Corpus> open_corpus(const Config& config, const train::ClassNames& classes) {
  if (!config.has_data)
    return fail(ErrorKind::InvalidInput,
                {.where = "config", .what = "data is missing", .expected = "a file or folder of text"});
  train::DataFiles data = config.data;
  data.validation_fraction = 0;  // what is named is evaluated, whole
  data.labels = !classes.empty();
  PEGBOX_TRY(train::DataRows rows, train::read_rows(data));
  PEGBOX_TRY(text::ModelText text, adapted_text(config.settings));
  return train::Corpus(std::move(text), std::move(rows), threads_of(config.settings), loss_on_of(config.settings),
                       classes);
}

/// The sequence length that is asked for, which must fit the model, else the default, or less where that must.
Result<std::int64_t> evaluated_length(const Config& config, const train::TrainConfig& run, const AdaptedModel& model) {
  const std::int64_t most = model.asked().longest_text();
  if (run.sequence_length <= most || !config.run.contains("sequence_length"))
    return std::min(run.sequence_length, most);
  return fail(ErrorKind::InvalidInput, {.where = "sequence_length",
                                        .what = "sequences are longer than the model knows positions",
                                        .got = fmt::to_string(run.sequence_length),
                                        .expected = fmt::format("at most {}", most)});
}

/// One line for each text: {"row": 0, "loss": 2.1, "label_tokens": 310}.
Result<void> write_per_row(const std::vector<train::Evaluation>& results, const Path& path) {
  std::string lines;
  for (std::size_t row = 0; row < results.size(); ++row)
    lines +=
        to_line({{"row", row}, {"loss", json_number(results[row].loss)}, {"label_tokens", results[row].label_tokens}}) +
        "\n";
  return replace_file(path, lines);
}

Json summary_of(const train::Evaluation& result) {
  Json summary = {{"loss", json_number(result.loss)},
                  {"perplexity", json_number(result.perplexity())},
                  {"label_tokens", result.label_tokens}};
  add_class_scores(result, summary);
  return summary;
}

Result<void> check_finite(double loss, std::int64_t label_tokens, const std::string& model) {
  if (std::isfinite(loss)) return {};
  return fail(ErrorKind::Corrupt, {.where = model,
                                   .what = "the model gives no finite loss",
                                   .got = fmt::format("{} over {} tokens", loss, label_tokens),
                                   .hint = "its weights or its config.json are not what they were trained as"});
}

/// The likeliest class of a text, and how likely it is.
Result<void> print_class(const AdaptedModel& model, const std::vector<std::int64_t>& ids, const Config& config,
                         const Streams& streams) {
  PEGBOX_TRY(const auto shares, train::class_probabilities(model.decoder(), model.network(), ids));
  const auto likeliest = std::ranges::max_element(shares);
  const std::string& label = model.decoder().config().labels[static_cast<std::size_t>(likeliest - shares.begin())];
  if (config.settings.json)
    print_json(streams, {{"prompt", config.settings.prompt}, {"label", label}, {"probability", *likeliest}});
  else
    fmt::print(streams.result, "{}\n", label);
  return {};
}

}  // namespace

Result<void> run_evaluate(const Config& config, const Streams& streams) {
  PEGBOX_TRY(const train::TrainConfig run, train::read_train_config(Json::object(), config.run, "config"));
  const auto lanes = train::Lanes::for_threads(threads_of(config.settings));
  PEGBOX_TRY(const AdaptedModel model, AdaptedModel::load(config.settings));
  PEGBOX_TRY(train::Corpus corpus, open_corpus(config, model.decoder().config().labels));
  PEGBOX_TRY(const std::int64_t length, evaluated_length(config, run, model));
  PEGBOX_TRY(const text::TokenizedRows* const rows, corpus.tokenized(evaluated_part(config.data), length));
  PEGBOX_CHECK(train::check_tokens(rows->ids, model.decoder().config().vocabulary));
  const Settings& settings = config.settings;
  if (!settings.records.empty()) {
    const auto part = static_cast<std::size_t>(evaluated_part(config.data));
    const AskedRows asked{corpus.rows().parts[part], corpus.rows().files[part], *rows};
    PEGBOX_TRY(const RowRecords records,
               row_records(model.asked(), corpus.text(), asked, settings.generate ? &run : nullptr, *lanes));
    PEGBOX_CHECK(records.write(settings.records));
    Json summary = summary_of(records.whole);
    if (!records.speed.is_null()) summary["speed"] = records.speed;
    PEGBOX_CHECK(check_finite(records.whole.loss, records.whole.label_tokens, settings.model));
    print_json(streams, summary);
    return {};
  }
  PEGBOX_TRY(const train::Evaluation result, model.evaluate(*rows, *lanes, kEvaluationTokens, run.evaluate_tokens));
  if (!settings.per_row.empty()) {
    PEGBOX_TRY(const auto each, model.evaluate_each(*rows, *lanes, kEvaluationTokens));
    PEGBOX_CHECK(write_per_row(each, settings.per_row));
  }
  PEGBOX_CHECK(check_finite(result.loss, result.label_tokens, settings.model));
  print_json(streams, summary_of(result));
  return {};
}

Result<void> run_inspect(const Config& config, const Streams& streams) {
  const Settings& settings = config.settings;
  PEGBOX_TRY(const train::TrainConfig run, train::read_train_config(Json::object(), config.run, "config"));
  const auto lanes = train::Lanes::for_threads(threads_of(settings));
  PEGBOX_TRY(const AdaptedModel model, AdaptedModel::load(settings));
  const bool is_classifier = !model.decoder().config().labels.empty();
  PEGBOX_TRY(train::Corpus corpus, open_corpus(config, model.decoder().config().labels));
  PEGBOX_TRY(const std::int64_t length, evaluated_length(config, run, model));
  PEGBOX_TRY(const text::TokenizedRows* const rows, corpus.tokenized(evaluated_part(config.data), length));
  PEGBOX_CHECK(train::check_tokens(rows->ids, model.decoder().config().vocabulary));
  const text::ModelText& text = corpus.text();
  text::TokenKinds kinds(text.tokenizer, text.end.id);
  PEGBOX_TRY(const train::Inspection found, train::guard("inspect", [&]() -> Result<train::Inspection> {
               return train::inspect(model.base(), model.network(), *rows, is_classifier ? nullptr : &kinds,
                                     text.tokenizer.vocabulary_size(), *lanes,
                                     {.tokens = settings.inspect_tokens,
                                      .removal_tokens = settings.removal_tokens,
                                      .batch_tokens = kEvaluationTokens,
                                      .seed = static_cast<std::uint64_t>(run.seed)});
             }));
  PEGBOX_CHECK(check_finite(found.loss.loss, found.loss.labels, settings.model));
  Json result = train::to_json(found);
  for (const text::TokenId id : found.rollout.tokens)
    result["rollout"]["pieces"].push_back(text.tokenizer.token(id).value_or(""));
  train::add_findings(found, result);
  print_json(streams, result);
  return {};
}

Result<void> run_predict(const Config& config, const Streams& streams) {
  const Settings& settings = config.settings;
  PEGBOX_TRY(const train::TrainConfig run, train::read_train_config(Json::object(), config.run, "config"));
  const auto lanes = train::Lanes::for_threads(threads_of(settings));
  PEGBOX_TRY(const AdaptedModel model, AdaptedModel::load(settings));
  PEGBOX_TRY(const text::ModelText text, adapted_text(settings));
  PEGBOX_TRY(const Continuer continuer,
             Continuer::create(model.asked(), text, run, static_cast<std::uint64_t>(run.seed)));
  PEGBOX_TRY(const auto prompt, continuer.prompt_ids(settings.prompt));
  if (!model.decoder().config().labels.empty()) return print_class(model, prompt, config, streams);
  PEGBOX_TRY(const Continuation continuation, continuer.write(prompt));
  if (settings.json)
    print_json(streams, {{"prompt", settings.prompt}, {"text", continuation.text}, {"tokens", continuation.tokens}});
  else
    fmt::print(streams.result, "{}\n", continuation.text);
  return {};
}

namespace {

/// Several adapters as one, in the output's folder: beside the model or in its weights.
Result<void> merge_several(const Config& config, const std::map<std::string, std::string>& folders) {
  const Settings& settings = config.settings;
  Json fields = config.run;
  fields["method"] = "merge";
  PEGBOX_TRY(const train::TrainConfig run, train::read_train_config(Json::object(), fields, "config"));
  PEGBOX_TRY(const train::BaseStorage storage, train::base_storage_of_adapters(run.adapters));
  PEGBOX_TRY(const train::ClassNames classes, train::base_labels_of(folders.begin()->second));
  PEGBOX_TRY(const train::BaseModel base, train::load_model(settings.model, storage, classes));
  PEGBOX_TRY(const auto method, train::make_method(run, base));
  return train::guard("merge", [&]() -> Result<void> {
    if (settings.result == "adapter") return method->save(settings.output, {});
    PEGBOX_TRY(const train::Weights weights, method->merged({}));
    return train::save_model(settings.output, base.decoder->config(), base.decoder->layout(), weights);
  });
}

}  // namespace

Result<void> run_merge(const Config& config, const Streams& streams) {
  Settings settings = config.settings;
  std::vector<std::string> inputs;
  const std::string adapters = config.run.value("adapters", "");
  if ((settings.adapter.empty() == adapters.empty()) || settings.model.empty() || settings.output.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "config", .what = "model, adapter or adapters, and output are needed"});
  if (adapters.empty()) {
    PEGBOX_CHECK(prepare_output(settings));
    PEGBOX_TRY(const AdaptedModel model, AdaptedModel::load(settings));
    PEGBOX_CHECK(model.save_merged(settings.output));
  } else {
    PEGBOX_TRY(const auto folders, train::adapter_folders(adapters));
    for (const auto& [name, folder] : folders) inputs.push_back(folder);
    PEGBOX_CHECK(prepare_output(settings, inputs));
    PEGBOX_CHECK(merge_several(config, folders));
    settings.adapter = inputs.front();  // whose chat template is the result's
  }
  PEGBOX_TRY(const text::ModelText text, adapted_text(settings));
  PEGBOX_CHECK(text::write_model_text(text, settings.output));
  print_json(streams, {{"output", settings.output}});
  return {};
}

Result<void> run_probe(const Config& config, const Streams& streams) {
  const Settings& settings = config.settings;
  if (settings.output.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "config", .what = "output is missing", .expected = "a .safetensors file to write"});
  PEGBOX_TRY(const train::TrainConfig run, train::read_train_config({{"method", "full"}}, config.run, "config"));
  const auto lanes = train::Lanes::for_threads(threads_of(settings));
  PEGBOX_TRY(const train::BaseStorage storage, storage_of(config.run));
  PEGBOX_TRY(const train::BaseModel model, train::load_model(settings.model, storage));
  PEGBOX_TRY(train::Corpus corpus, open_corpus(config, model.decoder->config().labels));
  PEGBOX_TRY(const text::TokenizedRows* const rows, corpus.tokenized(evaluated_part(config.data), run.sequence_length));
  PEGBOX_TRY(const std::int64_t count, train::probe(model, run, *rows, settings.rows, *lanes, settings.output));
  print_json(streams, {{"output", settings.output}, {"rows", count}});
  return {};
}

}  // namespace pegbox::trainer
