// Progress view: a running study as lines of text for a terminal.
#include "app/progress_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "app/event_line.h"
#include "app/sparkline.h"
#include "base/units.h"

namespace pegbox {

namespace {

constexpr std::size_t kMostRunning = 8;
constexpr int kCurveWidth = 16;

std::string bar(double fraction, int width, bool has_unicode) {
  const int full = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * width));
  std::string text;
  for (int i = 0; i < width; ++i) text += i < full ? (has_unicode ? "█" : "#") : (has_unicode ? "░" : ".");
  return text;
}

std::string padded(const std::string& text, int width) {
  return text + std::string(static_cast<std::size_t>(std::max(0, width - display_width(text))), ' ');
}

/// "step 8 of 40", "4.1k of 20k tokens".
std::string where_it_is(const StudySpec& spec, const Trial& trial, std::int64_t steps) {
  if (trial.step == 0) return "";
  std::string text = show_step(spec, trial.step);
  if (steps == 0) return text;
  const std::string count = show_step_count(spec, trial.step);
  return text.insert(text.find(count) + count.size(), " of " + show_step_count(spec, steps));
}

std::string running_line(const ProgressView& view, const Trial& trial, std::int64_t steps) {
  const std::string& metric = view.state.spec().objective().metric;
  const auto curve = curve_of(trial, metric);
  const auto value = trial.metric(metric);
  const Paint paint(view.terminal.has_color);
  return fmt::format("  {:>4}  {}  {:<9} {:<20} {}", trial.number,
                     paint.cyan(padded(sparkline(curve, kCurveWidth, view.terminal.has_unicode), kCurveWidth)),
                     value ? show_metric(*value) : "", where_it_is(view.state.spec(), trial, steps),
                     paint.dim(show_config(trial.config)));
}

/// "3 done, 2 paused, 1 failed": of the trials that do not run.
std::string counts_line(const History& history) {
  std::string line;
  for (TrialState state : {TrialState::Done, TrialState::Stopped, TrialState::Paused, TrialState::Waiting,
                           TrialState::Failed, TrialState::Infeasible})
    if (const auto count = history.in_state(state).size(); count > 0)
      line += fmt::format("{}{} {}", line.empty() ? "" : ", ", count, name_of(state));
  return line;
}

}  // namespace

std::vector<std::string> render(const ProgressView& view) {
  const History history = view.state.history();
  const Paint paint(view.terminal.has_color);
  const bool unicode = view.terminal.has_unicode;
  const double used = budget_used_fraction(history, view.now_s);
  std::vector<std::string> lines;
  lines.push_back(fmt::format("{}  {}  {:.0f} % of the budget", paint.bold(history.spec.name),
                              paint.green(bar(used, 24, unicode)), used * 100));
  lines.push_back("  " + status_line(history, view.now_s));
  if (const auto best = best_trial(history))
    lines.push_back("  " + paint.bold(fmt::format("{}: trial {}", history.spec.objective().extreme(), *best)) + "  " +
                    show_config(view.state.trial(*best).config));
  if (const std::string counts = counts_line(history); !counts.empty()) lines.push_back("  " + counts);

  std::size_t running = 0;
  for (std::int64_t number : history.in_state(TrialState::Running)) {
    if (++running > kMostRunning) continue;
    if (running == 1) lines.push_back(paint.bold("running"));
    lines.push_back(running_line(view, view.state.trial(number), history.steps));
  }
  if (running > kMostRunning) lines.push_back(fmt::format("  and {} more", running - kMostRunning));
  if (!view.news.empty()) lines.push_back(paint.bold("latest"));
  for (const std::string& each : view.news) lines.push_back("  " + paint.dim(each));
  for (std::string& line : lines) line = fit(line, view.terminal.width - 1, unicode);
  return lines;
}

}  // namespace pegbox
