// Report charts: the drawings of a study.
#include "report/report_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/chart.h"
#include "report/html.h"
#include "report/results.h"
#include "report/shown_axis.h"
#include "search/comparable_trials.h"

namespace pegbox {
namespace {

constexpr std::size_t kMostCurves = 150, kMostLines = 400, kMostDots = 2000, kMostCurvePoints = 200;
constexpr double kAxisWidth = 90;  // of parallel coordinates
constexpr std::size_t kRankColours = 7, kMostAxes = 14;

std::string style_of(const Trial& trial) {
  switch (trial.state) {
    case TrialState::Done:
      return "done";
    case TrialState::Stopped:
      return "stopped";
    case TrialState::Paused:
      return "paused";
    case TrialState::Failed:
      return "failed";
    default:
      return "other";
  }
}

std::vector<double> values_of(const std::vector<Scored>& results) {
  std::vector<double> values;
  for (const Scored& each : results) values.push_back(each.value);
  return values;
}

ChartAxis objective_axis(const History& history, const std::vector<Scored>& results) {
  const Objective& objective = history.spec.objective();
  return ChartAxis::over(objective.metric, values_of(results), objective.minimize, !objective.minimize);
}

std::string says(const History& history, const Scored& result) {
  return fmt::format("trial {}: {} {}, {}\n{}", result.trial->number, history.spec.objective().metric,
                     show_number(result.value), state_words(*result.trial), result.trial->config.to_text());
}

/// One chart of the best so far; `at` is where each result lies.
std::string best_so_far(const StudyAccount& account, const std::vector<Scored>& done, const std::string& unit,
                        const std::vector<double>& at) {
  const History history = account.state.history();
  const Objective& objective = history.spec.objective();
  Chart chart(fmt::format("best {} so far, against {}", objective.metric, unit), ChartAxis::over(unit, at),
              objective_axis(history, done));
  std::vector<ChartPoint> path;
  double best = objective.sign() * INFINITY;
  const std::size_t stride = std::max<std::size_t>(1, done.size() / kMostDots);
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (i % stride == 0) chart.dot({at[i], done[i].value}, "other faint", says(history, done[i]));
    if (!done[i].is_refused && objective.sign() * done[i].value < objective.sign() * best) {
      if (!path.empty()) path.emplace_back(at[i], best);
      best = done[i].value;
      path.emplace_back(at[i], best);
    }
  }
  if (!path.empty()) path.emplace_back(at.back(), best);
  chart.line(path, "best thick");
  return chart.html();
}

HtmlTable best_table(const History& history, const std::vector<Scored>& done) {
  const Objective& objective = history.spec.objective();
  HtmlTable table({"results", "trial", "study time (s)", objective.metric});
  double best = objective.sign() * INFINITY;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (done[i].is_refused || !(objective.sign() * done[i].value < objective.sign() * best)) continue;
    best = done[i].value;
    table.add({std::to_string(i + 1), std::to_string(done[i].trial->number),
               fmt::format("{:.1f}", done[i].trial->ended_s), show_number(best)});
  }
  return table;
}

/// The objective's course in a trial.
std::vector<ChartPoint> curve_of(const Trial& trial, const std::string& metric) {
  std::vector<ChartPoint> curve;
  for (const Report& report : trial.reports)
    if (const auto found = report.metrics.find(metric); found != report.metrics.end())
      curve.emplace_back(static_cast<double>(report.step), found->second);
  return curve;
}

void draw_curve(Chart& chart, const History& history, const Trial& trial, bool is_best) {
  const auto curve = thinned(curve_of(trial, history.spec.objective().metric), kMostCurvePoints);
  const std::string style = style_of(trial), note = fmt::format("trial {}, {}", trial.number, state_words(trial));
  chart.line(curve, is_best ? "best thick" : style + " faint", note);
  if (trial.state == TrialState::Stopped || trial.state == TrialState::Failed) chart.cross(curve.back(), style, note);
  if (trial.state == TrialState::Paused) chart.bars(curve.back(), style, note);
}

/// Evenly over the study, where there are many.
std::vector<const Trial*> trials_with_curves(const History& history) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history.trials)
    if (curve_of(trial, history.spec.objective().metric).size() > 1) trials.push_back(&trial);
  return thinned(trials, kMostCurves);
}

HtmlTable curve_table(const History& history, const std::vector<const Trial*>& trials) {
  HtmlTable table({"trial", "state", "reports", "first step", "first value", "last step", "last value"});
  for (const Trial* trial : trials) {
    const auto curve = curve_of(*trial, history.spec.objective().metric);
    table.add({std::to_string(trial->number), state_words(*trial), std::to_string(curve.size()),
               fmt::format("{:.0f}", curve.front().first), show_number(curve.front().second),
               fmt::format("{:.0f}", curve.back().first), show_number(curve.back().second)});
  }
  return table;
}

