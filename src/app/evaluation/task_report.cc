// TaskReport: see task_report.h.
#include "app/evaluation/task_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "evaluation/choice_question.h"
#include "evaluation/data_fields.h"

namespace pegbox {

namespace {

/// Which model, with which adapter on it.
struct ModelPlace {
  std::string model, adapter;
};

/// A folder to compare with: an adapter's for the same model, or a model's.
ModelPlace other_place(const EvaluationPlan& plan) {
  const bool is_adapter = std::filesystem::exists(Path(plan.compare) / "adapter_config.json");
  return is_adapter ? ModelPlace{plan.model, plan.compare} : ModelPlace{plan.compare, ""};
}

Json trainer_config(const ModelPlace& place, const EvaluationTask& task, std::int64_t seed) {
  Json config = {{"model", place.model}, {"data", {{"test", task.data}}}, {"seed", seed}};
  if (!task.columns.empty()) config["data"]["columns"] = task.columns;
  config.update(task.set);
  if (!place.adapter.empty()) config["adapter"] = place.adapter;
  return config;
}

Result<MeasuredRows> ask_for_rows(const TrainerProgram& trainer, Json config) {
  PEGBOX_TRY(const TemporaryFolder folder, TemporaryFolder::create("pegbox-evaluate"));
  const Path records = folder.path() / "records.jsonl";
  config["records"] = records.string();
  MeasuredRows measured;
  PEGBOX_TRY(measured.summary, trainer.ask("evaluate", config, "command line"));
  PEGBOX_TRY(measured.records, read_file(records));
  PEGBOX_TRY(measured.results, read_row_results(records));
  return measured;
}

Result<MeasuredRows> measure_choices(const TrainerProgram& trainer, const ModelPlace& place, const EvaluationTask& task,
                                     const std::vector<DataRow>& data, std::int64_t seed) {
  PEGBOX_TRY(const auto questions, read_questions(data, task));
  PEGBOX_TRY(const TemporaryFolder folder, TemporaryFolder::create("pegbox-evaluate"));
  EvaluationTask expanded = task;
  expanded.data = {(folder.path() / "choices.jsonl").string()};
  expanded.columns = Json::object();
  std::string lines;
  for (const auto& [prompt, completion] : choice_rows(questions, task.delimiter))
    lines += to_line({{"prompt", prompt}, {"completion", completion}}) + "\n";
  PEGBOX_CHECK(replace_file(expanded.data.front(), lines));
  PEGBOX_TRY(MeasuredRows measured, ask_for_rows(trainer, trainer_config(place, expanded, seed)));
  PEGBOX_TRY(measured.results.rows, judge_questions(data, questions, measured.results.rows));
  for (const char* of_choices : {"loss", "perplexity", "label_tokens"}) measured.summary.erase(of_choices);
  return measured;
}

Result<MeasuredRows> measure_place(const TrainerProgram& trainer, const ModelPlace& place, const EvaluationTask& task,
                                   const std::vector<DataRow>& data, std::int64_t seed) {
  if (!data.empty() && has_choices(data.front(), task)) return measure_choices(trainer, place, task, data, seed);
  Json config = trainer_config(place, task, seed);
  if (need_outputs(task.metrics)) config["generate"] = true;
  return ask_for_rows(trainer, config);
}

/// What outputs are judged by, where a metric asks for it.
Result<std::optional<text::OutputChecks>> checks_of(const EvaluationTask& task) {
  if (!need_judgement(task.metrics)) return std::nullopt;
  PEGBOX_TRY(text::OutputChecks checks, text::OutputChecks::create(task.safety.value_or(text::SafetyRule{})));
  return std::optional(std::move(checks));
}

Result<void> check_pairs(const RowResults& ours, const RowResults& theirs, const std::string& where) {
  if (ours.rows.size() != theirs.rows.size())
    return fail(ErrorKind::InvalidInput, {.where = where,
                                          .what = "the two have not the same rows",
                                          .got = fmt::format("{} and {}", ours.rows.size(), theirs.rows.size())});
  for (std::size_t i = 0; i < ours.rows.size(); ++i) {
    const auto &a = ours.rows[i].output, &b = theirs.rows[i].output;
    const bool same_label = ours.rows[i].classes.has_value() == theirs.rows[i].classes.has_value() &&
                            (!ours.rows[i].classes || ours.classes[ours.rows[i].classes->label] ==
                                                          theirs.classes[theirs.rows[i].classes->label]);
    if ((a && b && a->reference != b->reference) || !same_label)
      return fail(ErrorKind::InvalidInput, {.where = where,
                                            .what = fmt::format("row {} is another one in the two", i + 1),
                                            .expected = "the same rows in the same order"});
  }
  return {};
}

Result<TaskReport> score_task(const EvaluationPlan& plan, const EvaluationTask& task, MeasuredRows measured,
                              const RowResults& other, const std::vector<DataRow>& data) {
  TaskReport report{.task = task, .measured = std::move(measured), .compared_with = {}, .scores = {}};
  PEGBOX_TRY(const auto metrics, choose_metrics(task.metrics, report.measured.results, task.name));
  for (const Metric* const metric : metrics)
    if (!std::ranges::all_of(other.rows, [&](const RowResult& row) { return has_what(row, metric->need); }))
      return fail(ErrorKind::InvalidInput,
                  {.where = task.name,
                   .what = fmt::format("{} cannot be measured on the rows to compare with", metric->name),
                   .expected = std::string(describe(metric->need))});
  const std::vector<RowResult>& rows = report.measured.results.rows;
  const Scorer scorer(rows, other.rows, metrics,
                      {.resamples = static_cast<int>(plan.resamples), .seed = static_cast<std::uint64_t>(plan.seed)});
  report.scores = scorer.of_all();
  PEGBOX_TRY(const auto slices, slices_of(data, rows, task.slices));
  for (const Slice& slice : slices) report.slices.push_back({slice, scorer.of(slice.rows)});
  return report;
}

}  // namespace

Result<TaskReport> evaluate_task(const TrainerProgram& trainer, const EvaluationPlan& plan,
                                 const EvaluationTask& task) {
  PEGBOX_TRY(const auto data, read_data_rows(task));
  PEGBOX_TRY(const auto checks, checks_of(task));
  PEGBOX_TRY(MeasuredRows measured, measure_place(trainer, {plan.model, plan.adapter}, task, data, plan.seed));
  if (checks) judge_outputs(measured.results, *checks);
  MeasuredRows other;
  if (!plan.compare.empty()) {
    PEGBOX_TRY(other, measure_place(trainer, other_place(plan), task, data, plan.seed));
    if (checks) judge_outputs(other.results, *checks);
    PEGBOX_CHECK(check_pairs(measured.results, other.results, task.name));
  }
  PEGBOX_TRY(TaskReport report, score_task(plan, task, std::move(measured), other.results, data));
  report.compared_with = plan.compare;
  return report;
}

Result<TaskReport> evaluate_outputs(const std::string& file, const std::string& other_file, const EvaluationPlan& plan,
                                    const EvaluationTask& task) {
  MeasuredRows measured;
  PEGBOX_TRY(const auto checks, checks_of(task));
  PEGBOX_TRY(measured.results, read_row_results(file));
  if (checks) judge_outputs(measured.results, *checks);
  RowResults other;
  if (!other_file.empty()) {
    PEGBOX_TRY(other, read_row_results(other_file));
    if (checks) judge_outputs(other, *checks);
    PEGBOX_CHECK(check_pairs(measured.results, other, task.name));
  }
  std::vector<DataRow> data;
  if (!task.slices.empty()) {
    PEGBOX_TRY(data, read_data_rows(task));
    for (std::size_t i = 0; i < data.size() && i < measured.results.rows.size(); ++i) {
      measured.results.rows[i].file = data[i].file;  // the outputs' own lines: their fields are what slices are by
      measured.results.rows[i].line = data[i].line;
    }
  }
  PEGBOX_TRY(TaskReport report, score_task(plan, task, std::move(measured), other, data));
  report.compared_with = other_file;
  return report;
}

}  // namespace pegbox
