// Held-out result: see held_out_result.h.
#include "app/held_out_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "app/data_parts.h"
#include "app/evaluation/task_report.h"
#include "app/event_line.h"
#include "app/patience.h"
#include "app/study_files.h"
#include "app/study_json.h"
#include "app/trainer_program.h"
#include "evaluation/trial_evaluation.h"
#include "search/study.h"

namespace pegbox {

namespace {

/// The fields by which the trainer reads, cuts and writes text.
constexpr std::array<const char*, 10> kTextFields = {"sequence_length", "chat_template", "loss_on", "most_tokens",
                                                     "temperature",     "top_k",         "top_p",   "beams",
                                                     "length_penalty",  "stop"};

/// What the trainer's workers were told: its fields, with absolute paths.
Result<Json> trainer_config(const StorePlace& place, const std::string& study) {
  const Path file = place.study_files(study) / "trainer.json";
  if (!std::filesystem::exists(file))
    return fail(ErrorKind::InvalidInput, {.where = study,
                                          .what = "there are no test data that this program knows of",
                                          .expected = "a study of the built-in trainer, run on this machine"});
  PEGBOX_TRY(const std::string text, read_file(file));
  return parse_json(text, file.string());
}

/// The trial's model: what it left, on the study's base or instead of it.
Result<EvaluationPlan> plan_of(const Json& trainer, const StorePlace& place, const std::string& study,
                               const Trial& trial) {
  EvaluationPlan plan;
  plan.model = trainer.value("model", "");
  plan.adapter = trainer.value("adapter", "");
  const Value* const method = trial.config.find("method");
  const bool trains = (method ? to_text(*method) : trainer.value("method", "lora")) != "none";
  if (!trains) return plan;
  const Path result = trial_result_folder(place, study, trial.number);
  if (!std::filesystem::exists(result))
    return fail(ErrorKind::NotFound, {.where = study,
                                      .what = fmt::format("the model of trial {} is not there", trial.number),
                                      .got = result.string()});
  if (std::filesystem::exists(result / "model.safetensors"))
    plan.model = result.string();
  else
    plan.adapter = result.string();
  return plan;
}

Result<EvaluationTask> task_of(const Json& trainer, const Trial& trial, const std::vector<std::string>& metrics) {
  EvaluationTask task{.name = "test", .metrics = metrics};
  const Json data = trainer.value("data", Json());
  if (!data.is_object() || !data.contains("test"))
    return fail(ErrorKind::InvalidInput, {.where = "best --test",
                                          .what = "the study file names no test data",
                                          .expected = "data: {train: ..., validation: ..., test: FILE}"});
  PEGBOX_TRY(const DataParts parts, data_parts_of({{"test", data["test"]}}, "data"));
  for (const Path& path : parts.parts.front().paths) task.data.push_back(path.string());
  task.columns = data.value("columns", Json::object());
  for (const char* field : kTextFields) {
    if (trainer.contains(field)) task.set[field] = trainer[field];
    if (const Value* const value = trial.config.find(field)) task.set[field] = to_json(*value);
  }
  const Value* const own = trial.config.find("prompt_template");
  if ((own ? to_text(*own) : trainer.value("prompt_template", "{prompt}")) != "{prompt}")
    return fail(ErrorKind::Unsupported, {.where = "best --test",
                                         .what = "a prompt_template is put around prompts in trials only",
                                         .hint = "write the test prompts as the template has them, and use `pegbox "
                                                 "evaluate`"});
  if (!trainer.contains("evaluate")) return task;
  const Document document{.json = trainer["evaluate"], .name = "evaluate", .lines = {}};
  PEGBOX_TRY(const auto evaluations, TrialEvaluation::read(document.root(), ""));
  for (const TrialEvaluation& evaluation : evaluations) {
    if (!evaluation.task.data.empty()) continue;
    if (metrics.empty())
      task.metrics.insert(task.metrics.end(), evaluation.task.metrics.begin(), evaluation.task.metrics.end());
    if (!task.safety) task.safety = evaluation.task.safety;
    if (task.slices.empty()) task.slices = evaluation.task.slices;
    task.set.update(evaluation.task.set);
  }
  const bool has_loss = std::ranges::find(task.metrics, "loss") != task.metrics.end();
  if (metrics.empty() && !task.metrics.empty() && !has_loss) task.metrics.insert(task.metrics.begin(), "loss");
  return task;
}

Json note_of(const TaskReport& report, const Trial& trial, std::size_t done, std::int64_t looks) {
  Json note = {{"trial", trial.number}, {"trials", done}, {"looks", looks}, {"metrics", Json::object()}};
  const auto add = [&](const std::vector<Score>& scores, const std::string& slice) {
    for (const Score& score : scores) {
      const std::string name = std::string(score.metric->name) + slice;
      note["metrics"][name] = json_number(score.value);
      if (score.interval)
        note["intervals"][name] = {json_number(score.interval->low), json_number(score.interval->high)};
    }
  };
  add(report.scores, "");
  for (const SliceScores& each : report.slices) add(each.scores, slice_name(each.slice.field, each.slice.value));
  return note;
}

/// The note, if it answers the question; nothing if nothing was asked yet, or it is to be asked again.
Result<std::optional<Json>> known_answer(const StudyState& state, std::int64_t trial,
                                         const std::vector<std::string>& metrics, bool again) {
  const auto found = state.notes().find(kTestNote);
  if (found == state.notes().end()) return std::nullopt;
  const Json& note = found->second;
  const bool has_all = std::ranges::all_of(
      metrics, [&](const std::string& name) { return note.value("metrics", Json::object()).contains(name); });
  if (note.value("trial", std::int64_t{-1}) == trial && has_all && !again) return std::optional(note);
  if (again) return std::nullopt;
  return fail(ErrorKind::Conflict,
              {.where = state.spec().name,
               .what = "the test data have been looked at already",
               .got = fmt::format("trial {} then, trial {} now", note.value("trial", std::int64_t{-1}), trial),
               .expected = "one look, at the end",
               .hint = "--again looks once more; whoever chooses by it has tuned on the test data"});
}

}  // namespace

Result<Json> test_best(Store& store, const std::string& study, const StorePlace& place,
                       const std::vector<std::string>& metrics, bool again) {
  PEGBOX_TRY(const auto lease, patiently([&] { return store.lease(study); }));
  PEGBOX_TRY(const auto open, Study::open(store, study));
  const auto best = best_details(open->state(), place);
  if (!best) return fail(ErrorKind::NotFound, {.where = study, .what = why_no_best(open->state())});
  if (best->contains("front"))
    return fail(ErrorKind::InvalidInput, {.where = study,
                                          .what = "several objectives have a front of trials, and no single best one",
                                          .hint = "choose one of the front, and measure it with `pegbox evaluate`"});
  const auto number = (*best)["trial"].get<std::int64_t>();
  PEGBOX_TRY(auto known, known_answer(open->state(), number, metrics, again));
  if (known) return *std::move(known);
  const Trial& trial = open->state().trial(number);
  PEGBOX_TRY(const Json trainer, trainer_config(place, study));
  PEGBOX_TRY(const EvaluationPlan plan, plan_of(trainer, place, study, trial));
  PEGBOX_TRY(const EvaluationTask task, task_of(trainer, trial, metrics));
  PEGBOX_TRY(const auto program, TrainerProgram::find());
  PEGBOX_TRY(const TaskReport report, evaluate_task(program, plan, task));
  const auto before = open->state().notes().find(kTestNote);
  const std::int64_t looks =
      before == open->state().notes().end() ? 1 : before->second.value("looks", std::int64_t{1}) + 1;
  Json note = note_of(report, trial, open->history().in_state(TrialState::Done).size(), looks);
  PEGBOX_CHECK(open->append(open->state().now_s(), "user", event::Note{{}, kTestNote, note}));
  PEGBOX_CHECK(open->commit());
  return note;
}

std::string test_text(const Json& note) {
  std::string text = fmt::format("on the test data, trial {}\n", note["trial"].get<std::int64_t>());
  const Json intervals = note.value("intervals", Json::object());
  for (const auto& [name, value] : note["metrics"].items()) {
    double number = 0, low = 0, high = 0;
    read_json_number(value, number);
    text += fmt::format("  {:<20} {}", name, show_metric(number));
    if (intervals.contains(name) && read_json_number(intervals[name][0], low) &&
        read_json_number(intervals[name][1], high))
      text += fmt::format(", {} to {} (95 %)", show_metric(low), show_metric(high));
    text += "\n";
  }
  if (const auto looks = note.value("looks", std::int64_t{1}); looks > 1)
    text += fmt::format("  The test data have been looked at {} times.\n", looks);
  return text;
}

}  // namespace pegbox
