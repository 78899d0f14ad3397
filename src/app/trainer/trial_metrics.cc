// TrialMetrics: see trial_metrics.h.
#include "app/trainer/trial_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/document.h"
#include "evaluation/metric.h"
#include "evaluation/scores.h"

namespace pegbox::trainer {

namespace {

constexpr std::int64_t kMostValues = 100;  // of a field that slices are by
constexpr int kResamples = 200;            // a standard error's own error is then 5 %

/// So many of the rows, from all over.
template <class T>
void keep_evenly(std::vector<T>& rows, std::int64_t most) {
  const auto count = std::ssize(rows);
  if (most == 0 || count <= most) return;
  for (std::int64_t i = 0; i < most; ++i)
    rows[static_cast<std::size_t>(i)] = std::move(rows[static_cast<std::size_t>(i * count / most)]);
  rows.resize(static_cast<std::size_t>(most));
}

std::vector<text::Row> rows_of_choices(const std::vector<ChoiceQuestion>& questions, const std::string& delimiter) {
  std::vector<text::Row> rows;
  for (auto& [prompt, completion] : choice_rows(questions, delimiter)) {
    text::Row& row = rows.emplace_back();
    row.prompt = std::move(prompt);
    row.text = std::move(completion);
  }
  return rows;
}

/// The slices of each field. Too many would be names, not groups.
Result<std::vector<pegbox::Slice>> slices_by(const std::vector<DataRow>& fields, const std::vector<RowResult>& rows,
                                             const EvaluationTask& task) {
  PEGBOX_TRY(auto slices, slices_of(fields, rows, task.slices));
  for (const std::string& field : task.slices)
    if (const auto count = std::ranges::count(slices, field, &pegbox::Slice::field); count > kMostValues)
      return fail(ErrorKind::InvalidInput, {.where = "evaluate: slices",
                                            .what = "this field has too many values to slice by",
                                            .got = fmt::format("{} of `{}`", count, field),
                                            .expected = fmt::format("at most {}", kMostValues)});
  return slices;
}

void add_scores(const TrialEvaluation& wanted, const std::vector<Score>& scores, const std::string& slice,
                Metrics& metrics) {
  for (const Score& score : scores) {
    metrics[wanted.metric_name(score.metric->name) + slice] = score.value;
    if (score.standard_error) metrics[wanted.metric_name(score.metric->name, "_error") + slice] = *score.standard_error;
  }
}

/// The trial's config with what an evaluation sets itself.
Result<train::TrainConfig> config_for(const train::TrainConfig& config, const EvaluationTask& task) {
  constexpr std::array<std::string_view, 8> kOwn = {"most_tokens", "temperature",    "top_k", "top_p",
                                                    "beams",       "length_penalty", "stop",  "sequence_length"};
  const Document document{.json = task.set, .name = "evaluate: set", .lines = {}};
  PEGBOX_CHECK(document.root().only(kOwn));
  PEGBOX_TRY(const train::TrainConfig set, train::train_fields().read(document.root()));
  train::TrainConfig own = config;
  const auto take = [&](std::string_view name, auto member) {
    if (task.set.contains(name)) own.*member = set.*member;
  };
  take("most_tokens", &train::TrainConfig::most_tokens);
  take("temperature", &train::TrainConfig::temperature);
  take("top_k", &train::TrainConfig::top_k);
  take("top_p", &train::TrainConfig::top_p);
  take("beams", &train::TrainConfig::beams);
  take("length_penalty", &train::TrainConfig::length_penalty);
  take("stop", &train::TrainConfig::stop);
  take("sequence_length", &train::TrainConfig::sequence_length);
  return own;
}

/// Our names of fields -> the files', as a dataset reader takes them.
Result<std::map<std::string, std::string>> text_columns(const Json& columns) {
  std::map<std::string, std::string> names;
  for (const auto& [ours, theirs] : columns.items()) {
    if (!theirs.is_string())
      return fail(ErrorKind::InvalidInput,
                  {.where = "evaluate: columns", .what = "not the name of a field", .got = excerpt(theirs)});
    names[ours] = theirs.get<std::string>();
  }
  return names;
}

}  // namespace

Result<std::vector<text::Row>> asked_rows(const std::vector<text::Row>& rows, const std::string& prompt_template) {
  std::vector<text::Row> asked = rows;
  if (prompt_template == train::kPromptPlace) return asked;
  if (std::ranges::none_of(rows, [](const text::Row& row) { return !row.prompt.empty(); }))
    return fail(ErrorKind::InvalidInput, {.where = "prompt_template",
                                          .what = "no row of the data has a prompt to put it around",
                                          .expected = "rows with prompt and completion"});
  for (text::Row& row : asked) {
    if (row.prompt.empty()) continue;
    std::string prompt = prompt_template;
    const std::size_t place = prompt.find(train::kPromptPlace);
    row.prompt = prompt.replace(place, train::kPromptPlace.size(), row.prompt);
  }
  return asked;
}

Result<TrialMetrics> TrialMetrics::create(std::vector<TrialEvaluation> evaluations, const train::Corpus& corpus) {
  TrialMetrics metrics(corpus);
  for (TrialEvaluation& wanted : evaluations) {
    PEGBOX_TRY(Part part, metrics.read(std::move(wanted)));
    metrics.parts_.push_back(std::move(part));
  }
  return metrics;
}

Result<TrialMetrics::Part> TrialMetrics::read(TrialEvaluation wanted) const {
  Part part{.wanted = std::move(wanted)};
  const EvaluationTask& task = part.wanted.task;
  constexpr auto kValidation = static_cast<std::size_t>(train::Part::Validation);
  if (need_judgement(task.metrics)) {
    PEGBOX_TRY(text::OutputChecks checks, text::OutputChecks::create(task.safety.value_or(text::SafetyRule{})));
    part.checks.emplace(std::move(checks));
  }
  EvaluationTask named = task;
  if (task.data.empty()) named.data = corpus_->rows().files[kValidation];
  const bool may_have_choices = !task.data.empty();
  if (!task.slices.empty() || may_have_choices) {
    PEGBOX_TRY(part.fields, read_data_rows(named));
  }
  if (may_have_choices && !part.fields.empty() && has_choices(part.fields.front(), named)) {
    keep_evenly(part.fields, part.wanted.most_rows);
    PEGBOX_TRY(part.questions, read_questions(part.fields, named));
    part.rows = rows_of_choices(part.questions, task.delimiter);
    return part;
  }
  if (task.data.empty()) {
    part.rows = corpus_->rows().parts[kValidation];
    part.files = corpus_->rows().files[kValidation];
  } else {
    PEGBOX_TRY(auto columns, text_columns(task.columns));
    const std::vector<Path> paths(task.data.begin(), task.data.end());
    PEGBOX_TRY(text::Dataset data,
               text::load_dataset(
                   paths, {.extensions = {}, .columns = std::move(columns), .labels = !corpus_->classes().empty()}));
    part.rows = std::move(data.rows);
    part.files = std::move(data.files);
  }
  keep_evenly(part.rows, part.wanted.most_rows);
  return part;
}

Result<const train::EvaluationData*> TrialMetrics::tokens_of(Part& part, const train::TrainConfig& config) const {
  const auto key = std::pair(config.sequence_length, config.prompt_template);
  if (const auto found = part.tokenized.find(key); found != part.tokenized.end()) return &found->second;
  PEGBOX_TRY(std::vector<text::Row> rows, asked_rows(part.rows, config.prompt_template));
  PEGBOX_TRY(train::EvaluationData data, corpus_->evaluation_data(std::move(rows), part.files, config.sequence_length));
  part.tokenized.clear();  // a search seldom comes back to another length
  return &part.tokenized.emplace(key, std::move(data)).first->second;
}

Result<Metrics> TrialMetrics::measure(const train::TrainConfig& config, const AskedModel& model, train::Lanes& lanes,
                                      bool at_end) {
  Metrics metrics;
  for (Part& part : parts_) {
    if (!at_end && !part.wanted.at_rungs.value_or(false)) continue;
    PEGBOX_TRY(const train::TrainConfig own, config_for(config, part.wanted.task));
    PEGBOX_TRY(Metrics measured, measure(part, own, model, lanes));
    metrics.merge(measured);
  }
  return metrics;
}

Result<Metrics> TrialMetrics::measure(Part& part, const train::TrainConfig& config, const AskedModel& model,
                                      train::Lanes& lanes) const {
  const EvaluationTask& task = part.wanted.task;
  PEGBOX_TRY(const train::EvaluationData* const data, tokens_of(part, config));
  const bool writes = need_outputs(task.metrics) && part.questions.empty();
  PEGBOX_TRY(const RowRecords records, row_records(model, corpus_->text(), {data->rows, data->files, data->tokens},
                                                   writes ? &config : nullptr, lanes));
  PEGBOX_TRY(RowResults results, read_row_results(records.records, task.name.empty() ? "validation data" : task.name));
  if (part.checks) judge_outputs(results, *part.checks);
  if (!part.questions.empty()) {
    PEGBOX_TRY(results.rows, judge_questions(part.fields, part.questions, results.rows));
  }
  PEGBOX_TRY(const auto chosen, choose_metrics(task.metrics, results, "evaluate"));
  const Scorer scorer(results.rows, {}, chosen, {.resamples = kResamples, .seed = 0});
  Metrics metrics;
  add_scores(part.wanted, scorer.of_all(), "", metrics);
  PEGBOX_TRY(const auto slices, slices_by(part.fields, results.rows, task));
  for (const pegbox::Slice& slice : slices)
    add_scores(part.wanted, scorer.of(slice.rows), slice_name(slice.field, slice.value), metrics);
  if (!records.speed.is_null()) {
    metrics[part.wanted.prefix + "output_tokens_per_second"] = records.speed["tokens_per_second"].get<double>();
    metrics[part.wanted.prefix + "first_token_s"] = records.speed["first_token_s"].get<double>();
  }
  return metrics;
}

}  // namespace pegbox::trainer