std::vector<ShownAxis> shown_axes(const History& history) {
  auto axes = ShownAxis::of(history.spec.space);
  if (axes.size() > kMostAxes) axes.resize(kMostAxes);
  return axes;
}

HtmlTable slice_table(const History& history, const std::vector<Scored>& results, const std::string& name) {
  HtmlTable table({name, history.spec.objective().metric, "trial"});
  for (const Scored& each : thinned(results, kMostLines))
    if (const Value* value = each.trial->config.find(name))
      table.add({to_text(*value), show_number(each.value), std::to_string(each.trial->number)});
  return table;
}

std::string importance_chart(const MetricImportance& importance) {
  const double count = static_cast<double>(importance.parameters.size());
  std::vector<std::pair<double, std::string>> labels;
  for (std::size_t i = 0; i < importance.parameters.size(); ++i)
    labels.emplace_back(1 - (static_cast<double>(i) + 0.5) / count, importance.parameters[i].parameter);
  const std::vector<std::pair<double, std::string>> shares{
      {0, "0 %"}, {0.25, "25 %"}, {0.5, "50 %"}, {0.75, "75 %"}, {1, "100 %"}};
  Chart chart(fmt::format("share of {} that each hyperparameter explains alone, with the middle 95 % of the trees",
                          importance.metric),
              ChartAxis::labelled("of the variance over the space", shares), ChartAxis::labelled("", labels));
  for (std::size_t i = 0; i < importance.parameters.size(); ++i) {
    const ParameterImportance& each = importance.parameters[i];
    chart.bar(labels[i].first, each.share, 0.6 / count, "done",
              fmt::format("{}: {:.1f} %", each.parameter, 100 * each.share));
    chart.whisker(labels[i].first, each.interval.low, each.interval.high, "other thick");
  }
  HtmlTable table({"hyperparameter", "share", "low", "high", "best at", "flat between"});
  for (const ParameterImportance& each : importance.parameters)
    table.add({each.parameter, show_number(each.share), show_number(each.interval.low), show_number(each.interval.high),
               each.best, each.flat_from.empty() ? "" : each.flat_from + " and " + each.flat_to});
  for (const Interaction& each : importance.interactions)
    table.add({each.first + " with " + each.second, show_number(each.share), show_number(each.interval.low),
               show_number(each.interval.high), "", ""});
  return "<div>" + chart.html() + table.folded("as a table") + "</div>";
}

}  // namespace

std::string best_so_far_charts(const StudyAccount& account) {
  const History history = account.state.history();
  if (history.spec.objectives.size() > 1) return "";
  std::vector<Scored> done = results_of(history);
  std::erase_if(done, [](const Scored& each) { return each.trial->state != TrialState::Done; });
  if (done.empty()) return "";
  std::vector<double> count, time_s, steps;
  double sum = 0;
  for (const Scored& each : done) {
    sum += static_cast<double>(each.trial->step);
    count.push_back(static_cast<double>(count.size() + 1));
    time_s.push_back(each.trial->ended_s);
    steps.push_back(sum);
  }
  std::string charts = best_so_far(account, done, "trials that are done", count) +
                       best_so_far(account, done, "study time in seconds", time_s);
  if (sum > static_cast<double>(done.size())) charts += best_so_far(account, done, "steps of these trials", steps);
  return "<div class=\"charts\">" + charts + "</div>" + best_table(history, done).folded("as a table");
}

std::string learning_curves(const StudyAccount& account) {
  const History history = account.state.history();
  const auto trials = trials_with_curves(history);
  if (trials.empty()) return "";
  std::vector<double> steps, values;
  for (const Trial* trial : trials)
    for (const auto& [step, value] : curve_of(*trial, history.spec.objective().metric)) {
      steps.push_back(step);
      values.push_back(value);
    }
  const Objective& objective = history.spec.objective();
  Chart chart(
      fmt::format("{} of {} trials, against steps: done blue, stopped orange with a cross, paused violet with two "
                  "bars, failed red with a cross, the best green",
                  objective.metric, trials.size()),
      ChartAxis::over("steps", steps), ChartAxis::over("", values, objective.minimize, !objective.minimize));
  const auto best = account.best_trial();
  for (const Trial* trial : trials) draw_curve(chart, history, *trial, false);
  if (best && curve_of(account.state.trial(*best), objective.metric).size() > 1)
    draw_curve(chart, history, account.state.trial(*best), true);
  return chart.html() + curve_table(history, trials).folded("as a table");
}

