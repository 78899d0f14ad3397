// pegbox evaluate: how good a model is on data: loss and perplexity, or the metrics that are named.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/evaluation/evaluation_json.h"
#include "app/evaluation/evaluation_view.h"
#include "app/event_line.h"
#include "app/generation_flags.h"
#include "app/quick_study.h"
#include "app/session.h"
#include "app/trainer_program.h"
#include "app/yaml_document.h"

namespace pegbox {

namespace {

class Evaluate final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "evaluate",
            .group = CommandGroup::Models,
            .summary = "measure how good a model is on data",
            .description =
                "Prints the mean loss (negative log-likelihood of a token, in nats), the perplexity and the number "
                "of tokens measured, of a model, with an adapter or without, on data; with --metrics others, with 95 % "
                "intervals, for slices of the data and against another model (docs/evaluation.md). A suite is a YAML "
                "file of several tasks. With --outputs, no model is asked: the file has what one wrote.",
            .example =
                "pegbox evaluate --model models/base --adapter adapters/notes --data test.txt --json\n"
                "pegbox evaluate --model models/base --data qa.jsonl --metrics exact_match,f1 --slice topic\n"
                "pegbox evaluate suite.yaml\n"
                "pegbox evaluate --outputs answers.jsonl --metrics bleu,chrf",
            .has_result = true};
  }
  std::vector<Option> options() override {
    Option model = model_option(&model_);
    model.required = false;
    std::vector<Option> options = {
        {.names = "suite",
         .target = &suite_,
         .value = "SUITE",
         .help = "a YAML file that names model, tasks and metrics",
         .completion = Completion::File},
        model,
        adapter_option(&adapter_),
        {.names = "--data",
         .target = &data_,
         .value = "PATH",
         .help = "text, rows or a folder (docs/data.md); may be repeated",
         .completion = Completion::File},
        {.names = "--sequence-length",
         .target = &sequence_length_,
         .value = "N",
         .help = "longer texts are cut into pieces of so many tokens [512, or the model's positions]"},
        columns_option(&columns_),
        {.names = "--set",
         .target = &set_,
         .value = "NAME=VALUE",
         .help = "a field of the trainer, such as loss_on=all or chat_template=chatml; may be repeated"},
        {.names = "--per-row",
         .target = &per_row_,
         .value = "FILE",
         .help = "write the loss of each document to this file, as JSON lines",
         .completion = Completion::File}};
    const std::vector<Option> metrics = metric_options(), generation = generation_.options();
    options.insert(options.end(), metrics.begin(), metrics.end());
    options.insert(options.end(), generation.begin(), generation.end());
    return options;
  }
  Result<ExitCode> run(Session& session) override {
    if (!suite_.empty()) return run_suite(session);
    if (!outputs_.empty()) return run_outputs(session);
    if (model_.empty() || data_.empty())
      return fail(ErrorKind::InvalidInput, {.where = "pegbox evaluate",
                                            .what = model_.empty() ? "--model is missing" : "--data is missing",
                                            .expected = "--model and --data, --outputs, or a suite's file"});
    if (metrics_.empty() && slices_.empty() && compare_.empty() && save_.empty()) return run_loss(session);
    if (!per_row_.empty())
      return fail(ErrorKind::InvalidInput, {.where = "--per-row",
                                            .what = "it has the losses of rows where nothing else is measured",
                                            .hint = "--save FILE has all that is measured of each row"});
    PEGBOX_TRY(const EvaluationPlan plan, plan_of_flags());
    PEGBOX_CHECK(check_metric_names(plan.tasks.front().metrics, "--metrics"));
    return run_plan(session, plan);
  }

 private:
  std::vector<Option> metric_options() {
    return {
        {.names = "--metrics",
         .target = &metrics_,
         .value = "NAMES",
         .help = "what to measure, such as bits_per_byte,bleu (docs/evaluation.md), or all"},
        {.names = "--slice",
         .target = &slices_,
         .value = "FIELD",
         .help = "also for the rows of each value of this field; may be repeated"},
        {.names = "--compare",
         .target = &compare_,
         .value = "DIR",
         .help = "against another model, or another adapter of the same model, on the same rows; of --outputs: "
                 "another file of them",
         .completion = Completion::File},
        {.names = "--outputs",
         .target = &outputs_,
         .value = "FILE",
         .help = "JSON lines with output and reference, or label and prediction, instead of a model",
         .completion = Completion::File},
        {.names = "--save",
         .target = &save_,
         .value = "FILE",
         .help = "write what was measured of each row to this file, as JSON lines",
         .completion = Completion::File},
        {.names = "--delimiter",
         .target = &delimiter_,
         .value = "TEXT",
         .help = "between a prompt and each of its choices [a space]"},
        {.names = "--seed", .target = &seed_, .value = "N", .help = "of intervals, and of the choice of tokens [0]"},
        {.names = "--resamples",
         .target = &resamples_,
         .value = "N",
         .help = "of the rows, for intervals and p-values [1000]"}};
  }

  /// Loss and perplexity alone, as the trainer says them.
  Result<ExitCode> run_loss(Session& session) {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    PEGBOX_TRY(const EvaluationPlan plan, plan_of_flags());
    const EvaluationTask& task = plan.tasks.front();
    Json config = {{"model", model_}, {"data", {{"test", data_}}}};
    if (!task.columns.empty()) config["data"]["columns"] = task.columns;
    config.update(task.set);
    if (!adapter_.empty()) config["adapter"] = adapter_;
    if (!per_row_.empty()) config["per_row"] = per_row_;
    PEGBOX_TRY(const Json result, trainer.ask("evaluate", config, "command line"));
    if (session.wants_json()) {
      session.print_json(result);
      return ExitCode::Done;
    }
    for (const auto& [name, value] : result.items()) {
      double number = 0;
      session.console().print(fmt::format("{:<16} {}\n", name,
                                          value.is_number_integer()         ? value.dump()
                                          : read_json_number(value, number) ? show_metric(number)
                                                                            : value.dump()));
    }
    return ExitCode::Done;
  }

  /// What the flags say, as a suite of one task.
  Result<EvaluationPlan> plan_of_flags() const {
    EvaluationPlan plan{
        .model = model_, .adapter = adapter_, .compare = compare_, .seed = seed_, .resamples = resamples_};
    EvaluationTask task{.data = data_, .metrics = split_names(metrics_), .slices = slices_, .delimiter = delimiter_};
    if (!data_.empty()) task.name = Path(data_.front()).stem().string();
    if (!columns_.empty()) {
      PEGBOX_TRY(task.columns, fields_of_flags(columns_, "--columns"));
    }
    if (sequence_length_ != 0) task.set["sequence_length"] = sequence_length_;
    task.set.update(generation_.fields());
    PEGBOX_TRY(const Json fields, fields_of_flags(set_, "--set"));
    task.set.update(fields);
    plan.tasks.push_back(std::move(task));
    return plan;
  }

  Result<ExitCode> run_plan(Session& session, const EvaluationPlan& plan) {
    PEGBOX_TRY(const auto trainer, TrainerProgram::find());
    std::vector<TaskReport> reports;
    for (const EvaluationTask& task : plan.tasks) {
      session.console().detail(task.name);
      PEGBOX_TRY(reports.emplace_back(), evaluate_task(trainer, plan, task));
    }
    if (!save_.empty()) PEGBOX_CHECK(replace_file(save_, reports.front().measured.records));
    return show(session, plan, reports);
  }

  Result<ExitCode> run_suite(Session& session) {
    if (!model_.empty() || !data_.empty() || !metrics_.empty() || !outputs_.empty() || !save_.empty())
      return fail(ErrorKind::InvalidInput, {.where = "pegbox evaluate",
                                            .what = "a suite names its model, data and metrics itself",
                                            .hint = "leave out the flags, or the file"});
    PEGBOX_TRY(const Document document, read_document(suite_));
    PEGBOX_TRY(const EvaluationPlan plan, EvaluationPlan::read(document, Path(suite_).parent_path()));
    return run_plan(session, plan);
  }

  Result<ExitCode> run_outputs(Session& session) {
    if (!model_.empty() || !data_.empty() || !save_.empty())
      return fail(ErrorKind::InvalidInput, {.where = "pegbox evaluate",
                                            .what = "--outputs has what a model wrote already",
                                            .hint = "leave out --model, --data and --save"});
    PEGBOX_TRY(EvaluationPlan plan, plan_of_flags());
    EvaluationTask& task = plan.tasks.front();
    task.data = {outputs_};
    task.name = Path(outputs_).stem().string();
    std::vector<TaskReport> reports;
    PEGBOX_TRY(reports.emplace_back(), evaluate_outputs(outputs_, compare_, plan, task));
    return show(session, plan, reports);
  }

  static Result<ExitCode> show(Session& session, const EvaluationPlan& plan, const std::vector<TaskReport>& reports) {
    if (session.wants_json()) {
      session.print_json(evaluation_json(plan, reports));
      return ExitCode::Done;
    }
    const Terminal& out = session.console().out();
    for (const TaskReport& report : reports)
      session.console().print(evaluation_text(report, out.is_terminal ? out.width : 0, out.has_unicode));
    return ExitCode::Done;
  }

  GenerationFlags generation_;
  std::string suite_, model_, adapter_, per_row_, metrics_, compare_, outputs_, save_, delimiter_ = " ";
  std::vector<std::string> data_, columns_, set_, slices_;
  std::int64_t sequence_length_ = 0;  // 0: the trainer's
  std::int64_t seed_ = 0, resamples_ = 1000;
};

}  // namespace

std::unique_ptr<Subcommand> make_evaluate_command() { return std::make_unique<Evaluate>(); }

}  // namespace pegbox
