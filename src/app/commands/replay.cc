// pegbox replay: a study's decisions, taken again from what it observed.
#include <fmt/format.h>

#include "app/commands/table.h"
#include "app/session.h"
#include "app/study_replay.h"

namespace pegbox {

namespace {

Json replayed_json(const std::string& study, const std::string& version, const Replayed& found) {
  Json first;
  if (found.first)
    first = {{"event", found.first->event},
             {"decision", found.first->decision},
             {"recorded", found.first->recorded},
             {"decided", found.first->decided}};
  return {{"study", study},
          {"version", version},
          {"decisions",
           {{"configurations", found.configurations},
            {"legs", found.legs},
            {"verdicts", found.verdicts},
            {"ends", found.ends}}},
          {"differences", found.differences},
          {"first", std::move(first)}};
}

std::string in_words(const std::string& study, const Replayed& found) {
  const std::string decisions =
      fmt::format("{}: {} decisions taken again ({} configurations, {} legs, {} verdicts, {} ends)", study,
                  found.decisions(), found.configurations, found.legs, found.verdicts, found.ends);
  if (!found.first) return decisions + ", no difference\n";
  return fmt::format("{}, {} {}\nthe first: event {}, {}\n  recorded  {}\n  decided   {}\n", decisions,
                     found.differences, found.differences == 1 ? "difference" : "differences", found.first->event,
                     found.first->decision, to_line(found.first->recorded), to_line(found.first->decided));
}

class ReplayCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "replay",
            .group = CommandGroup::Studies,
            .summary = "take a study's decisions again and compare",
            .description =
                "Takes every decision of a study again from what its log says was observed before it: the "
                "configuration of each trial and its reason, which trial ran next and how far, what became of it at "
                "its rungs, and why the budget ended. Nothing is trained. Exit code 0: no difference; 3: there are "
                "some, and the first is shown with both sides. Equality is promised for the same version of pegbox on "
                "the same class of CPU.",
            .example = "pegbox replay code-lora\npegbox replay code-lora --json",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override { return {study_argument(&study_)}; }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    PEGBOX_TRY(const auto events, store->read(name));
    PEGBOX_TRY(const Replayed found, replay_study(events, &session.interrupted()));
    const auto* created = events.empty() ? nullptr : std::get_if<event::StudyCreated>(&events.front().what);
    const std::string version = created == nullptr ? "" : created->version;
    if (session.wants_json())
      session.print_json(replayed_json(name, version, found));
    else
      session.console().print(in_words(name, found));
    if (found.differences > 0 && version != PEGBOX_VERSION)
      session.console().warn(fmt::format("the study was made by pegbox {}, this is {}", version, PEGBOX_VERSION));
    return found.differences == 0 ? ExitCode::Done : ExitCode::Failed;
  }

 private:
  std::string study_;
};

}  // namespace

std::unique_ptr<Subcommand> make_replay_command() { return std::make_unique<ReplayCommand>(); }

}  // namespace pegbox