std::string parallel_coordinates(const StudyAccount& account) {
  const History history = account.state.history();
  const auto axes = shown_axes(history);
  std::vector<Scored> results = results_of(history);
  if (results.size() < 2 || axes.empty()) return "";
  const double sign = history.spec.objective().sign();
  std::ranges::stable_sort(results, std::greater<>(), [&](const Scored& each) { return sign * each.value; });
  results = thinned(results, kMostLines);
  std::vector<std::pair<double, std::string>> labels;
  const double count = static_cast<double>(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i) labels.emplace_back(static_cast<double>(i) / count, axes[i].name);
  labels.emplace_back(1, history.spec.objective().metric);
  Chart chart("each line is a trial, dark ones are the best; along the last axis the best is at the bottom",
              ChartAxis::labelled("", labels), ChartAxis::labelled("", {{0, "lowest"}, {1, "highest"}}),
              kAxisWidth * (count + 1));
  for (std::size_t rank = 0; rank < results.size(); ++rank) {
    std::vector<ChartPoint> path;
    for (std::size_t i = 0; i < axes.size(); ++i)
      if (const auto place = axes[i].place(history.spec.space, results[rank].trial->config))
        path.emplace_back(static_cast<double>(i) / count, *place);
    const double from_worst = static_cast<double>(rank) / static_cast<double>(results.size() - 1);
    path.emplace_back(1, 1 - from_worst);
    const auto colour = static_cast<std::size_t>((1 - from_worst) * static_cast<double>(kRankColours - 1) + 0.5);
    chart.line(path, fmt::format("r{}", colour), says(history, results[rank]));
  }
  return chart.html();
}

std::string slices(const StudyAccount& account) {
  const History history = account.state.history();
  const auto results = results_of(history);
  if (results.empty()) return "";
  std::string charts;
  const auto best = account.best_trial();
  for (const ShownAxis& axis : shown_axes(history)) {
    Chart chart(fmt::format("{} against {}", history.spec.objective().metric, axis.name),
                ChartAxis::labelled(axis.name, axis.labels), objective_axis(history, results));
    for (const Scored& each : thinned(results, kMostDots)) {
      const auto place = axis.place(history.spec.space, each.trial->config);
      if (!place) continue;
      const bool is_best = best && each.trial->number == *best;
      chart.dot({*place, each.value}, is_best ? "best" : style_of(*each.trial) + " faint", says(history, each));
    }
    charts += "<div>" + chart.html() + slice_table(history, results, axis.name).folded("as a table") + "</div>";
  }
  return charts.empty() ? "" : "<div class=\"charts\">" + charts + "</div>";
}

std::string pareto_chart(const StudyAccount& account) {
  const History history = account.state.history();
  const auto& objectives = history.spec.objectives;
  if (objectives.size() < 2) return "";
  const auto front = pareto_front(history);
  std::vector<double> first, second;
  std::vector<const Trial*> trials;
  for (const Trial& trial : history.trials) {
    const auto x = trial.metric(objectives[0].metric), y = trial.metric(objectives[1].metric);
    if (!x || !y || !std::isfinite(*x) || !std::isfinite(*y)) continue;
    trials.push_back(&trial);
    first.push_back(*x);
    second.push_back(*y);
  }
  if (trials.empty()) return "";
  Chart chart(
      fmt::format("{} against {}; green: no trial beats it in everything", objectives[1].metric, objectives[0].metric),
      ChartAxis::over(objectives[0].metric, first, objectives[0].minimize, !objectives[0].minimize),
      ChartAxis::over(objectives[1].metric, second, objectives[1].minimize, !objectives[1].minimize));
  std::vector<std::string> heads{"trial", "on the front"};
  for (const Objective& each : objectives) heads.push_back(each.metric);
  HtmlTable table(heads);
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const bool is_on = std::ranges::binary_search(front, trials[i]->number);
    chart.dot({first[i], second[i]}, is_on ? "best" : "other faint",
              fmt::format("trial {}\n{}", trials[i]->number, trials[i]->config.to_text()));
    std::vector<std::string> cells{std::to_string(trials[i]->number), is_on ? "yes" : ""};
    for (const Objective& each : objectives) cells.push_back(show_number(trials[i]->metric(each.metric).value_or(NAN)));
    if (is_on || trials.size() <= kMostLines) table.add(cells);
  }
  return chart.html() + table.folded("as a table");
}

std::string importance_charts(const StudyAccount& account) {
  std::string charts;
  for (const MetricImportance& each : account.importances) charts += importance_chart(each);
  return charts.empty() ? "" : "<div class=\"charts\">" + charts + "</div>";
}

}  // namespace pegbox
