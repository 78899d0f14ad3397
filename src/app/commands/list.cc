// pegbox list: the studies in the store.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/event_line.h"
#include "app/session.h"
#include "app/study_json.h"
#include "app/text_table.h"
#include "base/units.h"
#include "search/comparable_trials.h"

namespace pegbox {

namespace {

class List final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "list",
            .group = CommandGroup::Studies,
            .summary = "list the studies",
            .description = "Lists the studies in the store, with their states and best results.",
            .example = "pegbox list\npegbox list --json --store results/pegbox.db",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {{.names = "--names", .target = &names_, .value = "", .help = "print names only, one on each line"}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_TRY(const auto entries, list_studies(*store));
    if (names_) {
      for (const StudyEntry& entry : entries) session.console().print(entry.name + "\n");
      return ExitCode::Done;
    }
    return session.wants_json() ? print_json(session, *store, entries) : print_table(session, *store, entries);
  }

 private:
  static Result<ExitCode> print_json(Session& session, Store& store, const std::vector<StudyEntry>& entries) {
    Json list = Json::array();
    for (const StudyEntry& entry : entries) {
      PEGBOX_TRY(const bool is_held, store.is_leased(entry.name));
      const auto study = Study::open(store, entry.name);
      list.push_back(study ? study_summary((*study)->state(), is_held) : damaged_study(entry.name, study.error()));
    }
    session.print_json(list);
    return ExitCode::Done;
  }

  static Result<ExitCode> print_table(Session& session, Store& store, const std::vector<StudyEntry>& entries) {
    if (entries.empty()) {
      session.console().say("There are no studies yet; begin with `pegbox init`.");
      return ExitCode::Done;
    }
    TextTable table({{"study"}, {"state"}, {"ended", Align::Right}, {"time", Align::Right}, {"best"}});
    for (const StudyEntry& entry : entries) {
      PEGBOX_TRY(const bool is_held, store.is_leased(entry.name));
      const auto study = Study::open(store, entry.name);
      if (!study) {
        table.add({entry.name, "damaged", "", "", study.error().message});
        continue;
      }
      const History history = (*study)->history();
      std::string best;
      if (const auto number = best_trial(history)) {
        const std::string& metric = history.spec.objective().metric;
        const auto value = (*study)->state().trial(*number).metric(metric);
        best = fmt::format("{} {} (trial {})", metric, value ? show_metric(*value) : "-", *number);
      }
      if (const auto refused = refused_trials(history).size(); refused > 0)
        best += fmt::format("{}{} refused", best.empty() ? "" : ", ", refused);
      table.add({entry.name, study_state_name((*study)->state(), is_held), std::to_string(ended_trials(history)),
                 format_duration(history.now_s), best});
    }
    const Terminal& out = session.console().out();
    session.console().print(table.render(out.is_terminal ? out.width : 0, out.has_unicode));
    return ExitCode::Done;
  }

  bool names_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_list_command() { return std::make_unique<List>(); }

}  // namespace pegbox
