// pegbox ablate: which of the changes from the default to the best gave what.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "app/check_range.h"
#include "app/commands/table.h"
#include "app/event_line.h"
#include "app/session.h"
#include "app/stored_file.h"
#include "app/study_ablation.h"
#include "app/text_table.h"
#include "base/units.h"

namespace pegbox {

namespace {

/// "learning_rate 0.0003 to 0.00077": the parameters that changed, with both values.
std::string change_text(const AblationStep& step, const Config& before, const Space& space) {
  std::vector<std::string> parts;
  for (const std::string& name : step.changed) {
    const Parameter* const parameter = space.find(name);
    for (const std::string& field : parameter != nullptr ? parameter->config_names() : std::vector<std::string>{name}) {
      const Value *was = before.find(field), *is = step.config.find(field);
      const auto shown = [](const Value* value) {
        if (value == nullptr) return std::string("none");
        return is_number(*value) ? fmt::format("{:.4g}", as_number(*value)) : to_text(*value);
      };
      parts.push_back(fmt::format("{} {} to {}", field, shown(was), shown(is)));
    }
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string loss_text(double loss, double sign) { return std::isfinite(loss) ? show_metric(sign * loss) : "failed"; }

Json ablation_json(const std::string& study, const AblationRunning& found, const Objective& objective,
                   const std::string& state) {
  Json steps = Json::array();
  for (const AblationStep& step : found.steps)
    steps.push_back({{"changed", step.changed},
                     {"config", step.config.to_json()},
                     {"value", json_number(objective.sign() * step.loss)},
                     {"gain", json_number(step.gain)},
                     {"interval", step.interval ? Json{{"low", json_number(step.interval->low)},
                                                       {"high", json_number(step.interval->high)}}
                                                : Json()}});
  return {{"study", study},
          {"ablation", ablation_name(study)},
          {"state", state},
          {"metric", objective.metric},
          {"repeats", found.plan.repeats},
          {"steps", std::move(steps)}};
}

class AblateCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "ablate",
            .group = CommandGroup::Studies,
            .summary = "which change from the default to the best gave what",
            .description =
                "Goes from the default configuration to the best one, one hyperparameter at a time: each that is left "
                "is tried by itself, the best of them stays, and so on (ablation analysis, Fawcett and Hoos 2016). "
                "Every configuration is run several times with seeds of its own; those of the path then once more, so "
                "that what is said of a change is not the luck that it was chosen by. The runs are trials of a study "
                "of their own, NAME-ablation; the same command goes on with it, and says at last what each change "
                "gave, with a 95 % interval. --dry-run says what it would cost. The default is the first configuration "
                "that was tried by wish, else what priors think most likely, else the middle of the space.",
            .example =
                "pegbox ablate code-lora --dry-run\npegbox ablate code-lora --repeats 5\n"
                "pegbox ablate code-lora --from 0 --to 21 --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {study_argument(&study_),
            {.names = "--from", .target = &from_, .value = "TRIAL", .help = "where it begins [the default]"},
            {.names = "--to", .target = &to_, .value = "TRIAL", .help = "where it ends [the best]"},
            {.names = "--repeats", .target = &repeats_, .value = "N", .help = "runs of each configuration [3]"},
            {.names = "--folder",
             .target = &folder_,
             .value = "DIR",
             .help = "where the study file lies, for its paths [here]",
             .completion = Completion::Folder},
            {.names = "--dry-run", .target = &dry_run_, .value = "", .help = "say what it would cost, and stop"}};
  }
  Result<ExitCode> run(Session& session) override {
    if (repeats_ != 0) PEGBOX_CHECK(check_range("--repeats", repeats_, 1, 1000));
    PEGBOX_TRY(const OpenStudy open, session.open_study(study_));
    const StudyState& state = open.study->state();
    const Objective& objective = state.spec().objective();
    PEGBOX_TRY(const auto stored, stored_ablation(*open.store, open.name));
    PEGBOX_TRY(const AblationPlan plan, plan_of(state.history(), stored));
    PEGBOX_TRY(const Ablation ablation, Ablation::create(state.spec().space, plan));
    if (dry_run_) return say_cost(session, ablation, state.history(), plan);
    std::error_code code;
    const Path folder = std::filesystem::absolute(folder_.empty() ? "." : folder_, code).lexically_normal();
    PEGBOX_TRY(const StudyFile file, stored_file(state, folder));
    PEGBOX_TRY(const auto store, session.open_store(OpenMode::ReadWrite));
    PEGBOX_TRY(const StorePlace place, session.place());
    PEGBOX_TRY(const AblationRunning done, ablate_study(*store, file, plan, is_named() && stored.has_value(), place,
                                                        session.console(), session.interrupted()));
    if (session.wants_json())
      session.print_json(ablation_json(open.name, done, objective, std::string(name_of(done.outcome))));
    if (done.outcome != Outcome::Finished) {
      session.console().say(fmt::format("{} ({}). The same command goes on.",
                                        done.outcome == Outcome::Paused ? "Paused" : "Stopped", done.reason));
      return ExitCode::Interrupted;
    }
    if (!session.wants_json()) show(session, open.name, done, state.spec());
    return ExitCode::Done;
  }

