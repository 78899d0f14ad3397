// Study plan: what a study would run and cost, in words, before it does.
#include "app/study_plan.h"

#include <fmt/format.h>

#include "base/units.h"
#include "search/samplers/table.h"
#include "search/schedulers/table.h"
#include "search/unit_scale.h"

namespace pegbox {

namespace {

std::string row(const std::string& name, const std::string& value) { return fmt::format("  {:<12} {}\n", name, value); }

std::string what_runs(const TrialSection& trial) {
  if (trial.kind == TrialKind::Command) return row("command", trial.command);
  if (trial.kind == TrialKind::Worker) return row("worker", trial.command);
  std::string text;
  for (const auto& [name, value] : trial.trainer.items())
    text += row(name, value.is_string() ? value.get<std::string>() : to_line(value));
  return text;
}

std::string budget_text(const Budget& budget) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (budget.trials > 0) add(fmt::format("{} {}", budget.trials, budget.trials == 1 ? "trial" : "trials"));
  if (budget.time_s > 0) add(format_duration(budget.time_s));
  if (budget.tokens > 0) add(format_count(budget.tokens) + " tokens");
  return text + (text.find(',') == std::string::npos ? "" : ", whichever is spent first");
}

std::string choices_text(const std::vector<Value>& choices) {
  std::string text;
  for (const Value& choice : choices) text += (text.empty() ? "" : ", ") + to_text(choice);
  return text;
}

std::optional<double> number_in(const Json& json, const char* name) {
  double value = 0;
  if (!json.is_object() || !json.contains(name) || !read_json_number(json[name], value)) return std::nullopt;
  return value;
}

/// What the trainer's description means for the budget: full trials, in tokens, that the tokens pay for. `steps` of the
/// study are where rungs are laid; a trial runs to its own end.
std::string cost_text(const StudySpec& spec, const Json& described) {
  std::string text;
  if (const auto parameters = number_in(described, "parameters"))
    text += row("model", format_count(*parameters) + " parameters");
  if (const auto data = number_in(described, "train_tokens"))
    text += row("data", format_count(*data) + " training tokens");
  const auto tokens = number_in(described, "steps");
  if (tokens) text += row("full trial", format_count(*tokens) + " tokens");
  if (tokens && spec.budget.tokens > 0)
    text += row("pays for", fmt::format("{:.1f} full trials, or more that end early", spec.budget.tokens / *tokens));
  return text;
}

std::string with_choice(const std::string& name, const AutoChoice& choice) {
  return name == "auto" ? fmt::format("auto: {}, for {}", choice.name, choice.why) : name;
}

/// Of a full trial; 0: not known.
std::int64_t steps_of(const StudySpec& spec, const std::optional<Json>& described) {
  if (spec.steps > 0 || !described) return spec.steps;
  return static_cast<std::int64_t>(number_in(*described, "steps").value_or(0));
}

/// A number in three digits.
std::string short_text(const Value& value) {
  return is_number(value) ? format_number(round_to_digits(as_number(value), 3)) : to_text(value);
}

std::string prior_text(const Parameter& parameter) {
  if (!parameter.prior) return "";
  const Prior& prior = *parameter.prior;
  return fmt::format(", prior {} ({} {:.2g}{}{})", short_text(prior.at), parameter.log_scale ? "factor" : "spread",
                     prior.spread, prior.source.empty() ? "" : "; ", prior.source);
}

}  // namespace

std::string search_words(const StudySpec& spec) { return with_choice(spec.search.name, auto_sampler(spec)); }

std::string stop_words(const StudySpec& spec, std::int64_t steps) {
  std::string text;
  for (const PartSpec& rule : spec.stop)
    text += (text.empty() ? "" : ", ") + with_choice(rule.name, auto_scheduler(spec, steps));
  return text;
}

std::string describe_parameter(const Parameter& parameter) {
  std::string text;
  switch (parameter.kind) {
    case ParameterKind::Real:
    case ParameterKind::Integer:
      text = fmt::format("{} to {}{}{}", format_number(parameter.low), format_number(parameter.high),
                         parameter.kind == ParameterKind::Integer ? ", whole" : "",
                         parameter.log_scale ? ", log scale" : "");
      break;
    case ParameterKind::Categorical:
    case ParameterKind::Ordered:
      text = choices_text(parameter.choices);
      break;
    case ParameterKind::Fixed:
      return "always " + choices_text(parameter.choices);
    case ParameterKind::Simplex:
      text = fmt::format("shares of {}", fmt::join(parameter.components, ", "));
      break;
  }
  text += prior_text(parameter);
  for (const Condition& condition : parameter.when)
    text += fmt::format(", if {} is {}", condition.parameter, choices_text(condition.values));
  return text;
}

std::string describe_plan(const StudyFile& file, const std::optional<Json>& described) {
  const StudySpec& spec = file.spec;
  std::string text = fmt::format("{}\n", spec.name) + what_runs(file.trial);
  text += "space\n";
  for (const Parameter& parameter : spec.space.parameters()) text += row(parameter.name, describe_parameter(parameter));
  if (const auto count = spec.space.cardinality(); count > 0)
    text += row("", fmt::format("{} configurations", format_count(static_cast<double>(count))));
  text += "search\n";
  for (const Objective& objective : spec.objectives)
    text += row(objective.minimize ? "minimize" : "maximize", objective.metric);
  for (const Expression& gate : spec.gates) text += row("gate", gate.text());
  text += row("by", search_words(spec));
  text += row("stop", stop_words(spec, steps_of(spec, described)));
  std::string earlier;
  for (const EarlierStudy& each : spec.transfer) earlier += (earlier.empty() ? "" : ", ") + each.study;
  if (!earlier.empty()) text += row("starts from", earlier);
  text += row("workers", std::to_string(spec.workers.count)) + row("budget", budget_text(spec.budget));
  if (described) text += cost_text(spec, *described);
  return text;
}

}  // namespace pegbox
