// Preflight: see preflight.h.
#include "app/trainer/preflight.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/trainer/verbs.h"
#include "app/trainer/workplace.h"
#include "text/data_report.h"
#include "train/meta.h"
#include "train/method/method.h"
#include "train/method/scratch_model.h"
#include "train/run.h"
#include "train/run_plan.h"
#include "train/stages.h"

namespace pegbox::trainer {

namespace {

constexpr double kManyTruncated = 0.01;  // of the texts
constexpr double kManyRepeated = 0.01;

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string percent(double fraction) { return fmt::format("{:.3g} %", 100 * fraction); }

std::string name_of(train::Part part) { return std::string(train::kPartNames[static_cast<std::size_t>(part)]); }

void find_lost_tokens(const text::TokenizedRows& data, std::int64_t texts, std::vector<Finding>& findings) {
  if (data.dropped_rows > 0)
    findings.push_back({.what = fmt::format("{} texts have nothing to learn and are left out", data.dropped_rows),
                        .hint = "their prompts fill sequence_length, or no turn is the assistant's"});
  if (share(data.truncated_rows, texts) > kManyTruncated)
    findings.push_back({.what = fmt::format("{} of the texts ({}) lose their end at sequence_length",
                                            data.truncated_rows, percent(share(data.truncated_rows, texts))),
                        .hint = fmt::format("sequence_length {} keeps them all", data.longest_truncated)});
}

void find_missing_ends(const text::TokenReport& report, const text::ModelText& model, std::vector<Finding>& findings) {
  if (report.ended_texts == 0)
    findings.push_back({.what = fmt::format("the end token {} is never learned: the model will not know where to stop",
                                            model.end.text),
                        .hint = "a chat template should end the assistant's turns with it, inside of what is learned"});
}

void find_double_begins(const text::TokenReport& report, const text::ModelText& model, std::vector<Finding>& findings) {
  if (report.double_begins > 0)
    findings.push_back({.what = fmt::format("{} rows begin with the begin token {} twice", report.double_begins,
                                            model.begin ? model.begin->text : ""),
                        .hint = "take it out of the texts: the tokenizer puts it before each"});
}

/// Whether rows are texts with their classes (train::classified_rows), whose last number is no token.
bool is_classified(const train::Corpus& corpus) { return !corpus.classes().empty(); }

/// Rows of each class, or tokens of each set.
Json group_sizes(const text::TokenizedRows& data) {
  std::vector<std::int64_t> sizes(data.group_names.size());
  for (std::int64_t row = 0; row < data.size(); ++row)
    sizes[static_cast<std::size_t>(data.groups[row])] += data.groups_are_classes ? 1 : data.length(row);
  Json named = Json::object();
  for (std::size_t group = 0; group < sizes.size(); ++group) named[data.group_names[group]] = sizes[group];
  return named;
}

Json finding_json(const Finding& finding) {
  return {{"fault", finding.is_fault}, {"what", finding.what}, {"hint", finding.hint}};
}

Json run_json(const train::TrainConfig& run) {
  return {{"method", run.method}, {"optimizer", run.optimizer}, {"learning_rate", run.learning_rate}};
}

/// What model a run has, as far as its data must fit it.
struct ModelShape {
  Json facts = Json::object();
  train::ModelLayout layout;
  std::int64_t positions = 0, vocabulary = 0;
};

Result<ModelShape> shape_of(const Config& config, const train::TrainConfig& run, const text::ModelText& text) {
  if (!train::method_needs_base(run.method)) {
    PEGBOX_TRY(const auto fresh, train::scratch_model(run, embedding_rows(config.settings, text), text.end.id));
    const train::ModelConfig& shape = fresh.decoder->config();
    return ModelShape{model_facts(shape, fresh.decoder->layout()), fresh.decoder->layout(), shape.positions,
                      shape.vocabulary};
  }
  PEGBOX_TRY(const train::ModelConfig shape, train::read_model_config(config.settings.model));
  train::ModelLayout layout = train::layout_of(shape);
  Json facts = model_facts(shape, layout);
  return ModelShape{std::move(facts), std::move(layout), shape.positions, shape.vocabulary};
}

void find_misfits(const ModelShape& shape, const train::TrainConfig& run, const text::TokenizedRows& rows,
                  const text::ModelText& text, std::vector<Finding>& findings) {
  const bool has_virtual = run.method == "prompt" || run.method == "prefix";
  const std::int64_t positions = shape.positions - (has_virtual ? run.virtual_tokens : 0);
  const std::int64_t longest = std::min(rows.longest, run.sequence_length);
  if (longest > positions)
    findings.push_back({true, fmt::format("sequences of {} tokens are longer than the model knows positions", longest),
                        fmt::format("a sequence_length of at most {}", positions)});
  const std::int64_t largest = rows.ids.empty() ? 0 : *std::ranges::max_element(rows.ids);
  const int tokens = text.tokenizer.vocabulary_size();
  const std::string sizes =
      fmt::format("the tokenizer has {} tokens, the model's embedding {} rows", tokens, shape.vocabulary);
  if (largest >= shape.vocabulary)
    findings.push_back({true, fmt::format("{}, and the data have token {}", sizes, largest),
                        "the tokenizer is another model's, or the embedding was not enlarged for new tokens"});
  else if (tokens > shape.vocabulary)
    findings.push_back({.what = sizes, .hint = "the data use none of those beyond; is it this model's tokenizer?"});
}

/// What `train` refuses before its first step.
void find_refusals(const train::TrainConfig& run, const train::Corpus& corpus, const text::TokenizedRows& rows,
                   std::vector<Finding>& findings) {
  if (const auto stages = train::Stages::create(run, rows); !stages)
    findings.push_back({true, stages.error().message, ""});
  if (const auto tasks = run.meta == "none" ? Result<std::vector<train::Task>>() : train::tasks_of(run, rows); !tasks)
    findings.push_back({true, tasks.error().message, ""});
  if (const auto augmented = check_augmentation(corpus, run); !augmented)
    findings.push_back({true, augmented.error().message, ""});
  if (const auto watched = check_validation(corpus, run); !watched)
    findings.push_back({true, watched.error().message, ""});
}

void find_shared_rows(const train::DataRows& rows, Json& parts, std::vector<Finding>& findings) {
  const auto& validation = rows.parts[1];
  const text::Overlap overlap = text::overlap_of(rows.parts[0], validation);
  parts["train"]["repeated_texts"] = overlap.repeated;
  if (const double repeated = share(overlap.repeated, std::ssize(rows.parts[0])); repeated > kManyRepeated)
    findings.push_back(
        {.what = fmt::format("{} of the training texts ({}) are there before", overlap.repeated, percent(repeated)),
         .hint = "repeated texts are learned by heart; keep one of each"});
  if (!rows.has[1]) {
    findings.push_back({.what = "there are no validation data: nothing says how good the model is",
                        .hint = "name some, or a validation_fraction above 0"});
    return;
  }
  if (!parts.contains("validation")) return;
  parts["validation"]["in_training_texts"] = overlap.shared;
  if (overlap.shared > 0)
    findings.push_back({.what = fmt::format("{} of the validation texts ({}) are training texts too", overlap.shared,
                                            percent(share(overlap.shared, std::ssize(validation)))),
                        .hint = "the loss on them is too good to be true; take them out of one of the two"});
}

/// Of a sample with a class: its name in the place of its number.
Result<void> name_class(const train::Corpus& corpus, const text::TokenizedRows& data, std::int64_t row, Json& sample) {
  const auto ids = data.row(row);
  sample["ids"].erase(ids.size() - 1);
  sample["learned"].erase(ids.size() - 1);
  sample["label"] = corpus.classes()[static_cast<std::size_t>(ids.back())];
  PEGBOX_TRY(const std::string text, corpus.text().tokenizer.decode(ids.first(ids.size() - 1)));
  sample["pieces"] = {{{"text", text}, {"learned", false}}, {{"text", sample["label"]}, {"learned", true}}};
  return {};
}

Result<Json> sample_json(const train::Corpus& corpus, const text::TokenizedRows& data, std::int64_t row) {
  const auto& rows = corpus.rows().parts[0];
  const text::Row& source = rows[static_cast<std::size_t>(data.sources[static_cast<std::size_t>(row)])];
  Json sample = {{"file", corpus.rows().files[0][static_cast<std::size_t>(source.file)]},
                 {"line", source.line},
                 {"ids", data.row(row)},
                 {"learned", Json::array()},
                 {"pieces", Json::array()}};
  for (std::int64_t i = 0; i < data.length(row); ++i) sample["learned"].push_back(data.is_label(row, i) ? 1 : 0);
  if (is_classified(corpus)) {
    PEGBOX_CHECK(name_class(corpus, data, row, sample));
    return sample;
  }
  PEGBOX_TRY(const auto pieces, text::pieces_of(corpus.text().tokenizer, data, row));
  for (const text::Piece& piece : pieces)
    sample["pieces"].push_back({{"text", piece.text}, {"learned", piece.is_learned}});
  return sample;
}

}  // namespace

Result<PartReport> report_part(train::Corpus& corpus, train::Part part, std::int64_t sequence_length) {
  PEGBOX_TRY(const text::TokenizedRows* const data, corpus.tokenized(part, sequence_length));
  const text::ModelText& model = corpus.text();
  const text::TokenReport report = text::report_tokens(*data, model.end.id, train::begin_token_of(model));
  PartReport result;
  result.numbers = {{"rows", report.rows},
                    {"texts", report.texts},
                    {"tokens", report.tokens},
                    {"label_tokens", report.label_tokens},
                    {"learned_fraction", share(report.label_tokens, report.tokens)},
                    {"longest", data->longest},
                    {"mean_length", report.mean_length()},
                    {"filled_fraction", report.mean_length() / static_cast<double>(sequence_length)},
                    {"cut_texts", data->cut_rows},
                    {"truncated_texts", data->truncated_rows},
                    {"dropped_texts", data->dropped_rows},
                    {"double_begins", report.double_begins}};
  if (!data->groups.empty()) result.numbers[data->groups_are_classes ? "classes" : "sets"] = group_sizes(*data);
  find_lost_tokens(*data, report.texts, result.findings);
  if (!is_classified(corpus)) {
    result.numbers["ended_fraction"] = share(report.ended_texts, report.texts);
    find_missing_ends(report, model, result.findings);
  }
  find_double_begins(report, model, result.findings);
  return result;
}

Result<Survey> survey(const Config& config, const train::TrainConfig& run, train::Corpus& corpus) {
  const auto known = shape_of(config, run, corpus.text());
  const ModelShape shape = known ? *known : ModelShape();
  Survey result{.model = shape.facts, .run = run_json(run)};
  if (!known) result.findings.push_back({true, known.error().message, ""});
  if (const auto same = check_teacher_tokens(config.settings, corpus.text().tokenizer); !same)
    result.findings.push_back({true, same.error().message, ""});
  for (const train::Part part : {train::Part::Train, train::Part::Validation, train::Part::Test}) {
    const bool is_needed = part == train::Part::Train && train::method_trains(run.method);
    if (!is_needed && !corpus.has(part)) continue;
    auto report = report_part(corpus, part, run.sequence_length);
    if (!report) {
      result.findings.push_back({true, name_of(part) + ": " + report.error().message, ""});
      continue;
    }
    result.parts[name_of(part)] = std::move(report->numbers);
    PEGBOX_TRY(const text::TokenizedRows* const rows, corpus.tokenized(part, run.sequence_length));
    if (known) find_misfits(shape, run, *rows, corpus.text(), report->findings);
    if (is_needed) {
      find_refusals(run, corpus, *rows, report->findings);
      const std::int64_t tokens = train::total_tokens_of(run, *rows);
      result.model["steps"] = tokens;
      if (known) result.run["learning_rate"] = train::peak_learning_rate(run, shape.layout, tokens);
    }
    for (Finding& finding : report->findings) {
      finding.what = fmt::format("{}: {}", name_of(part), finding.what);
      result.findings.push_back(std::move(finding));
    }
  }
  if (result.parts.contains("train")) find_shared_rows(corpus.rows(), result.parts, result.findings);
  result.model["sequence_length"] = run.sequence_length;
  return result;
}

Result<Json> preflight(const Config& config) {
  PEGBOX_TRY(const train::TrainConfig run, train::read_train_config(Json::object(), config.run, "config"));
  const auto opened = load_corpus(config);
  train::Corpus* const corpus = opened ? opened->get() : nullptr;
  Survey found{.run = run_json(run)};
  if (corpus == nullptr) {
    found.findings.push_back({true, opened.error().message, ""});
  } else {
    PEGBOX_TRY(found, survey(config, run, *corpus));
  }
  Json samples = Json::array(), findings = Json::array();
  if (found.parts.contains("train")) {
    PEGBOX_TRY(const text::TokenizedRows* const rows, corpus->tokenized(train::Part::Train, run.sequence_length));
    for (std::int64_t row = 0; row < std::min(config.settings.rows, rows->size()); ++row) {
      PEGBOX_TRY(Json sample, sample_json(*corpus, *rows, row));
      samples.push_back(std::move(sample));
    }
  }
  for (const Finding& finding : found.findings) findings.push_back(finding_json(finding));
  return Json{{"model", std::move(found.model)},
              {"run", std::move(found.run)},
              {"parts", std::move(found.parts)},
              {"findings", std::move(findings)},
              {"samples", std::move(samples)}};
}

Result<void> run_preflight(const Config& config, const Streams& streams) {
  PEGBOX_TRY(const Json result, preflight(config));
  print_json(streams, result);
  return {};
}

}  // namespace pegbox::trainer
