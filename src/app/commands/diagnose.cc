// pegbox diagnose: what was wrong with the training of a study's trials.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/commands/table.h"
#include "app/session.h"
#include "app/text_table.h"
#include "report/training_health.h"
#include "search/tuner.h"

namespace pegbox {

namespace {

/// What the study's worker said of model and data; empty: nothing.
Json described_values(const StudyState& state) {
  const auto described = state.notes().find(kDescribedNote);
  return described == state.notes().end() ? Json::object() : described->second.value("values", Json::object());
}

std::string joined_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

class Diagnose final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "diagnose",
            .group = CommandGroup::Studies,
            .summary = "what was wrong with the training of trials",
            .description =
                "Looks at the curves that trials reported, of one trial or of all: losses that diverged, spiked or "
                "began worse than a guess, gradients that grew, overfitting, a plateau, a run that was still falling "
                "when it ended or ended before its rate had decayed, and rates far from those of the best trials. Each "
                "finding is told with its numbers, the hyperparameters that it bears on and what to try "
                "(docs/understanding.md). Curves need reports: evaluate_every makes them.",
            .example = "pegbox diagnose code-lora\npegbox diagnose code-lora 7 --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "trial", .target = &trial_, .value = "TRIAL", .help = "the trial's number [all]"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    PEGBOX_TRY(const auto study, Study::open(*store, name));
    const History history = study->history();
    if (trial_ != kNoTrial) PEGBOX_CHECK(check_trial(history, trial_));
    std::vector<TrialHealth> health = study_health(history, described_values(study->state()));
    if (trial_ != kNoTrial) std::erase_if(health, [&](const TrialHealth& each) { return each.trial != trial_; });
    if (session.wants_json())
      session.print_json(to_json(health));
    else
      session.console().print(health_text(name, health, session.console().out()));
    return ExitCode::Done;
  }

 private:
  std::string health_text(const std::string& name, const std::vector<TrialHealth>& health, const Terminal& out) const {
    if (health.empty())
      return trial_ == kNoTrial ? fmt::format("{}: no trial has reported anything yet.\n", name)
                                : fmt::format("{}: trial {} has reported nothing.\n", name, trial_);
    TextTable table({{"trial", Align::Right}, {"finding"}, {"evidence"}});
    for (const TrialHealth& each : health)
      for (const HealthFinding& finding : each.findings)
        table.add({fmt::format("{}", each.trial), std::string(finding.name), finding.what});
    std::string text = summary(name, health);
    if (!table.empty()) text += "\n" + table.render(out.is_terminal ? out.width : 0, out.has_unicode) + advice(health);
    return text;
  }

  /// "12 trials looked at, 3 with findings; ..."
  static std::string summary(const std::string& name, const std::vector<TrialHealth>& health) {
    const auto found = std::ranges::count_if(health, [](const auto& each) { return !each.findings.empty(); });
    const auto unjudged = std::ranges::find_if(health, [](const auto& each) { return !each.unjudged.empty(); });
    std::string text = fmt::format("{}: {} trial{} looked at, {} with findings\n", name, health.size(),
                                   health.size() == 1 ? "" : "s", found);
    if (unjudged == health.end()) return text;
    const auto number = std::ranges::count_if(health, [](const auto& each) { return !each.unjudged.empty(); });
    return text + fmt::format("the shape of {} curve{} is not judged: trial {}: {}\n", number, number == 1 ? "" : "s",
                              unjudged->trial, unjudged->unjudged);
  }

  /// What to try, once for each kind of finding, as its first trial has it.
  static std::string advice(const std::vector<TrialHealth>& health) {
    std::vector<std::string_view> told;
    std::string text;
    for (const TrialHealth& each : health)
      for (const HealthFinding& finding : each.findings) {
        if (std::ranges::find(told, finding.name) != told.end()) continue;
        told.push_back(finding.name);
        text += fmt::format("\n{} (trial {}): bears on {}\n  {}\n", finding.name, each.trial,
                            joined_names(finding.bears_on), finding.hint);
      }
    return text;
  }

  std::string study_;
  std::int64_t trial_ = kNoTrial;
};

}  // namespace

std::unique_ptr<Subcommand> make_diagnose_command() { return std::make_unique<Diagnose>(); }

}  // namespace pegbox
