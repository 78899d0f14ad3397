// History: the fold of a study's events.
#include "search/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>

namespace pegbox {
namespace {

tl::unexpected<Error> refuse(std::string what, std::string got = {}) {
  return fail(ErrorKind::Corrupt, {.what = std::move(what), .got = std::move(got)});
}

bool may_move(TrialState from, TrialState to) {
  switch (from) {
    case TrialState::Waiting:
      return to == TrialState::Paused || to == TrialState::Stopped || to == TrialState::Failed ||
             to == TrialState::Infeasible;
    case TrialState::Running:
      return to != TrialState::Running;
    case TrialState::Paused:
      return to == TrialState::Waiting || to == TrialState::Stopped || to == TrialState::Failed;
    default:
      return false;
  }
}

Result<StudySpec> read_spec(const Json& spec) {
  Document document;
  document.json = spec;
  document.name = "spec";
  auto read = StudySpec::read(document);
  if (!read) return refuse("a study file that cannot be read: " + read.error().message);
  return read;
}

Result<CheckpointRef> read_checkpoint(const Json& value, std::int64_t trial) {
  if (!value.is_object() || !value.contains("step") || !value["step"].is_number_integer() || !value.contains("name") ||
      !value["name"].is_string())
    return refuse("a checkpoint without its step or name", to_line(value).substr(0, 80));
  return CheckpointRef{trial, value["step"].get<std::int64_t>(), value["name"].get<std::string>()};
}

const Json& object_member(const Json& json, const char* key) {
  static const Json kNone = Json::object();
  return json.is_object() && json.contains(key) && json[key].is_object() ? json[key] : kNone;
}

Result<void> describe(const Json& described, Constraints& constraints) {
  std::map<std::string, std::string> limits;
  for (const auto& [name, limit] : object_member(described, "limits").items()) {
    if (!limit.is_string()) return refuse("a described limit is not a text", name);
    limits[name] = limit.get<std::string>();
  }
  return constraints.describe(object_member(described, "values"), limits);
}

std::int64_t described_steps(const Json& described) {
  const Json& values = object_member(described, "values");
  const auto steps = values.find("steps");
  if (steps == values.end() || !steps->is_number()) return 0;
  const double number = steps->get<double>();
  return number >= 1 && number < 1e15 ? static_cast<std::int64_t>(number) : 0;
}

/// A trial's count of tokens at a step, between its reports.
double tokens_at(const Trial& trial, std::int64_t step) {
  double before_step = 0, before = 0;
  for (const Report& report : trial.reports) {
    const auto found = report.metrics.find("tokens");
    if (found == report.metrics.end() || !std::isfinite(found->second)) continue;
    const auto at = static_cast<double>(report.step);
    if (report.step > step) {
      const double part = (static_cast<double>(step) - before_step) / (at - before_step);
      return before + part * (found->second - before);
    }
    before_step = at;
    before = found->second;
  }
  return before;
}

void take_back_reports(Trial& trial, std::int64_t from) {
  if (trial.checkpoint && trial.checkpoint->step > from) trial.checkpoint.reset();
  if (trial.reports.empty() || trial.reports.back().step <= from) return;
  while (!trial.reports.empty() && trial.reports.back().step > from) trial.reports.pop_back();
  trial.metrics.clear();
  for (const Report& report : trial.reports)
    for (const auto& [name, value] : report.metrics) trial.metrics[name] = value;
  const std::int64_t beginning = trial.clone_of ? trial.clone_of->step : 0;
  trial.step = trial.reports.empty() ? beginning : trial.reports.back().step;
}

}  // namespace

bool History::all_created() const {
  if (spec.budget.trials == 0) return false;
  const auto counted = trials.size() - in_state(TrialState::Infeasible).size();
  return static_cast<std::int64_t>(counted) >= spec.budget.trials;
}

Result<void> StudyState::apply(const Event& event) {
  const auto result = [&]() -> Result<void> {
    if (event.index != event_count_)
      return refuse(fmt::format("its index is {}, but {} events came before it", event.index, event_count_));
    if (!(event.study_time_s >= 0) || !std::isfinite(event.study_time_s)) return refuse("its time is not a number");
    if ((event_count_ == 0) != std::holds_alternative<event::StudyCreated>(event.what))
      return refuse(event_count_ == 0 ? "the first event does not create the study" : "the study is created twice");
    return std::visit([&](const auto& what) { return fold(event, what); }, event.what);
  }();
  if (!result)
    return fail(result.error().kind,
                {.where = fmt::format("{} event {} ({})", spec_.name.empty() ? "study" : "study " + spec_.name,
                                      event.index, kind_of(event.what)),
                 .what = result.error().message});
  ++event_count_;
  now_s_ = std::max(now_s_, event.study_time_s);
  return {};
}

void StudyState::set_state(Trial& trial, TrialState to) {
  numbers_by_state_[static_cast<std::size_t>(trial.state)].erase(trial.number);
  numbers_by_state_[static_cast<std::size_t>(to)].insert(trial.number);
  trial.state = to;
}

Result<Trial*> StudyState::find_trial(std::int64_t number) {
  if (number < 0 || number >= static_cast<std::int64_t>(trials_.size()))
    return refuse("no such trial", std::to_string(number));
  return &trials_[static_cast<std::size_t>(number)];
}

Result<void> StudyState::fold(const Event&, const event::StudyCreated& what) {
  PEGBOX_TRY(spec_, read_spec(what.spec));
  constraints_ = Constraints(spec_.constraints, spec_.space, spec_.gates);
  version_ = what.version;
  planned_trials_ = spec_.budget.trials;
  return {};
}

Result<void> StudyState::fold(const Event&, const event::StudyChanged& what) {
  PEGBOX_TRY(StudySpec spec, read_spec(what.spec));
  Constraints constraints(spec.constraints, spec.space, spec.gates);
  const auto described = notes_.find("described");
  const bool same_job = spec.trial == spec_.trial && spec.steps == spec_.steps;
  if (described != notes_.end() && !(same_job && describe(described->second, constraints))) {
    notes_.erase(described);  // the tuner asks again
    described_steps_ = 0;
  }
  if (spec.source.value("transfer", Json()) != spec_.source.value("transfer", Json())) sources_.clear();
  spec_ = std::move(spec);
  constraints_ = std::move(constraints);
  return {};
}

Result<void> StudyState::fold(const Event& event, const event::TrialCreated& what) {
  if (what.trial != static_cast<std::int64_t>(trials_.size()))
    return refuse("a trial out of order", fmt::format("{} after {} trials", what.trial, trials_.size()));
  double tokens = 0;
  if (what.clone_of) {
    PEGBOX_TRY(const Trial* parent, find_trial(what.clone_of->trial));
    if (what.clone_of->step < 0) return refuse("a clone of a negative step", std::to_string(what.clone_of->step));
    tokens = tokens_at(*parent, what.clone_of->step);
  }
  Trial trial;
  trial.number = what.trial;
  trial.config = what.config;
  trial.reason = what.reason;
  trial.seed = what.seed;
  trial.checkpoint = trial.clone_of = what.clone_of;
  if (what.clone_of) trial.step = trial.from = what.clone_of->step;
  trial.created_s = event.study_time_s;
  trials_.push_back(std::move(trial));
  set_state(trials_.back(), TrialState::Waiting);
  tokens_counted_.push_back(tokens);
  return {};
}

Result<void> StudyState::fold(const Event& event, const event::TrialStarted& what) {
  PEGBOX_TRY(Trial * trial, find_trial(what.trial));
  if (is_final(trial->state))
    return refuse(fmt::format("trial {} starts after its end", what.trial), std::string(name_of(trial->state)));
  if (what.from < 0 || what.until < 0 || (what.until > 0 && what.until <= what.from))
    return refuse(fmt::format("trial {} starts a leg from {} until {}", what.trial, what.from, what.until));
  if (trial->step > what.from) tokens_counted_[static_cast<std::size_t>(what.trial)] = tokens_at(*trial, what.from);
  take_back_reports(*trial, what.from);
  set_state(*trial, TrialState::Running);
  trial->from = what.from;
  trial->until = what.until;
  trial->started_s = event.study_time_s;
  if (!what.worker.empty()) trial->worker = what.worker;
  trial->failure.reset();
  trial->detail.clear();
  return {};
}

Result<void> StudyState::fold(const Event& event, const event::TrialReported& what) {
  PEGBOX_TRY(Trial * trial, find_trial(what.trial));
  if (trial->state != TrialState::Running)
    return refuse(fmt::format("trial {} reports, but does not run", what.trial), std::string(name_of(trial->state)));
  if (what.step < 0 || (!trial->reports.empty() && what.step <= trial->reports.back().step))
    return refuse(fmt::format("trial {} reports step {} after step {}", what.trial, what.step, trial->step));
  if (const auto tokens = what.metrics.find("tokens"); tokens != what.metrics.end() && std::isfinite(tokens->second)) {
    double& counted = tokens_counted_[static_cast<std::size_t>(what.trial)];
    const bool counts_from_zero = trial->reports.empty() && tokens->second < counted;
    tokens_spent_ += counts_from_zero ? tokens->second : std::max(0.0, tokens->second - counted);
    counted = counts_from_zero ? tokens->second : std::max(counted, tokens->second);
  }
  if (event.author != kTunerAuthor) trial->worker = event.author;
  trial->step = what.step;
  for (const auto& [name, value] : what.metrics) trial->metrics[name] = value;
  trial->reports.push_back({what.step, what.metrics});
  return {};
}

Result<void> StudyState::fold(const Event& event, const event::TrialMoved& what) {
  PEGBOX_TRY(Trial * trial, find_trial(what.trial));
  if (!may_move(trial->state, what.to))
    return refuse(
        fmt::format("trial {} cannot move from {} to {}", what.trial, name_of(trial->state), name_of(what.to)));
  if (what.step < 0) return refuse(fmt::format("trial {} moves at step {}", what.trial, what.step));
  if (trial->state == TrialState::Running && what.failure == FailureKind::WorkerLost) ++trial->lost_workers;
  if (trial->state == TrialState::Running && event.author != kTunerAuthor) trial->worker = event.author;
  set_state(*trial, what.to);
  if (what.checkpoint) trial->checkpoint = what.checkpoint;
  trial->failure = what.failure;
  if (!what.failure && what.to == TrialState::Failed) trial->failure = FailureKind::Error;
  if (!what.failure && what.to == TrialState::Infeasible) trial->failure = FailureKind::Infeasible;
  trial->detail = what.detail;
  if (is_final(what.to)) trial->ended_s = event.study_time_s;
  return {};
}

Result<void> StudyState::fold(const Event&, const event::Note& what) {
  if (!what.trial) {
    if (what.key == "described") {
      PEGBOX_CHECK(describe(what.value, constraints_));
      described_steps_ = described_steps(what.value);
    }
    notes_[what.key] = what.value;
    return {};
  }
  PEGBOX_TRY(Trial * trial, find_trial(*what.trial));
  if (what.key == "checkpoint") {
    if (trial->state != TrialState::Running)
      return refuse(fmt::format("trial {} makes a checkpoint, but does not run", *what.trial),
                    std::string(name_of(trial->state)));
    PEGBOX_TRY(trial->checkpoint, read_checkpoint(what.value, *what.trial));
    return {};
  }
  if (what.key == "config") {
    if (is_final(trial->state))
      return refuse(fmt::format("trial {} chooses values after its end", *what.trial),
                    std::string(name_of(trial->state)));
    PEGBOX_TRY(const Config chosen, Config::from_json(what.value));
    for (const auto& [name, value] : chosen) trial->config.set(name, value);
    return {};
  }
  trial->notes[what.key] = what.value;
  return {};
}

Result<void> StudyState::fold(const Event&, const event::SourceAdded& what) {
  if (what.study.empty()) return refuse("an earlier study without a name");
  sources_.push_back(what);
  return {};
}

History StudyState::history() const {
  return {spec_,           constraints_,
          trials_,         event_count_,
          now_s_,          spec_.steps > 0 ? spec_.steps : described_steps_,
          tokens_spent_,   numbers_by_state_,
          planned_trials_, sources_};
}

}  // namespace pegbox
