// Event lines: what happened in a study, one plain line for each event that a person wants to hear of.
#include "app/event_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/terminal.h"
#include "base/units.h"
#include "search/comparable_trials.h"

namespace pegbox {

namespace {

/// "validation_loss 1.234", or nothing where the trial has none.
std::string result_of(const StudyState& state, const Trial& trial) {
  const std::string& metric = state.spec().objective().metric;
  const auto value = trial.metric(metric);
  return value ? metric + " " + show_metric(*value) : "";
}

bool counts_tokens(const StudySpec& spec) { return spec.trial.contains("trainer"); }

/// What a rule said of a trial, "paused at step 4096: ...", with the step as shown.
std::string with_step_shown(const StudySpec& spec, const std::string& detail, std::int64_t step) {
  const std::string said = fmt::format("step {}", step);
  const std::size_t at = detail.find(said);
  return at == std::string::npos ? detail : std::string(detail).replace(at, said.size(), show_step(spec, step));
}

std::string with_comma(const std::string& text) { return text.empty() ? "" : ", " + text; }

std::string line_of(const StudyState& state, const event::TrialMoved& moved) {
  const Trial& trial = state.trial(moved.trial);
  const std::string result = result_of(state, trial);
  switch (moved.to) {
    case TrialState::Done: {
      const bool is_best = best_trial(state.history()) == moved.trial;
      const auto refused = refusal_reasons(state.history(), trial);
      return fmt::format("trial {} done: {}{}{}; {}", moved.trial, result,
                         is_best ? fmt::format(" ({} so far)", state.spec().objective().extreme()) : "",
                         refused.empty() ? "" : " (refused: " + refused.front() + ")", show_config(trial.config));
    }
    case TrialState::Failed:
    case TrialState::Infeasible: {
      const std::string kind = moved.failure ? fmt::format(" ({})", name_of(*moved.failure)) : "";
      return fmt::format("trial {} {}{}: {}; {}", moved.trial, name_of(moved.to), kind, in_one_line(moved.detail),
                         show_config(trial.config));
    }
    case TrialState::Waiting:
      return fmt::format("trial {} waits to go on from {}: {}", moved.trial,
                         show_step(state.spec(), trial.checkpoint ? trial.checkpoint->step : 0), moved.detail);
    case TrialState::Paused:
    case TrialState::Stopped:
      if (moved.detail.starts_with("the budget is spent")) return "";  // said once, for the study
      return fmt::format(
          "trial {} {}{}", moved.trial,
          moved.detail.empty() ? name_of(moved.to) : with_step_shown(state.spec(), moved.detail, trial.step),
          with_comma(result));
    case TrialState::Running:
      break;
  }
  return "";
}

/// One total of the budget: "12 of 60 trials", or what was used of no limit.
std::string used_of(double used, double limit, std::string (*show)(double), const char* unit) {
  return limit > 0 ? fmt::format("{} of {}{}", show(used), show(limit), unit) : show(used) + unit;
}

std::string show_whole(double value) { return fmt::format("{:.0f}", value); }

}  // namespace

std::string in_one_line(std::string_view detail) {
  constexpr std::string_view kDangling = "; the end of its output:";
  constexpr int kWidest = 160;
  const std::string clean = clean_text(detail);
  const std::size_t end = std::min(clean.find('\n'), clean.size());
  std::string line = clean.substr(0, end);
  const bool has_output = line.ends_with(kDangling);
  if (has_output) line.resize(line.size() - kDangling.size());
  if (!has_output && !line.ends_with(':')) return fit(line, kWidest, false);
  const std::size_t last = clean.find_last_not_of(" \t\n");
  if (last != std::string::npos && last > end) {
    const std::size_t start = clean.find_first_not_of(" \t", clean.rfind('\n', last) + 1);
    line += (line.ends_with(':') ? " " : ": ") + clean.substr(start, last + 1 - start);
  }
  return fit(line, kWidest, false);
}

std::string show_config(const Config& config) {
  std::string text;
  for (const auto& [name, value] : config) {
    const auto* real = std::get_if<double>(&value);
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", name, real ? fmt::format("{:.4g}", *real) : to_text(value));
  }
  return text;
}

std::string show_step_count(const StudySpec& spec, std::int64_t step) {
  return counts_tokens(spec) ? format_count(static_cast<double>(step)) : std::to_string(step);
}

std::string show_step(const StudySpec& spec, std::int64_t step) {
  const std::string count = show_step_count(spec, step);
  return counts_tokens(spec) ? count + " tokens" : "step " + count;
}

std::string show_metric(double value) { return fmt::format("{:.5g}", value); }

std::vector<double> curve_of(const Trial& trial, const std::string& metric) {
  std::vector<double> values;
  for (const Report& report : trial.reports)
    if (const auto found = report.metrics.find(metric); found != report.metrics.end()) values.push_back(found->second);
  return values;
}

std::int64_t ended_trials(const History& history) {
  return static_cast<std::int64_t>(history.in_state(TrialState::Done).size() +
                                   history.in_state(TrialState::Stopped).size() +
                                   history.in_state(TrialState::Failed).size());
}

double budget_used_fraction(const History& history, double now_s) {
  return history.spec.budget.used_fraction(static_cast<double>(ended_trials(history)), now_s, history.tokens_spent);
}

std::string status_line(const History& history, double now_s) {
  const Budget& budget = history.spec.budget;
  const auto ended = static_cast<double>(ended_trials(history));
  std::string line = budget.trials > 0 ? used_of(ended, static_cast<double>(budget.trials), show_whole, " trials")
                                       : fmt::format("{} trials, {:.0f} ended", history.trials.size(), ended);
  line += ", " + used_of(now_s, budget.time_s, format_duration, "");
  if (history.tokens_spent > 0) line += ", " + used_of(history.tokens_spent, budget.tokens, format_count, " tokens");
  if (const auto best = best_trial(history)) {
    const Objective& goal = history.spec.objective();
    const auto value = history.trials[static_cast<std::size_t>(*best)].metric(goal.metric);
    if (value) line += fmt::format(", {} {} {} (trial {})", goal.extreme(), goal.metric, show_metric(*value), *best);
  }
  const double used = budget_used_fraction(history, now_s);
  if (used > 0.02 && used < 1) line += ", about " + format_duration(now_s * (1 - used) / used) + " left";
  return line;
}

std::optional<std::string> event_line(const StudyState& state, const Event& event) {
  if (const auto* moved = std::get_if<event::TrialMoved>(&event.what)) {
    const std::string line = clean_text(line_of(state, *moved));
    if (!line.empty()) return line;
  }
  if (const auto* started = std::get_if<event::TrialStarted>(&event.what)) {
    if (started->from == 0)
      return fmt::format("trial {} starts{}: {}", started->trial,
                         state.trial(started->trial).created_s < event.study_time_s ? " again" : "",
                         show_config(state.trial(started->trial).config));
    return fmt::format("trial {} goes on from {}{}", started->trial, show_step(state.spec(), started->from),
                       started->until > 0 ? " to " + show_step_count(state.spec(), started->until) : "");
  }
  if (std::holds_alternative<event::StudyChanged>(event.what)) return "the study was changed";
  return std::nullopt;
}

}  // namespace pegbox
