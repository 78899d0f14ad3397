// Verbs: the table, and the verbs that need no file of their own.
#include "app/trainer/verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <csignal>

#include "app/trainer/worker.h"
#include "app/trainer/workplace.h"
#include "base/clock.h"
#include "train/method/method.h"

namespace pegbox::trainer {

namespace {

constexpr std::string_view kProgramSection = "Files and the program";
constexpr double kSignOfLifeSeconds = 2;  // well under a third of any sensible lease

constexpr std::array<Verb, 10> kVerbs = {{
    {"worker", "train the trials of a host over the trial protocol on standard input and output",
     "pegbox-trainer worker --config trainer.json", run_worker},
    {"train", "one run without a search",
     "pegbox-trainer train --model base --data notes.txt --method lora --output tuned", run_train},
    {"evaluate", "the loss of a model on text",
     "pegbox-trainer evaluate --model base --adapter tuned --data test.jsonl", run_evaluate},
    {"inspect", "what a model does inside on text",
     "pegbox-trainer inspect --model base --adapter tuned --data test.jsonl", run_inspect},
    {"predict", "a model's continuation of a text", "pegbox-trainer predict --model base --prompt 'def main('",
     run_predict},
    {"merge", "an adapter made part of its model", "pegbox-trainer merge --model base --adapter tuned --output merged",
     run_merge},
    {"describe", "facts about model and data", "pegbox-trainer describe --model base --data notes.txt", run_describe},
    {"preflight", "what is worth knowing of model and data before a run",
     "pegbox-trainer preflight --model base --data chats.jsonl", run_preflight},
    {"fields", "everything that a config may hold, with types, defaults and meaning", "pegbox-trainer fields",
     run_fields},
    {"probe", "logits and gradients of a model on text, in a file",
     "pegbox-trainer probe --model base --data test.txt --output probe.safetensors", run_probe},
}};

/// Fields of a run that are the same for all trials of a trainer: it opens model and data by them.
constexpr std::array<std::string_view, 4> kOfAllTrials = {"precision", "task", "adapters", "start_adapter"};

/// `accepts` and `section` are for a reference: what the field takes, in words, and the heading it is under.
Json row_json(const FieldRow& row, std::string_view of, std::string_view section) {
  constexpr std::array kTypes = {"boolean", "integer", "number", "string"};
  Json json = {{"name", row.name},
               {"of", of},
               {"type", kTypes[row.fallback.index()]},
               {"default", to_json(row.fallback)},
               {"help", row.help},
               {"accepts", accepted_values(row)},
               {"section", section}};
  if (!row.choices.empty()) json["choices"] = row.choices;
  if (!row.source.empty()) json["source"] = row.source;
  if (const auto verbs = verbs_reading(row.name); !verbs.empty()) json["verbs"] = verbs;
  return json;
}

/// Why a run of each of the settings' draws would be refused: a text, or null.
Result<Json> refusals_of_draws(Workplace& workplace, const Config& config) {
  PEGBOX_TRY(const Json draws, parse_json(config.settings.draws, "draws"));
  PEGBOX_TRY(const train::TrainConfig defaults, train::read_train_config(Json::object(), config.run, "config"));
  Json refusals = Json::array();
  for (const Json& draw : draws) {
    const auto run = train::read_train_config(config.run, draw, "config");
    const auto checked = run ? check_run(workplace, *run, defaults) : tl::make_unexpected(run.error());
    refusals.push_back(checked ? Json() : Json(checked.error().message));
  }
  return refusals;
}

}  // namespace

std::span<const Verb> verbs() { return kVerbs; }

void print_json(const Streams& streams, const Json& json) {
  fmt::print(streams.result, "{}\n", to_line(json));
  std::fflush(streams.result);
}

Result<void> run_worker(const Config& config, const Streams& streams) {
  // Whoever ends the work of a machine signals its host too, which then asks for snapshots and tells it to leave.
  std::signal(SIGTERM, SIG_IGN);
  if (config.settings.folder.empty())
    return fail(ErrorKind::InvalidInput,
                {.where = "config", .what = "folder is missing", .expected = "a folder for the trials' checkpoints"});
  PEGBOX_CHECK(make_folder(config.settings.folder));
  if (!config.has_data)
    return fail(ErrorKind::InvalidInput,
                {.where = "config", .what = "data is missing", .expected = "{\"train\": ..., \"validation\": ...}"});
  PEGBOX_TRY(const train::TrainConfig run, train::read_train_config(Json::object(), config.run, "config"));
  Channel channel(streams.protocol_input, streams.protocol_output);
  channel.start_sign_of_life(kSignOfLifeSeconds);  // a model and data can take minutes to load
  PEGBOX_TRY(Workplace workplace, open_workplace(config));
  const bool has_rows = workplace.corpus->has(train::Part::Train) || !train::method_trains(run.method);
  if (!has_rows || !workplace.corpus->has(train::Part::Validation))
    return fail(ErrorKind::InvalidInput,
                {.where = "data",
                 .what = "a trial is judged by its loss on validation data, and there are none",
                 .hint = "name validation data, or a validation_fraction above 0"});
  warm_up(workplace, run);
  const SystemClock clock;
  Worker worker(workplace, config, channel, clock,
                [&](const std::string& line) { fmt::print(streams.progress, "{}\n", line); });
  return worker.serve();
}

Result<void> run_describe(const Config& config, const Streams& streams) {
  PEGBOX_TRY(Workplace workplace, open_workplace(config));
  PEGBOX_TRY(message::Described described, describe_workplace(workplace, config, [&](const std::string& line) {
               fmt::print(streams.progress, "{}\n", line);
             }));
  if (!config.settings.draws.empty()) {
    PEGBOX_TRY(described.values["refused"], refusals_of_draws(workplace, config));
  }
  print_json(streams, described.values);
  return {};
}

Result<void> run_fields(const Config&, const Streams& streams) {
  Json rows = Json::array();
  for (const FieldRow& row : setting_fields().rows()) rows.push_back(row_json(row, "trainer", kProgramSection));
  rows.push_back({{"name", "data"},
                  {"of", "trainer"},
                  {"type", "object"},
                  {"default", nullptr},
                  {"help",
                   "text to train on: a path, a list of paths, or an object with train, validation and test, and "
                   "columns (our names of fields: the files')"},
                  {"accepts", "path, list or object"},
                  {"section", kProgramSection}});
  rows.push_back({{"name", "evaluate"},
                  {"of", "trainer"},
                  {"type", "object"},
                  {"default", nullptr},
                  {"verbs", kEvaluatingVerbs},
                  {"help",
                   "what is measured of a run at its end, besides the loss on validation data: an object, or a list of "
                   "them, with metrics, and perhaps name, data, columns, slices, set, safety, rows and at (end or "
                   "rungs); docs/evaluation.md"},
                  {"accepts", "object or list"},
                  {"section", kProgramSection}});
  for (const FieldRow& row : train::train_fields().rows()) {
    const bool is_shared = std::ranges::find(kOfAllTrials, row.name) != kOfAllTrials.end();
    rows.push_back(row_json(row, is_shared ? "trainer" : "run", train::section_of(row.name)));
  }
  print_json(streams, rows);
  return {};
}

}  // namespace pegbox::trainer
