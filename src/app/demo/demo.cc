// Demo: the main job from nothing.
#include "app/demo/demo.h"

#include <fmt/format.h>

#include <cmath>

#include "app/event_line.h"
#include "app/study_files.h"
#include "app/study_importance.h"
#include "app/study_run.h"
#include "base/units.h"

namespace pegbox {

namespace {

tl::unexpected<Error> interrupted() {
  return fail(ErrorKind::Interrupted,
              {.where = "pegbox demo", .what = "interrupted", .hint = "the same command goes on"});
}

bool is_there(const Path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

bool holds(const Path& path, const std::string& text) {
  const auto held = read_file(path);
  return held && *held == text;
}

std::string percent(double fraction) { return fmt::format("{:.0f} %", fraction * 100); }

}  // namespace

Json DemoResult::to_json() const {
  Json important = Json::object();
  for (const ParameterImportance& each : importance.parameters) important[each.parameter] = each.share;
  return {{"test_loss", comparison.loss},
          {"defaults_test_loss", comparison.other_loss},
          {"gain", comparison.gain},
          {"interval", {{"metric", "gain"}, {"low", comparison.interval.low}, {"high", comparison.interval.high}}},
          {"test_documents", comparison.documents},
          {"trial", best_trial},
          {"trials", trials},
          {"config", best_config.to_json()},
          {"trial_tokens", best_tokens},
          {"study_tokens", study_tokens},
          {"importance", important},
          {"base", base.string()},
          {"adapter", adapter.string()}};
}

std::string DemoResult::in_three_lines() const {
  const Comparison& c = comparison;
  const std::string certainty = c.interval.low > 0    ? "lower"
                                : c.interval.high < 0 ? "HIGHER: nothing was gained"
                                                      : "lower, which may be chance";
  std::string text = fmt::format(
      "gained:   test loss {:.4f} instead of {:.4f} nats a token with the published defaults: {:.4f} {} (95 %: {:.4f} "
      "to "
      "{:.4f}, {} unseen files), after {} training tokens instead of {}\n",
      c.loss, c.other_loss, std::abs(c.gain), certainty, c.interval.low, c.interval.high, c.documents,
      format_count(best_tokens), format_count(study_tokens));
  text += "mattered: ";
  for (std::size_t i = 0; i < importance.parameters.size() && i < 4; ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", importance.parameters[i].parameter,
                        percent(importance.parameters[i].share));
  text += fmt::format(" of the loss's variation; best of {} trials: {}\n", trials, show_config(best_config));
  return text + fmt::format("adapter:  {} (on {})\n", adapter.string(), base.string());
}

Result<DemoResult> Demo::run() {
  Console& console = session_.console();
  DemoResult result;
  result.base = folder_ / "base";
  PEGBOX_CHECK(prepare());
  console.say(fmt::format("1 of 4  a base model learns Python: {} tokens of its standard library",
                          format_count(static_cast<double>(recipe_.base_tokens))));
  PEGBOX_CHECK(train_base());
  console.say(fmt::format("2 of 4  LoRA on C++ headers is tuned: {} tokens for all trials together",
                          format_count(static_cast<double>(recipe_.study_tokens))));
  PEGBOX_CHECK(search(result));
  console.say(fmt::format("3 of 4  one run at the published defaults, with as many tokens as the whole study: {}",
                          format_count(result.study_tokens)));
  PEGBOX_CHECK(train_defaults(result.study_tokens));
  console.say("4 of 4  both are measured on files that neither has seen");
  PEGBOX_TRY(result.comparison, compare_on_test(result.adapter));
  PEGBOX_CHECK(replace_file(folder_ / "result.json", result.to_json().dump(2) + "\n"));
  return result;
}

Result<void> Demo::prepare() {
  PEGBOX_CHECK(make_folder(folder_));
  PEGBOX_TRY(text_, write_demo_text(folder_ / "text", recipe_.sizes));
  const std::string base = recipe_.base_config(text_, folder_ / "base").dump(2);
  if (!holds(folder_ / "base.json", base)) {
    PEGBOX_CHECK(remove_tree(folder_ / "base"));
    PEGBOX_CHECK(remove_tree(folder_ / "study.json"));
    PEGBOX_CHECK(replace_file(folder_ / "base.json", base));
  }
  const std::string study = recipe_.study(text_, folder_ / "base", seed_).dump(2);
  if (holds(folder_ / "study.json", study) && !is_there(folder_ / "result.json")) return {};
  for (const char* name : {"pegbox.db", "pegbox.db-wal", "pegbox.db-shm", "pegbox.files", "defaults", "result.json"})
    PEGBOX_CHECK(remove_tree(folder_ / name));
  return replace_file(folder_ / "study.json", study);
}

Result<void> Demo::train(const Json& config) {
  PEGBOX_TRY(const ExitCode code,
             trainer_.run("train", config, session_.console(), session_.interrupted(), TrainerOutput::Progress));
  if (session_.interrupted() || code == ExitCode::Interrupted) return interrupted();
  if (code != ExitCode::Done)
    return fail(ErrorKind::Internal, {.where = "pegbox demo", .what = "the trainer failed; what it said stands above"});
  return {};
}

Result<void> Demo::train_base() {
  const Path base = folder_ / "base";
  if (is_there(base / "model.safetensors") && !is_there(base / "checkpoint.safetensors")) {
    session_.console().say("        it is there from an earlier run, in " + base.string());
    return {};
  }
  return train(recipe_.base_config(text_, base));
}

Result<void> Demo::search(DemoResult& result) {
  Document document{.json = recipe_.study(text_, folder_ / "base", seed_), .name = "demo", .lines = {}};
  PEGBOX_TRY(StudyFile file, StudyFile::read(std::move(document), std::filesystem::current_path()));
  PEGBOX_TRY(const auto store, pegbox::open_store("sqlite:" + place().database.string()));
  PEGBOX_TRY(const HeldStudy held, hold_study(*store, file, false, session_.console()));
  PEGBOX_TRY(const RunResult run,
             run_study(*store, *held.study, file, place(), session_.console(), session_.interrupted()));
  if (run.outcome != Outcome::Finished) return interrupted();
  const History history = held.study->history();
  const auto best = best_trial(history);
  if (!best)
    return fail(ErrorKind::Internal, {.where = "demo",
                                      .what = "no trial has a result",
                                      .hint = "`pegbox show --store " + place().database.string() + "` says why"});
  const Trial& trial = held.study->state().trial(*best);
  result.best_trial = *best;
  result.best_config = trial.config;
  result.best_tokens = trial.metric("tokens").value_or(0);
  result.study_tokens = history.tokens_spent;
  result.trials = std::ssize(history.trials);
  result.adapter = trial_result_folder(place(), file.spec.name, *best);
  PEGBOX_TRY(result.importance, study_importance(history, history.spec.objective().metric));
  return {};
}

Result<void> Demo::train_defaults(double tokens) {
  const Path output = folder_ / "defaults";
  if (is_there(output / "adapter_model.safetensors") && !is_there(output / "checkpoint.safetensors")) return {};
  return train(recipe_.defaults_config(text_, folder_ / "base", output, std::llround(tokens), seed_));
}

Result<Path> Demo::evaluate(const Path& adapter, const std::string& name) {
  const Path losses = folder_ / (name + "-test-losses.jsonl");
  const Json config = {{"model", (folder_ / "base").string()},
                       {"adapter", adapter.string()},
                       {"data", text_.test.string()},
                       {"sequence_length", recipe_.sequence_length},
                       {"per_row", losses.string()}};
  PEGBOX_TRY(const Json measured, trainer_.ask("evaluate", config));
  session_.console().detail(name + ": " + to_line(measured));
  return losses;
}

Result<Comparison> Demo::compare_on_test(const Path& adapter) {
  PEGBOX_TRY(const Path tuned, evaluate(adapter, "tuned"));
  PEGBOX_TRY(const Path defaults, evaluate(folder_ / "defaults", "defaults"));
  PEGBOX_TRY(const auto ours, read_document_losses(tuned));
  PEGBOX_TRY(const auto others, read_document_losses(defaults));
  return compare(ours, others, static_cast<std::uint64_t>(seed_));
}

}  // namespace pegbox
