// Report: the sections of the page.
#include "report/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "report/html.h"
#include "report/report_charts.h"
#include "search/comparable_trials.h"

namespace pegbox {
namespace {

constexpr std::size_t kMostRows = 1000, kMostDetail = 300;

std::string value_words(const Json& value) {
  double number = 0;
  if (value.is_string()) return value.get<std::string>();
  return read_json_number(value, number) ? show_number(number) : value.dump();
}

std::string objective_words(const StudySpec& spec) {
  std::string words;
  for (const Objective& each : spec.objectives)
    words += fmt::format("{}{} {}", words.empty() ? "" : ", ", each.minimize ? "minimize" : "maximize", each.metric);
  return words;
}

std::string budget_words(const History& history) {
  const Budget& budget = history.spec.budget;
  std::vector<std::string> parts;
  const auto ended = history.in_state(TrialState::Done).size() + history.in_state(TrialState::Stopped).size() +
                     history.in_state(TrialState::Failed).size();
  parts.push_back(budget.trials > 0 ? fmt::format("{} of {} trials", ended, budget.trials)
                                    : fmt::format("{} trials", ended));
  parts.push_back(format_duration(history.now_s) + (budget.time_s > 0 ? " of " + format_duration(budget.time_s) : ""));
  if (history.tokens_spent > 0)
    parts.push_back(format_count(history.tokens_spent) +
                    (budget.tokens > 0 ? " of " + format_count(budget.tokens) : "") + " tokens");
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string overview(const StudyAccount& account) {
  const History history = account.state.history();
  HtmlTable table({"", ""});
  table.add({"state", account.standing});
  table.add({"objective", objective_words(history.spec)});
  table.add({"search", account.search});
  table.add({"stopping", account.stop});
  table.add({"spent", budget_words(history)});
  table.add({"seed", std::to_string(history.spec.seed)});
  table.add({"made by", "pegbox " + account.state.version()});
  table.add({"again", account.repeat});
  for (const event::SourceAdded& source : history.sources)
    table.add({"started from", fmt::format("{} trials of {}", source.trials.size(), source.study)});
  HtmlTable space({"hyperparameter", "values"});
  for (const auto& [name, words] : account.space) space.add({name, words});
  return table.html() + (space.empty() ? "" : space.folded("the space")) +
         html_preformatted("the study file", history.spec.source.dump(2, ' ', false, Json::error_handler_t::replace));
}

/// What the default has in each hyperparameter: the first configuration tried, if a person wrote it.
const Trial* default_trial(const History& history) {
  for (const Trial& trial : history.trials)
    if (trial.reason.is_object() && trial.reason.value("by", "") == "try_first") return &trial;
  return nullptr;
}

std::string best_words(const Json& best) {
  std::string words = fmt::format("Trial {}", best["trial"].get<std::int64_t>());
  if (best.contains("interval") && !best["interval"]["low"].is_null())
    words += fmt::format(": {} {}between {} and {} (95 %)", best["interval"]["metric"].get<std::string>(),
                         best.contains("expected") ? "expected " + value_words(best["expected"]) + ", " : "",
                         value_words(best["interval"]["low"]), value_words(best["interval"]["high"]));
  words += ".";
  const auto add_rival = [&](const char* key, const std::string& who) {
    if (!best.contains(key) || best[key].is_null()) return;
    words += fmt::format(" Better than {} (trial {}) with {:.0f} % certainty.", who,
                         best[key]["trial"].get<std::int64_t>(), 100 * best[key]["probability"].get<double>());
  };
  add_rival("beats_runner_up", "the next one");
  add_rival("beats_default", "the default");
  if (best.contains("no_expectation")) words += " No interval: " + best["no_expectation"].get<std::string>() + ".";
  return words;
}

std::string best_body(const StudyAccount& account, const Json& best) {
  const History history = account.state.history();
  const Trial& trial = account.state.trial(best["trial"].get<std::int64_t>());
  const Trial* usual = default_trial(history);
  const bool compares = usual != nullptr && usual != &trial;
  std::vector<std::string> heads{"", "best"};
  if (compares) heads.push_back(fmt::format("default (trial {})", usual->number));
  HtmlTable table(heads);
  const auto add = [&](const std::string& name, const std::string& ours, const std::string& theirs) {
    table.add(compares ? std::vector<std::string>{name, ours, theirs} : std::vector<std::string>{name, ours});
  };
  for (const auto& [name, value] : trial.config) {
    const Value* other = compares ? usual->config.find(name) : nullptr;
    add(name, to_text(value), other == nullptr ? "" : same_value(*other, value) ? "the same" : to_text(*other));
  }
  for (const auto& [name, value] : trial.metrics) {
    const auto other = compares ? usual->metric(name) : std::nullopt;
    add(name, show_number(value), other ? show_number(*other) : "");
  }
  return html_paragraph(best_words(best)) + html_paragraph("Chosen because: " + reason_words(trial)) + table.html();
}

/// What gates and constraints on metrics kept from being the best; nothing where there are none.
std::string refused_body(const StudyAccount& account) {
  const History history = account.state.history();
  if (history.spec.gates.empty() && history.spec.constraints.empty()) return "";
  std::string body, gates;
  for (const Expression& gate : history.spec.gates) gates += (gates.empty() ? "" : ", ") + gate.text();
  if (!gates.empty()) body += html_paragraph("Gates: " + gates + ".");
  const auto refused = refused_trials(history);
  if (refused.empty()) return body + (gates.empty() ? "" : html_paragraph("Every trial that is done meets them."));
  HtmlTable table({"trial", "does not meet"});
  for (std::size_t i = 0; i < refused.size() && i < kMostRows; ++i)
    table.add({std::to_string(refused[i].trial), fmt::format("{}", fmt::join(refused[i].reasons, "; "))});
  return body +
         html_paragraph(fmt::format("{} of {} trials that are done may not be the best.", refused.size(),
                                    history.in_state(TrialState::Done).size())) +
         table.folded("which, and why");
}

std::string best_section(const StudyAccount& account) {
  if (!account.best)
    return html_section("The best", html_paragraph("None: " + account.why_no_best + ".") + refused_body(account));
  const Json& best = *account.best;
  if (!best.contains("front")) return html_section("The best", best_body(account, best) + refused_body(account));
  const std::string words =
      fmt::format("{} trials are beaten by no other one in every objective.", best["front"].size());
  return html_section("The best", html_paragraph(words) + pareto_chart(account) + refused_body(account));
}

std::string importance_section(const StudyAccount& account) {
  if (account.importances.empty()) return "";
  std::string body;
  for (const MetricImportance& each : account.importances)
    body += fmt::format("<h3>{}</h3>\n", escape(each.metric)) + html_list(in_words(each));
  return html_section("What mattered", body + importance_charts(account));
}

std::string failures_section(const StudyAccount& account) {
  const History history = account.state.history();
  const auto kinds = failures_by_kind(history);
  if (kinds.empty()) return "";
  HtmlTable table({"kind", "trials", "how many", "the first said"});
  for (const auto& [kind, numbers] : kinds) {
    std::string names;
    for (std::size_t i = 0; i < numbers.size() && i < 12; ++i)
      names += fmt::format("{}{}", i == 0 ? "" : ", ", numbers[i]);
    if (numbers.size() > 12) names += ", ...";
    const std::string& detail = account.state.trial(numbers.front()).detail;
    table.add({kind, names, std::to_string(numbers.size()), shortened(detail, kMostDetail)});
  }
  return html_section("Failures", table.html());
}

/// The best first; those without a result last.
std::vector<const Trial*> in_order(const History& history) {
  std::vector<const Trial*> trials;
  for (const Trial& trial : history.trials) trials.push_back(&trial);
  std::ranges::stable_sort(trials, {}, [&](const Trial* trial) { return loss_of(history, *trial).value_or(INFINITY); });
  return trials;
}

std::string trials_section(const StudyAccount& account) {
  const History history = account.state.history();
  std::vector<std::string> heads{"trial", "state"};
  for (const Objective& each : history.spec.objectives) heads.push_back(each.metric);
  heads.insert(heads.end(), {"step", "configuration", "other metrics", "chosen by", "what became of it"});
  HtmlTable table(heads);
  const auto trials = in_order(history);
  for (std::size_t i = 0; i < trials.size() && i < kMostRows; ++i) {
    const Trial& trial = *trials[i];
    std::vector<std::string> cells{std::to_string(trial.number), state_words(trial)};
    std::string others;
    for (const Objective& each : history.spec.objectives) {
      const auto value = trial.metric(each.metric);
      cells.push_back(value ? show_number(*value) : "");
    }
    for (const auto& [name, value] : trial.metrics)
      if (std::ranges::find(history.spec.objectives, name, &Objective::metric) == history.spec.objectives.end())
        others += fmt::format("{}{}={}", others.empty() ? "" : " ", name, show_number(value));
    cells.insert(cells.end(), {std::to_string(trial.step), trial.config.to_text(), others, reason_words(trial),
                               shortened(trial.detail, kMostDetail)});
    table.add(cells);
  }
  std::string body = table.html();
  if (trials.size() > kMostRows)
    body += html_paragraph(fmt::format("The {} others are in `pegbox card --json`.", trials.size() - kMostRows));
  return html_section("All trials", body);
}

std::string section_of(const char* title, std::string body) { return body.empty() ? "" : html_section(title, body); }

}  // namespace

std::string html_report(const StudyAccount& account) {
  const History history = account.state.history();
  std::string body = fmt::format("<h1>{}</h1>\n", escape(history.spec.name)) + overview(account);
  if (history.trials.empty())
    return html_page(history.spec.name, body + html_paragraph("The study has no trials yet."));
  body += best_section(account);
  body += section_of("How it went", best_so_far_charts(account) + learning_curves(account));
  body += importance_section(account);
  body += section_of("Where the results lie", slices(account) + parallel_coordinates(account));
  body += failures_section(account) + trials_section(account);
  body += "<p class=\"soft\">" + escape(fmt::format("Written by pegbox {}.", account.version)) + "</p>\n";
  return html_page(history.spec.name + " - pegbox report", body);
}

}  // namespace pegbox
