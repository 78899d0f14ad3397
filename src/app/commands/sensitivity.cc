// pegbox sensitivity: how far from the best configuration a result stays within its luck, and a robust choice.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/commands/table.h"
#include "app/event_line.h"
#include "app/session.h"
#include "app/study_sensitivity.h"
#include "app/text_table.h"

namespace pegbox {

namespace {

std::string short_value(const Value& value) {
  return is_number(value) ? fmt::format("{:.4g}", as_number(value)) : to_text(value);
}

std::string values_text(const std::vector<Value>& values, bool is_range) {
  std::vector<std::string> texts;
  for (const Value& value : values) texts.push_back(short_value(value));
  if (is_range && texts[0] == texts[1]) return texts[0];
  return fmt::format("{}", fmt::join(texts, is_range ? " to " : ", "));
}

class SensitivityCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "sensitivity",
            .group = CommandGroup::Studies,
            .summary = "how far from the best a result stays as good",
            .description =
                "Says of each hyperparameter, with the others as in the best configuration, in which range less is "
                "expected to be lost than the noise of a single run; where that is so with 97.5 % certainty; and "
                "where most would be lost. Then how good the best one and a robust choice are on average over "
                "configurations that differ from them by up to a tenth of each range. The models are those of `pegbox "
                "best`, from the study's own trials; nothing is run. They tell little of places where no trial was, "
                "and count the worst third of the results by rank only, so that bad places look better than they are.",
            .example =
                "pegbox sensitivity code-lora\npegbox sensitivity code-lora --within 0.01\n"
                "pegbox sensitivity code-lora --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--within",
             .target = &within_,
             .value = "LOSS",
             .help = "what counts as no loss, in units of the objective [the noise of a run]"}};
  }
  Result<ExitCode> run(Session& session) override {
    if (within_ < 0 && within_ != kNotGiven)
      return fail(ErrorKind::InvalidInput, {.where = "--within",
                                            .what = "a loss that counts as none is not negative",
                                            .got = fmt::format("{}", within_),
                                            .expected = "0 or more"});
    PEGBOX_TRY(const OpenStudy open, session.open_study(study_));
    const History history = open.study->history();
    const auto margin = within_ == kNotGiven ? std::nullopt : std::optional(within_);
    PEGBOX_TRY(const Sensitivity found, study_sensitivity(history, margin));
    if (session.wants_json())
      session.print_json(to_json(found));
    else
      show(session.console(), open.name, history.spec, found);
    return ExitCode::Done;
  }

 private:
  static constexpr double kNotGiven = -1e300;

  static void show(Console& console, const std::string& study, const StudySpec& spec, const Sensitivity& found) {
    const Terminal& out = console.out();
    const int width = out.is_terminal ? out.width : 0;
    const std::string& metric = spec.objective().metric;
    TextTable table({{"hyperparameter"},
                     {"best", Align::Right},
                     {"stays within it"},
                     {"surely so"},
                     {"worst at", Align::Right},
                     {"lost there", Align::Right}});
    for (const ParameterSensitivity& each : found.parameters)
      table.add({each.parameter, short_value(each.best),
                 values_text(each.flat, each.is_range) + (each.is_whole ? " (all)" : ""),
                 values_text(each.surely_flat, each.is_range), short_value(each.worst),
                 fmt::format("{:.3g}", each.worst_loss)});
    console.print(fmt::format("{}: around its best configuration; {} of {} {:.3g}\n\n", study,
                              found.margin_is_noise ? "the noise of a run" : "a margin", metric, found.margin) +
                  table.render(width, out.has_unicode));
    console.print(fmt::format("\nall ranges at once: {:.0f} % of their configurations stay within it\n\n",
                              100 * found.box_share));
    TextTable choices({{""},
                       {"expected", Align::Right},
                       {"around it", Align::Right},
                       {"worst tenth from", Align::Right},
                       {"configuration"}});
    for (const auto& [name, each] : {std::pair("best", &found.best), std::pair("robust", &found.robust)})
      choices.add({each->trial ? fmt::format("{} (trial {})", name, *each->trial) : std::string(name) + " (not tried)",
                   show_metric(each->expected), show_metric(each->around), show_metric(each->bad_around),
                   show_config(each->config)});
    console.print(choices.render(width, out.has_unicode));
    const double better = spec.objective().sign() * (found.best.around - found.robust.around);
    console.print(better > found.margin
                      ? fmt::format("\nAround the robust one {:.3g} less is lost, more than the margin.\n", better)
                      : std::string("\nThe best one bears differences as well as any other, to the margin.\n"));
  }

  std::string study_;
  double within_ = kNotGiven;
};

}  // namespace

std::unique_ptr<Subcommand> make_sensitivity_command() { return std::make_unique<SensitivityCommand>(); }

}  // namespace pegbox