 private:
  bool is_named() const { return from_ != kNoTrial || to_ != kNoTrial || repeats_ != 0; }

  /// What is asked for; of an ablation that was begun what is not said is as then.
  Result<AblationPlan> plan_of(const History& history, const std::optional<AblationRunning>& stored) const {
    if (stored && !is_named()) return stored->plan;
    AblationOptions options;
    if (from_ != kNoTrial) options.from = from_;
    if (to_ != kNoTrial) options.to = to_;
    if (repeats_ != 0) options.repeats = repeats_;
    return ablation_plan(history, options);
  }

  static Result<ExitCode> say_cost(Session& session, const Ablation& ablation, const History& history,
                                   const AblationPlan& plan) {
    const AblationCost cost = cost_of(ablation, history);
    const auto trials = static_cast<double>(cost.trials);
    const double seconds = trials * cost.trial_s / static_cast<double>(cost.workers);
    if (session.wants_json()) {
      session.print_json({{"from", plan.from.to_json()},
                          {"to", plan.to.to_json()},
                          {"repeats", plan.repeats},
                          {"changes", ablation.changes()},
                          {"trials", cost.trials},
                          {"seconds", cost.trial_s > 0 ? Json(seconds) : Json()},
                          {"tokens", cost.tokens > 0 ? Json(trials * cost.tokens) : Json()}});
      return ExitCode::Done;
    }
    std::string text = fmt::format(
        "from     {}\nto       {}\nchanges  {}\ntrials   at most {}, {} of each configuration\n",
        show_config(plan.from), show_config(plan.to), fmt::join(ablation.changes(), ", "), cost.trials, plan.repeats);
    if (cost.trial_s > 0)
      text +=
          fmt::format("time     about {} at {} a trial{}\n", format_duration(seconds), format_duration(cost.trial_s),
                      cost.workers > 1 ? fmt::format(" on {} workers", cost.workers) : "");
    if (cost.tokens > 0) text += fmt::format("tokens   about {}\n", format_count(trials * cost.tokens));
    session.console().print(text);
    return ExitCode::Done;
  }

  static void show(Session& session, const std::string& study, const AblationRunning& done, const StudySpec& spec) {
    const Objective& objective = spec.objective();
    TextTable table(
        {{"change"}, {objective.metric, Align::Right}, {"gain", Align::Right}, {"95 %"}, {"of all", Align::Right}});
    const double whole = done.steps.front().loss - done.steps.back().loss;
    for (std::size_t i = 0; i < done.steps.size(); ++i) {
      const AblationStep& step = done.steps[i];
      const bool has_gain = i > 0 && std::isfinite(step.gain);
      table.add({i == 0 ? "(where it begins)" : change_text(step, done.steps[i - 1].config, spec.space),
                 loss_text(step.loss, objective.sign()), has_gain ? fmt::format("{:.3g}", step.gain) : "",
                 step.interval ? fmt::format("{:.3g} to {:.3g}", step.interval->low, step.interval->high) : "",
                 has_gain && whole > 0 ? fmt::format("{:.0f} %", 100 * step.gain / whole) : ""});
    }
    const Terminal& out = session.console().out();
    session.console().print(
        fmt::format("{}: from {}\n\n", ablation_name(study), show_config(done.steps.front().config)) +
        table.render(out.is_terminal ? out.width : 0, out.has_unicode) + "\n" + in_words(done));
  }

  /// What stands out: changes that gave something, and those of which that cannot be said.
  static std::string in_words(const AblationRunning& done) {
    std::vector<std::string> sure, unsure, worse;
    for (const AblationStep& step : done.steps) {
      if (step.changed.empty() || !step.interval) continue;
      (step.interval->low > 0 ? sure : step.interval->high < 0 ? worse : unsure).push_back(step.changed.front());
    }
    std::string text;
    if (!sure.empty()) text += fmt::format("{} made it better.\n", fmt::join(sure, ", "));
    if (!worse.empty()) text += fmt::format("{} made it worse.\n", fmt::join(worse, ", "));
    if (!unsure.empty())
      text +=
          fmt::format("{}: {} runs each do not tell a gain from luck.\n", fmt::join(unsure, ", "), done.plan.repeats);
    return text;
  }

  std::string study_, folder_;
  std::int64_t from_ = kNoTrial, to_ = kNoTrial, repeats_ = 0;
  bool dry_run_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_ablate_command() { return std::make_unique<AblateCommand>(); }

}  // namespace pegbox
