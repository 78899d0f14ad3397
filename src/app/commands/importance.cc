// pegbox importance: which hyperparameters mattered in a study, and how much.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/session.h"
#include "app/study_importance.h"
#include "app/text_table.h"

namespace pegbox {

namespace {

TextTable importance_table(const MetricImportance& importance) {
  TextTable table({{"hyperparameter"}, {"share", Align::Right}, {"95 %"}});
  const auto add = [&](const std::string& name, double share, const math::Interval& interval) {
    table.add({name, fmt::format("{:.1f} %", 100 * share),
               fmt::format("{:.1f} to {:.1f}", 100 * interval.low, 100 * interval.high)});
  };
  for (const ParameterImportance& each : importance.parameters) add(each.parameter, each.share, each.interval);
  constexpr std::size_t kMostShown = 5;
  for (std::size_t i = 0; i < importance.interactions.size() && i < kMostShown; ++i) {
    const Interaction& each = importance.interactions[i];
    add(each.first + " with " + each.second, each.share, each.interval);
  }
  return table;
}

class ImportanceCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "importance",
            .group = CommandGroup::Studies,
            .summary = "which hyperparameters mattered, and how much",
            .description =
                "Says how much of a metric each hyperparameter explains, with an interval, and between which values it "
                "does not matter. fanova: the share of the metric's variance over the whole space, alone and together "
                "with another one, by a forest of regression trees. ped-anova: the share in telling the best tenth of "
                "the trials from the others. Trials that were stopped early count with what they would have come to; "
                "other metrics than the objectives are taken at the end, or, where a rule stops most trials, at the "
                "step that half of them reached.",
            .example =
                "pegbox importance code-lora\npegbox importance code-lora --metric peak_memory\n"
                "pegbox importance code-lora --method ped-anova --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {
        study_argument(&study_),
        {.names = "--metric", .target = &metric_, .value = "METRIC", .help = "to be explained [the first objective]"},
        {.names = "--method",
         .target = &method_,
         .value = "METHOD",
         .help = "how it is measured [fanova]",
         .choices = {"fanova", "ped-anova"}},
        {.names = "--as-optuna",
         .target = &as_optuna_,
         .value = "",
         .help = "fanova in the coordinates of Optuna's evaluator, to compare: numbers by value whatever their "
                 "scale, each choice by itself, conditional hyperparameters left out"},
        {.names = "--trees", .target = &trees_, .value = "N", .help = "of fanova, 8 to 4096 [64]"}};
  }
  Result<ExitCode> run(Session& session) override {
    if (trees_ < 8 || trees_ > 4096)
      return fail(ErrorKind::InvalidInput,
                  {.where = "--trees", .what = "out of range", .got = std::to_string(trees_), .expected = "8 to 4096"});
    PEGBOX_TRY(const OpenStudy open, session.open_study(study_));
    const ImportanceOptions options{
        .method = method_ == "fanova" ? ImportanceMethod::Fanova : ImportanceMethod::PedAnova,
        .coordinates = as_optuna_ ? Coordinates::Optuna : Coordinates::Cube,
        .trees = static_cast<int>(trees_)};
    PEGBOX_TRY(const MetricImportance found, study_importance(open.study->history(), metric_, options));
    if (session.wants_json())
      session.print_json(to_json(found));
    else
      show(session.console(), found);
    return ExitCode::Done;
  }

 private:
  static void show(Console& console, const MetricImportance& found) {
    const Terminal& out = console.out();
    const std::string at = found.step > 0 ? fmt::format(" at step {}", found.step) : "";
    console.print(fmt::format("{}{} of {} trials, by {}\n\n", found.metric, at, found.trials, name_of(found.method)) +
                  importance_table(found).render(out.is_terminal ? out.width : 0, out.has_unicode) + "\n");
    for (const std::string& sentence : in_words(found)) console.print(sentence + "\n");
  }

  std::string study_, metric_, method_ = "fanova";
  bool as_optuna_ = false;
  std::int64_t trees_ = 64;
};

}  // namespace

std::unique_ptr<Subcommand> make_importance_command() { return std::make_unique<ImportanceCommand>(); }

}  // namespace pegbox
