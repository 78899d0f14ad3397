// pegbox best: the best configuration of a study, and where its model lies.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/event_line.h"
#include "app/session.h"
#include "app/study_json.h"
#include "base/units.h"

namespace pegbox {

namespace {

std::string result_text(const Json& best) {
  std::string text = fmt::format("trial {}\n", best["trial"].get<std::int64_t>());
  const auto value_text = [](const Json& value) {
    return value.is_string()   ? value.get<std::string>()
           : value.is_number() ? format_number(value.get<double>())
                               : value.dump();
  };
  for (const auto& [name, value] : best["config"].items())
    text += fmt::format("  {:<20} {}\n", name, value_text(value));
  for (const auto& [name, value] : best["metrics"].items()) {
    double number = 0;
    read_json_number(value, number);
    text += fmt::format("  {:<20} {}\n", name, show_metric(number));
  }
  if (best.contains("interval") && !best["interval"]["low"].is_null())
    text += fmt::format("  {:<20} {} to {} (95 %)\n", best["interval"]["metric"].get<std::string>(),
                        value_text(best["interval"]["low"]), value_text(best["interval"]["high"]));
  if (!best["folder"].is_null()) text += fmt::format("  {:<20} {}\n", "lies in", best["folder"].get<std::string>());
  if (!best["in_space"].get<bool>())
    text += "  This configuration is outside the present space: the study file was changed after it ran.\n";
  return text;
}

class Best final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "best",
            .group = CommandGroup::Studies,
            .summary = "print the best configuration of a study",
            .description =
                "Prints the best finished trial: its configuration, its metrics, and where its adapter or model "
                "lies. With several objectives: all trials that no other one beats in everything.",
            .example = "pegbox best code-lora\npegbox best code-lora --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override { return {study_argument(&study_)}; }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    PEGBOX_TRY(const auto study, Study::open(*store, name));
    const auto best = best_details(study->state(), place);
    if (!best)
      return fail(ErrorKind::NotFound, {.where = name,
                                        .what = "no trial has a result yet",
                                        .hint = fmt::format("`pegbox show {}` says what became of them", name)});
    if (session.wants_json()) {
      session.print_json(*best);
      return ExitCode::Done;
    }
    if (!best->contains("front")) {
      session.console().print(result_text(*best));
      return ExitCode::Done;
    }
    for (const Json& each : (*best)["front"]) session.console().print(result_text(each));
    return ExitCode::Done;
  }

 private:
  std::string study_;
};

}  // namespace

std::unique_ptr<Subcommand> make_best_command() { return std::make_unique<Best>(); }

}  // namespace pegbox
