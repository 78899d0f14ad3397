// pegbox replay: a study's decisions, taken again from what it observed.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "app/check_range.h"
#include "app/commands/table.h"
#include "app/data_flags.h"
#include "app/event_line.h"
#include "app/session.h"
#include "app/study_replay.h"
#include "app/study_retraining.h"
#include "app/text_table.h"

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

std::string verdict_of(const RetrainedMetric& each) {
  if (each.differs_at >= 0) return fmt::format("differs from step {} on", each.differs_at);
  return each.difference == 0 ? "the same bits" : "within the tolerance";
}

std::string retrained_table(const RetrainedStudy& study, const Terminal& terminal) {
  TextTable table({{"trial", Align::Right},
                   {"metric"},
                   {"recorded", Align::Right},
                   {"trained again", Align::Right},
                   {"largest difference", Align::Right},
                   {""}});
  for (const RetrainedMetric& each : study.metrics)
    table.add({fmt::to_string(each.trial), clean_text(each.metric), fmt::format("{:.7g}", each.recorded),
               std::isnan(each.retrained) && !std::isnan(each.recorded) ? "-" : fmt::format("{:.7g}", each.retrained),
               std::isfinite(each.difference) ? fmt::format("{:.2g}", each.difference) : "-", verdict_of(each)});
  std::string text =
      table.empty() ? "" : "\n" + table.render(terminal.is_terminal ? terminal.width : 0, terminal.has_unicode);
  for (const auto& [trial, fault] : study.faults)
    text += fmt::format("trial {} did not come as far as then: {}\n", trial, clean_text(in_one_line(fault)));
  const std::int64_t differences = study.differences();
  return text + fmt::format("tolerance {:g} of the larger value: {}\n{}\n", study.tolerance, study.why,
                            differences == 0
                                ? std::string("no difference")
                                : fmt::format("{} {}", differences, differences == 1 ? "difference" : "differences"));
}

Result<std::vector<std::int64_t>> trial_numbers(const std::string& list) {
  std::vector<std::int64_t> numbers;
  for (const std::string& name : split_names(list)) {
    std::int64_t number = -1;
    const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (fault != std::errc() || end != name.data() + name.size() || number < 0)
      return fail(ErrorKind::InvalidInput,
                  {.where = "--trials", .what = "no number of a trial", .got = name, .expected = "such as 3,7"});
    if (std::ranges::find(numbers, number) == numbers.end()) numbers.push_back(number);
  }
  return numbers;
}

class ReplayCommand final : public Subcommand {
 public:
  CommandText text() const override {
    return {.name = "replay",
            .group = CommandGroup::Studies,
            .summary = "take a study's decisions again, or train its trials again",
            .description =
                "Takes every decision of a study again from what its log says was observed before it: the "
                "configuration of each trial and its reason, which trial ran next and how far, what became of it at "
                "its rungs, and why the budget ended. Nothing is trained without --retrain. With it the trials that "
                "are done are trained once more, with their seeds and leg by leg as then, and the objectives at each "
                "step compared: to the bit on the same class of machine with the same version, else to 0.001 of the "
                "value. Exit code 0: no difference; 3: there are some, and the first decision is shown with both "
                "sides. Equality is promised for the same version of pegbox on the same class of CPU.",
            .example =
                "pegbox replay code-lora\npegbox replay code-lora --json\n"
                "pegbox replay code-lora --retrain --best 3\npegbox replay code-lora --retrain --trials 3,7",
            .uses_store = true,
            .has_result = true};
  }
  std::vector<Option> options() override {
    return {
        study_argument(&study_),
        {.names = "--retrain", .target = &retrains_, .value = "", .help = "train trials again, too, and compare"},
        {.names = "--trials", .target = &trials_, .value = "NUMBERS", .help = "--retrain: these [all that are done]"},
        {.names = "--best", .target = &best_, .value = "K", .help = "--retrain: those with the K best results"},
        {.names = "--metrics",
         .target = &metrics_,
         .value = "NAMES",
         .help = "--retrain: that are compared [the objectives]"},
        {.names = "--tolerance",
         .target = &tolerance_,
         .value = "PART",
         .help = "--retrain: of a value that is no difference [0, elsewhere 0.001]"},
        {.names = "--folder",
         .target = &folder_,
         .value = "DIR",
         .help = "--retrain: where the study file lies, for its paths [here]",
         .completion = Completion::Folder}};
  }
  Result<ExitCode> run(Session& session) override {
    PEGBOX_CHECK(check_flags());
    PEGBOX_TRY(const auto store, session.open_store());
    PEGBOX_TRY(const std::string name, choose_study(*store, study_));
    PEGBOX_TRY(const auto events, store->read(name));
    PEGBOX_TRY(const Replayed found, replay_study(events, &session.interrupted()));
    const auto* created = events.empty() ? nullptr : std::get_if<event::StudyCreated>(&events.front().what);
    const std::string version = created == nullptr ? "" : created->version;
    Json json = replayed_json(name, version, found);
    if (!session.wants_json()) session.console().print(in_words(name, found));
    if (found.differences > 0 && version != PEGBOX_VERSION)
      session.console().warn(fmt::format("the study was made by pegbox {}, this is {}", version, PEGBOX_VERSION));
    std::int64_t differences = found.differences;
    if (retrains_) {
      PEGBOX_TRY(const RetrainedStudy again, retrain(session, name, events));
      differences += again.differences();
      json["retrained"] = to_json(again);
      if (!session.wants_json()) session.console().print(retrained_table(again, session.console().out()));
    }
    if (session.wants_json()) session.print_json(json);
    return differences == 0 ? ExitCode::Done : ExitCode::Failed;
  }

 private:
  Result<void> check_flags() const {
    const bool has_more = !trials_.empty() || best_ != 0 || !metrics_.empty() || tolerance_ >= 0 || !folder_.empty();
    const auto refuse = [](const char* where, const char* what, const char* expected) {
      return fail(ErrorKind::InvalidInput, {.where = where, .what = what, .expected = expected});
    };
    if (has_more && !retrains_)
      return refuse("pegbox replay", "a flag that only --retrain reads", "--retrain beside it");
    if (best_ != 0) PEGBOX_CHECK(check_range("--best", best_, 1));
    if (best_ != 0 && !trials_.empty()) return refuse("--best", "trials are named already", "--best or --trials");
    return {};
  }

  Result<RetrainedStudy> retrain(Session& session, const std::string& name, const std::vector<Event>& events) const {
    RetrainingOptions options{.best = best_, .metrics = split_names(metrics_)};
    PEGBOX_TRY(options.trials, trial_numbers(trials_));
    if (tolerance_ >= 0) options.tolerance = tolerance_;
    std::error_code code;
    options.folder = std::filesystem::absolute(folder_.empty() ? "." : folder_, code).lexically_normal();
    StudyState state;
    for (const Event& event : events) PEGBOX_CHECK(state.apply(event));
    PEGBOX_TRY(const StorePlace place, session.place());
    return retrain_study(events, state, options, place.study_files(name) / "retrained", session.console(),
                         session.interrupted());
  }

  std::string study_, trials_, metrics_, folder_;
  double tolerance_ = -1;  // negative: none is given
  std::int64_t best_ = 0;
  bool retrains_ = false;
};

}  // namespace

std::unique_ptr<Subcommand> make_replay_command() { return std::make_unique<ReplayCommand>(); }

}  // namespace pegbox
