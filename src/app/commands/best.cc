// pegbox best: the best configuration of a study, and where its model lies.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/event_line.h"
#include "app/held_out_result.h"
#include "app/session.h"
#include "app/study_json.h"
#include "base/units.h"
#include "evaluation/metric.h"

namespace pegbox {

namespace {

std::string rival_text(const Json& rival, const std::string& who) {
  if (rival.is_null()) return "";
  return fmt::format("  {:<20} {:.0f} % sure (trial {})\n", "better than " + who,
                     100 * rival["probability"].get<double>(), rival["trial"].get<std::int64_t>());
}

/// What is expected of the best, and how sure it is that it is the best.
std::string expectation_text(const Json& best) {
  if (best.contains("no_expectation"))
    return fmt::format("  No interval and no probabilities: {}\n", best["no_expectation"].get<std::string>());
  if (!best.contains("expected")) return "";
  std::string text = rival_text(best["beats_runner_up"], "the next") + rival_text(best["beats_default"], "the default");
  if (best["is_default"].get<bool>()) text += "  It is the default that was tried.\n";
  if (best["trials"].size() > 1) text += fmt::format("  {:<20} {} trials\n", "measured by", best["trials"].size());
  if (best["lowest"] != best["trial"])
    text += fmt::format("  Trial {} has the best single result; less is expected of its configuration.\n",
                        best["lowest"].get<std::int64_t>());
  return text;
}

std::string end_text(const Json& end) {
  double number = 0;
  return read_json_number(end, number) ? show_metric(number) : end.dump();
}

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
    text += fmt::format("  {:<20} {}{} to {} (95 %)\n",
                        (best.contains("expected") ? "expected " : "") + best["interval"]["metric"].get<std::string>(),
                        best.contains("expected") ? end_text(best["expected"]) + ", " : "",
                        end_text(best["interval"]["low"]), end_text(best["interval"]["high"]));
  text += expectation_text(best);
  if (!best["folder"].is_null()) text += fmt::format("  {:<20} {}\n", "lies in", best["folder"].get<std::string>());
  if (!best["in_space"].get<bool>())
    text += "  This configuration is outside the present space: the study file was changed after it ran.\n";
  return text;
}

/// What did better, and may not be the best.
std::string refused_text(const Json& best) {
  if (!best.contains("refused")) return "";
  std::string text;
  for (const Json& each : best["refused"]) {
    text += fmt::format("  {:<20} trial {}", text.empty() ? "refused" : "", each["trial"].get<std::int64_t>());
    std::string_view between = ": ";
    for (const Json& reason : each["reasons"]) {
      text += std::string(between) + reason.get<std::string>();
      between = "; ";
    }
    text += "\n";
  }
  return text;
}

class Best final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "best",
            .group = CommandGroup::Studies,
            .summary = "print the best configuration of a study",
            .description =
                "Prints the best configuration: its values, its metrics, and where its adapter or model lies. The best "
                "is the one of which most is expected by a model of all trials, not the luckiest; with it come a 95 % "
                "interval of that expectation and how sure it is that it beats the next one and the default that was "
                "tried (the first of try_first, or what the priors think most likely). With several objectives: all "
                "trials that no other one beats in everything. Trials that do "
                "not meet the gates are never among them; those that did better are listed with what they failed. "
                "With --test that trial's model is measured on the data that the study file names as test, once: the "
                "result is kept in the study.",
            .example = "pegbox best code-lora\npegbox best code-lora --json\npegbox best code-lora --test",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--test", .target = &test_, .value = "", .help = "measure it on the test data, once"},
            {.names = "--metrics",
             .target = &metrics_,
             .value = "NAMES",
             .help = "with --test: what to measure [what trials were evaluated by]"},
            {.names = "--again", .target = &again_, .value = "", .help = "with --test: look at the test data again"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const StorePlace place, session.place());
    if (test_) return run_test(session);
    PEGBOX_TRY(const OpenStudy open, session.open_study(study_));
    const auto best = best_details(open.study->state(), place);
    if (!best)
      return fail(ErrorKind::NotFound, {.where = open.name,
                                        .what = why_no_best(open.study->state()),
                                        .hint = fmt::format("`pegbox show {}` says what became of them", open.name)});
    if (session.wants_json()) {
      session.print_json(*best);
      return ExitCode::Done;
    }
    if (!best->contains("front")) {
      session.console().print(result_text(*best) + refused_text(*best));
      return ExitCode::Done;
    }
    for (const Json& each : (*best)["front"]) session.console().print(result_text(each));
    session.console().print(refused_text(*best));
    return ExitCode::Done;
  }

 private:
  Result<ExitCode> run_test(Session& session) const {
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const auto store, session.open_store(OpenMode::ReadWrite));
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    const std::vector<std::string> metrics = split_names(metrics_);
    PEGBOX_CHECK(check_metric_names(metrics, "--metrics"));
    PEGBOX_TRY(const Json note, test_best(*store, name, place, metrics, again_));
    if (session.wants_json())
      session.print_json(note);
    else
      session.console().print(test_text(note));
    return ExitCode::Done;
  }

  std::string study_, metrics_;
  bool test_ = false, again_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_best_command() { return std::make_unique<Best>(); }

}  // namespace pegbox
