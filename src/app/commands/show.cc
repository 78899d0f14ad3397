// pegbox show: one study: its budget, its best, its trials.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/commands/table.h"
#include "app/event_line.h"
#include "app/session.h"
#include "app/sparkline.h"
#include "app/study_json.h"
#include "app/text_table.h"
#include "base/units.h"
#include "search/comparable_trials.h"

namespace pegbox {

namespace {

constexpr std::int64_t kFewTrials = 20;

/// Trials with the best results first, then those without one; equal ones by number.
std::vector<std::int64_t> by_loss(const History& history) {
  std::vector<std::pair<double, std::int64_t>> order;
  for (const Trial& trial : history.trials)
    order.emplace_back(loss_of(history, trial).value_or(std::numeric_limits<double>::infinity()), trial.number);
  std::ranges::sort(order);
  std::vector<std::int64_t> numbers;
  for (const auto& [loss, number] : order) numbers.push_back(number);
  return numbers;
}

std::string state_of(const Trial& trial) {
  return trial.failure ? fmt::format("{} ({})", name_of(trial.state), name_of(*trial.failure))
                       : std::string(name_of(trial.state));
}

/// The same, and that it may not be the best.
std::string state_of(const History& history, const Trial& trial) {
  return state_of(trial) + (refusal_reasons(history, trial).empty() ? "" : " (refused)");
}

std::string why(const Trial& trial) {
  return trial.reason.is_object() && trial.reason.contains("by") && trial.reason["by"].is_string()
             ? trial.reason["by"].get<std::string>()
             : "";
}

class Show final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "show",
            .group = CommandGroup::Studies,
            .summary = "show a study and its trials",
            .description =
                "Shows a study: what was spent, its best trial, and its trials with the best first. With "
                "--trial one trial with its curve and what became of it.",
            .example = "pegbox show code-lora\npegbox show code-lora --trial 7\npegbox show code-lora --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--trial", .target = &trial_, .value = "NUMBER", .help = "show this trial"},
            {.names = "--all", .target = &all_, .value = "", .help = "list all trials, not the best 20 only"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const OpenStudy open, session.open_study(study_));
    if (trial_ != kNoTrial) return show_trial(session, open.study->state());
    if (session.wants_json()) {
      session.print_json(study_details(open.study->state(), open.is_running));
      return ExitCode::Done;
    }
    show_study(session, open.study->state(), open.is_running);
    return ExitCode::Done;
  }

 private:
  Result<ExitCode> show_trial(Session& session, const StudyState& state) const {
    const History history = state.history();
    PEGBOX_CHECK(check_trial(history, trial_));
    const Trial& trial = state.trial(trial_);
    if (session.wants_json()) {
      Json json = trial_json(trial);
      if (const auto reasons = refusal_reasons(history, trial); !reasons.empty()) json["refused"] = reasons;
      session.print_json(json);
      return ExitCode::Done;
    }
    const std::string& metric = history.spec.objective().metric;
    const bool unicode = session.console().out().has_unicode;
    std::string text = fmt::format("trial {} of {}: {}\n", trial.number, history.spec.name, state_of(history, trial));
    if (!trial.detail.empty()) text += "  " + clean_text(trial.detail) + "\n";
    for (const std::string& reason : refusal_reasons(history, trial))
      text += fmt::format("  {:<20} {}\n", "does not meet", reason);
    for (const auto& [parameter, value] : trial.config) text += fmt::format("  {:<20} {}\n", parameter, to_text(value));
    for (const auto& [name, value] : trial.metrics) text += fmt::format("  {:<20} {}\n", name, show_metric(value));
    const auto curve = curve_of(trial, metric);
    if (curve.size() > 1)
      text += fmt::format("  {:<20} {}  {} -> {} up to {}\n", metric, sparkline(curve, 40, unicode),
                          show_metric(curve.front()), show_metric(curve.back()), show_step(history.spec, trial.step));
    text += fmt::format("  {:<20} {}\n  {:<20} {}\n", "chosen because", to_line(trial.reason), "seed", trial.seed);
    session.console().print(text);
    return ExitCode::Done;
  }

  void show_study(Session& session, const StudyState& state, bool is_held) const {
    const History history = state.history();
    const Terminal& out = session.console().out();
    const Paint paint = session.console().out_paint();
    session.console().print(fmt::format("{}  {}\n  {}\n", paint.bold(history.spec.name),
                                        study_state_name(state, is_held), status_line(history, history.now_s)));
    if (const auto best = best_trial(history))
      session.console().print(fmt::format("  best: trial {}: {}\n", *best, show_config(state.trial(*best).config)));
    if (const auto refused = refused_trials(history); !refused.empty())
      session.console().print(fmt::format("  refused: {} of the trials that are done; trial {}: {}\n", refused.size(),
                                          refused.front().trial, refused.front().reasons.front()));
    if (history.trials.empty()) return;
    session.console().print("\n" + trials_table(state).render(out.is_terminal ? out.width : 0, out.has_unicode));
    if (!all_ && std::ssize(history.trials) > kFewTrials)
      session.console().print(fmt::format("and {} more; --all lists them\n", std::ssize(history.trials) - kFewTrials));
  }

  TextTable trials_table(const StudyState& state) const {
    const History history = state.history();
    const std::string& metric = history.spec.objective().metric;
    TextTable table({{"trial", Align::Right},
                     {metric, Align::Right},
                     {"step", Align::Right},
                     {"state"},
                     {"by"},
                     {"configuration"}});
    auto numbers = by_loss(history);
    if (!all_ && std::ssize(numbers) > kFewTrials) numbers.resize(kFewTrials);
    for (std::int64_t number : numbers) {
      const Trial& trial = state.trial(number);
      const auto value = trial.metric(metric);
      table.add({std::to_string(number), value ? show_metric(*value) : "-", std::to_string(trial.step),
                 state_of(history, trial), why(trial), show_config(trial.config)});
    }
    return table;
  }

  std::string study_;
  std::int64_t trial_ = kNoTrial;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_show_command() { return std::make_unique<Show>(); }

}  // namespace pegbox
